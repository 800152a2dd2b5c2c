"""Erasure of users in SQLite or PostgreSQL."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from service.store.ports.personas import ChangeCause
from service.store.ports.texts import is_id, require_storable
from service.store.sql.clock import Clock, database_clock
from service.store.sql.connections.database import Database
from service.store.sql.people.feed_rows import remove_from_feed
from service.store.sql.people.movements import (
    NO_PERSONA,
    PersonaState,
    UserChange,
    lock_feed,
    record_changes,
)
from service.store.sql.people.tombstones import Tombstones
from service.store.sql.tables import persona_changes, recipients, tombstones, users

_TABLES = (users, recipients, persona_changes)


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
        with self._database.writing() as connection:
            before, was_stored = _remove(connection, user_id)
            stone = {"hash": self._tombstones.hash_of(connection, user_id), "erased_at": at}
            connection.execute(self._put, stone)
            lock_feed(connection)
            # Once more: a write that began before, and has ended meanwhile, saw no tombstone.
            again, was_stored_again = _remove(connection, user_id)
            if not (was_stored or was_stored_again):
                return False
            states = [state for state in (before, again) if state.persona_id is not None]
            changes = [UserChange(user_id, at, ChangeCause.ERASED, state, NO_PERSONA) for state in states]
            record_changes(connection, changes)
            _leave_notice(connection, user_id, at, notice)
            return True

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

    def untouched(self, seconds: float, limit: int) -> list[str]:
        """See `RightsStore`."""
        age = users.c.profile_updated_at
        # An objection stands however old it is.
        statement = select(users.c.user_id).where(age < self._clock(-seconds), users.c.opted_out.is_(False))
        with self._database.reading() as connection:
            return list(connection.scalars(statement.order_by(age).limit(limit)))

    def remove_notices(self, seconds: float, limit: int) -> int:
        """See `RightsStore`."""
        is_notice = persona_changes.c.cause == ChangeCause.ERASED
        old = select(persona_changes.c.id).where(is_notice, persona_changes.c.changed_at < self._clock(-seconds))
        with self._database.writing() as connection:
            ids = connection.scalars(old.order_by(persona_changes.c.changed_at).limit(limit))
            return remove_from_feed(connection, list(ids))


def _remove(connection: Connection, user_id: str) -> tuple[PersonaState, bool]:
    """Remove what is stored of a user; their persona, and whether anything was stored."""
    of_user = select(users.c.persona_id, users.c.model_version).where(users.c.user_id == user_id)
    record = connection.execute(of_user.with_for_update()).one_or_none()
    removed = [connection.execute(delete(table).where(table.c.user_id == user_id)).rowcount for table in _TABLES]
    return NO_PERSONA if record is None else PersonaState(*record), any(removed)


def _leave_notice(connection: Connection, user_id: str, at: datetime, notice: bool) -> None:
    """One entry of the erasure, whatever persona the user had; or none."""
    connection.execute(delete(persona_changes).where(persona_changes.c.user_id == user_id))
    if notice:
        values = {
            "user_id": user_id,
            "changed_at": at,
            "cause": ChangeCause.ERASED,
            "from_model_version": "",
            "to_model_version": "",
        }
        connection.execute(insert(persona_changes), values)
