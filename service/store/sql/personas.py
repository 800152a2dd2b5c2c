"""Persona changes and overrides in SQLite or PostgreSQL."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from service.store.ports.personas import ChangeCause, PersonaChange, PersonaOverride
from service.store.ports.texts import is_id
from service.store.ports.users import StoredAssignment
from service.store.sql.connections.database import Database
from service.store.sql.tables import persona_changes, persona_overrides

_CHANGE_COLUMNS = tuple(persona_changes.c[field.name] for field in fields(PersonaChange))
_OVERRIDE_COLUMNS = tuple(persona_overrides.c[field.name] for field in fields(PersonaOverride))


class SqlPersonas:
    """A `PersonaStore` in a database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        first = database.insert(persona_overrides).on_conflict_do_nothing()
        self._put_first = first.returning(persona_overrides.c.persona_id)

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

    def overrides(self) -> dict[str, PersonaOverride]:
        """See `PersonaStore`."""
        with self._database.reading() as connection:
            records = connection.execute(select(*_OVERRIDE_COLUMNS))
            return {record.persona_id: PersonaOverride(**record._mapping) for record in records}

    def put_override(self, override: PersonaOverride) -> bool:
        """See `PersonaStore`."""
        values = asdict(override)
        with self._database.writing() as connection:
            if override.revision == 1:
                return connection.execute(self._put_first, values).one_or_none() is not None
            predecessor = (persona_overrides.c.persona_id == override.persona_id) & (
                persona_overrides.c.revision == override.revision - 1
            )
            replaced = update(persona_overrides).where(predecessor).values(values)
            return connection.execute(replaced).rowcount == 1


def record_changes(connection: Connection, changes: Iterable[Mapping[str, Any]]) -> None:
    """Insert persona changes, within the transaction that makes them."""
    if values := [dict(change) for change in changes]:
        connection.execute(insert(persona_changes), values)


def change_values(
    user_id: str,
    at: datetime,
    cause: ChangeCause,
    before: tuple[str | None, str | None],
    after: StoredAssignment | None,
) -> list[dict[str, Any]]:
    """The record of a change from the persona and model of `before`; none if the persona is the same."""
    persona_id, model_version = before
    if persona_id is None or after is None or persona_id == after.persona_id:
        return []
    return [
        {
            "user_id": user_id,
            "changed_at": at,
            "cause": cause,
            "from_persona_id": persona_id,
            "to_persona_id": after.persona_id,
            "from_model_version": model_version or "",
            "to_model_version": after.model_version,
        }
    ]
