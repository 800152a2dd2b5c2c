"""Persona changes and overrides in SQLite or PostgreSQL."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, fields

from sqlalchemy import Connection, select, text

from service.store.ports.personas import PersonaChange, PersonaOverride
from service.store.ports.texts import is_id
from service.store.sql.clock import Clock, database_clock, old_records
from service.store.sql.connections.database import Database
from service.store.sql.people.feed_rows import remove_from_feed
from service.store.sql.tables import persona_changes, persona_overrides

_CHANGE_COLUMNS = tuple(persona_changes.c[field.name] for field in fields(PersonaChange))
_OVERRIDE_COLUMNS = tuple(persona_overrides.c[field.name] for field in fields(PersonaOverride))


# Excludes other changes, and no reader.
_LOCK_OVERRIDES = text(f"LOCK TABLE {persona_overrides.name} IN SHARE ROW EXCLUSIVE MODE")


class SqlPersonas:
    """A `PersonaStore` in a database."""

    def __init__(self, database: Database, clock: Clock = database_clock) -> None:
        self._database, self._clock = database, clock
        statement = database.insert(persona_overrides)
        replaced = {column.key: statement.excluded[column.key] for column in _OVERRIDE_COLUMNS[1:]}
        key = [persona_overrides.c.persona_id]
        self._put_override = statement.on_conflict_do_update(index_elements=key, set_=replaced)

    def changes(self, user_id: str, limit: int, before: int | None = None) -> list[PersonaChange]:
        """See `PersonaStore`."""
        if not is_id(user_id):
            return []
        statement = select(*_CHANGE_COLUMNS).where(persona_changes.c.user_id == user_id)
        if before is not None:
            statement = statement.where(persona_changes.c.id < before)
        with self._database.reading() as connection:
            records = connection.execute(statement.order_by(persona_changes.c.id.desc()).limit(limit))
            return [PersonaChange(**record._mapping) for record in records]

    def remove_changes(self, seconds: float, limit: int) -> int:
        """See `PersonaStore`."""
        columns = persona_changes.c
        old = old_records(columns.id, columns.changed_at, self._clock(-seconds), limit)
        with self._database.writing() as connection:
            return remove_from_feed(connection, list(connection.scalars(old)))

    def overrides(self) -> dict[str, PersonaOverride]:
        """See `PersonaStore`."""
        with self._database.reading() as connection:
            return _read_overrides(connection)

    def change_override(
        self, change: Callable[[Mapping[str, PersonaOverride]], PersonaOverride]
    ) -> dict[str, PersonaOverride]:
        """See `PersonaStore`."""
        with self._database.writing() as connection:
            if not self._database.is_sqlite:
                # SQLite has one writer at a time. A lock on rows would not keep others from inserting one.
                connection.execute(_LOCK_OVERRIDES)
            stored = _read_overrides(connection)
            override = change(stored)
            connection.execute(self._put_override, asdict(override))
            return stored | {override.persona_id: override}


def _read_overrides(connection: Connection) -> dict[str, PersonaOverride]:
    records = connection.execute(select(*_OVERRIDE_COLUMNS))
    return {record.persona_id: PersonaOverride(**record._mapping) for record in records}
