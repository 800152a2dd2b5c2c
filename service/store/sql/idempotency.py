"""Idempotency keys in SQLite or PostgreSQL."""

from collections.abc import Mapping

from sqlalchemy import ColumnElement, Connection, and_, delete, or_, select, update

from service.store.ports.idempotency import Claim, ClaimLost, StoredResponse
from service.store.sql.clock import Clock, database_clock
from service.store.sql.connections.database import Database
from service.store.sql.tables import idempotency_keys as keys


class SqlIdempotency:
    """An `IdempotencyStore` in a database."""

    def __init__(self, database: Database, clock: Clock = database_clock) -> None:
        self._database, self._clock = database, clock
        self._claim = database.insert(keys).on_conflict_do_nothing().returning(keys.c.created_at)

    def claim(self, key: str, digest: str, lifetime: float, abandoned_after: float) -> Claim | StoredResponse:
        """See `IdempotencyStore`."""
        expired_before, abandoned_before = self._clock(-lifetime), self._clock(-abandoned_after)
        no_outcome = keys.c.status.is_(None) & keys.c.job_id.is_(None)
        abandoned = no_outcome & (keys.c.created_at < abandoned_before)
        with self._database.writing() as connection:
            connection.execute(delete(keys).where(or_(keys.c.created_at < expired_before, abandoned)))
            claimed = self._claim.values(key=key, digest=digest, created_at=self._clock(0))
            if (at := connection.scalar(claimed)) is not None:
                return Claim(key, at)
            columns = (keys.c.digest, keys.c.status, keys.c.headers, keys.c.body, keys.c.job_id)
            record = connection.execute(select(*columns).where(keys.c.key == key)).one_or_none()
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
