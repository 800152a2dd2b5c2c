"""Idempotency keys in SQLite or PostgreSQL."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import delete, or_, select, update

from service.store.ports.idempotency import StoredResponse
from service.store.sql.connections.database import Database
from service.store.sql.tables import idempotency_keys as keys


class SqlIdempotency:
    """An `IdempotencyStore` in a database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._claim = database.insert(keys).on_conflict_do_nothing().returning(keys.c.key)

    def claim(
        self, key: str, digest: str, at: datetime, expired_before: datetime, abandoned_before: datetime
    ) -> StoredResponse | None:
        """See `IdempotencyStore`."""
        abandoned = keys.c.status.is_(None) & (keys.c.created_at < abandoned_before)
        with self._database.writing() as connection:
            connection.execute(delete(keys).where(or_(keys.c.created_at < expired_before, abandoned)))
            values = {"key": key, "digest": digest, "created_at": at}
            if connection.execute(self._claim, values).one_or_none():
                return None
            stored = select(keys.c.digest, keys.c.status, keys.c.headers, keys.c.body).where(keys.c.key == key)
            record = connection.execute(stored).one_or_none()
            # Without a record the key was released between the two statements: the next claim succeeds.
            return StoredResponse(*record) if record else StoredResponse(digest)

    def complete(self, key: str, status: int, headers: Mapping[str, str], body: str) -> None:
        """See `IdempotencyStore`."""
        claimed = update(keys).where(keys.c.key == key)
        with self._database.writing() as connection:
            connection.execute(claimed.values(status=status, headers=dict(headers), body=body))

    def release(self, key: str) -> None:
        """See `IdempotencyStore`."""
        with self._database.writing() as connection:
            connection.execute(delete(keys).where(keys.c.key == key))
