"""Idempotency keys in SQLite or PostgreSQL."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, delete, or_, select, update

from service.store.ports.idempotency import Claim, ClaimLost, StoredResponse
from service.store.sql.connections.database import Database
from service.store.sql.tables import idempotency_keys as keys


class SqlIdempotency:
    """An `IdempotencyStore` in a database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._claim = database.insert(keys).on_conflict_do_nothing().returning(keys.c.key)

    def claim(
        self, claim: Claim, digest: str, expired_before: datetime, abandoned_before: datetime
    ) -> StoredResponse | None:
        """See `IdempotencyStore`."""
        no_outcome = keys.c.status.is_(None) & keys.c.job_id.is_(None)
        abandoned = no_outcome & (keys.c.created_at < abandoned_before)
        with self._database.writing() as connection:
            connection.execute(delete(keys).where(or_(keys.c.created_at < expired_before, abandoned)))
            values = {"key": claim.key, "digest": digest, "created_at": claim.at}
            if connection.execute(self._claim, values).one_or_none():
                return None
            columns = (keys.c.digest, keys.c.status, keys.c.headers, keys.c.body, keys.c.job_id)
            record = connection.execute(select(*columns).where(keys.c.key == claim.key)).one_or_none()
            # Without a record the key was released between the two statements: the next claim succeeds.
            return StoredResponse(*record) if record else StoredResponse(digest)

    def complete(self, claim: Claim, status: int, headers: Mapping[str, str], body: str) -> None:
        """See `IdempotencyStore`."""
        claimed = update(keys).where(_is_of(claim))
        with self._database.writing() as connection:
            connection.execute(claimed.values(status=status, headers=dict(headers), body=body))

    def release(self, claim: Claim) -> None:
        """See `IdempotencyStore`."""
        with self._database.writing() as connection:
            connection.execute(delete(keys).where(_is_of(claim), keys.c.job_id.is_(None)))


def record_job(connection: Connection, claim: Claim, job_id: str) -> None:
    """Store the job that a request has started, within the transaction that starts it. Raises `ClaimLost`."""
    if connection.execute(update(keys).where(_is_of(claim)).values(job_id=job_id)).rowcount != 1:
        raise ClaimLost


def _is_of(claim: Claim) -> ColumnElement[bool]:
    return and_(keys.c.key == claim.key, keys.c.created_at == claim.at)
