"""Erasure of users in SQLite or PostgreSQL."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete

from service.store.ports.errors import StoreUnavailable
from service.store.ports.texts import is_id, require_storable
from service.store.sql.clock import Clock, database_clock
from service.store.sql.connections.database import Database
from service.store.sql.people.erasures import WrittenMeanwhile, erase_user, old_notices, remove_untouched
from service.store.sql.people.feed_rows import remove_from_feed
from service.store.sql.people.tombstones import Tombstones
from service.store.sql.tables import tombstones

# Of an erasure, while others create the same user.
_ATTEMPTS = 5


class SqlRights:
    """A `RightsStore` in a database."""

    def __init__(self, database: Database, stones: Tombstones, clock: Clock = database_clock) -> None:
        self._database, self._tombstones, self._clock = database, stones, clock
        statement = database.insert(tombstones)
        replaced = {"erased_at": statement.excluded.erased_at}
        self._put = statement.on_conflict_do_update(index_elements=[tombstones.c.hash], set_=replaced)

    def erase(self, user_id: str, at: datetime, notice: bool = True) -> bool:
        """See `RightsStore`."""
        require_storable(user_id, "")
        for _ in range(_ATTEMPTS):
            try:
                return self._erase(user_id, at, notice)
            except WrittenMeanwhile:
                continue
        raise StoreUnavailable("This user is being created all the time; the same request may work later.")

    def erased(self, user_ids: Sequence[str]) -> set[str]:
        """See `RightsStore`."""
        with self._database.reading() as connection:
            return self._tombstones.among(connection, [user_id for user_id in user_ids if is_id(user_id)])

    def remove_tombstone(self, user_id: str) -> bool:
        """See `RightsStore`."""
        if not is_id(user_id):
            return False
        with self._database.writing() as connection:
            stone = self._tombstones.hash_of(connection, user_id)
            return bool(connection.execute(delete(tombstones).where(tombstones.c.hash == stone)).rowcount)

    def subject(self, user_id: str) -> str:
        """See `RightsStore`."""
        with self._database.reading() as connection:
            return self._tombstones.hash_of(connection, user_id)

    def remove_untouched(self, seconds: float, limit: int, at: datetime, notice: bool = True) -> int:
        """See `RightsStore`."""
        with self._database.writing() as connection:
            return remove_untouched(connection, self._clock(-seconds), limit, at, notice)

    def remove_notices(self, seconds: float, limit: int) -> int:
        """See `RightsStore`."""
        with self._database.writing() as connection:
            ids = connection.scalars(old_notices(self._clock(-seconds), limit))
            return remove_from_feed(connection, list(ids))

    def _erase(self, user_id: str, at: datetime, notice: bool) -> bool:
        with self._database.writing() as connection:
            stone = {"hash": self._tombstones.hash_of(connection, user_id), "erased_at": at}
            connection.execute(self._put, stone)
            return erase_user(connection, user_id, at, notice)
