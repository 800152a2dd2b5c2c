"""Writing one profile, within the caller's transaction."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, literal_column
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import ReturningInsert

from service.store.ports.personas import ChangeCause
from service.store.ports.users import StoredUser
from service.store.sql.connections.database import Insert
from service.store.sql.personas import change_values, record_changes
from service.store.sql.tables import users
from service.store.sql.user_records import USER_COLUMNS, user_values


def upsert_user(insert: Insert) -> ReturningInsert[*tuple[Any, ...]]:
    """Insert a user, or replace all columns but the id and increment the revision."""
    statement = insert(users)
    replaced: dict[str, ColumnElement[Any]] = {
        column.key: statement.excluded[column.key] for column in USER_COLUMNS[1:]
    }
    replaced["revision"] = users.c.revision + literal_column("1")
    # RETURNING gives the new row; so the old persona is copied into it.
    replaced["previous_persona_id"] = users.c.persona_id
    replaced["previous_model_version"] = users.c.model_version
    upsert = statement.on_conflict_do_update(index_elements=[users.c.user_id], set_=replaced)
    return upsert.returning(users.c.revision, users.c.previous_persona_id, users.c.previous_model_version)


_UPSERT_POSTGRES = upsert_user(postgresql.insert)
# Executed by the driver itself: through SQLAlchemy it takes two and a half times as long.
UPSERT_SQLITE = str(
    upsert_user(sqlite.insert).compile(
        dialect=sqlite.dialect(paramstyle="named"),
        column_keys=[column.key for column in USER_COLUMNS],
    )
)


def put_user(connection: Connection, user: StoredUser) -> StoredUser:
    """Create or replace a user, and record the change if the persona differs; the user with its revision."""
    if connection.dialect.name == "sqlite":
        driver: Any = connection.connection.driver_connection
        [(revision, *before)] = driver.execute(UPSERT_SQLITE, sqlite_values(user)).fetchall()
    else:
        revision, *before = connection.execute(_UPSERT_POSTGRES, user_values(user)).one()
    at, cause = user.profile_updated_at, ChangeCause.PROFILE_CHANGED
    record_changes(connection, change_values(user.user_id, at, cause, (before[0], before[1]), user.assignment))
    return replace(user, revision=revision)


def sqlite_values(user: StoredUser) -> Mapping[str, object]:
    """The columns of a user as SQLite stores them."""
    values = user_values(user)
    values["profile_updated_at"] = _text(user.profile_updated_at)
    if user.assignment is not None:
        values["assigned_at"] = _text(user.assignment.assigned_at)
    return values


def _text(at: datetime) -> str:
    """A time as `UtcDateTime` stores it in SQLite."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")
