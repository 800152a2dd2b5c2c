"""Writing one profile, within the transaction of whoever calls."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql, sqlite

from service.store.ports.store import StoredUser
from service.store.ports.upkeep import ChangeCause
from service.store.sql.statements import upsert_user
from service.store.sql.tables import USER_COLUMNS, change_values, user_values
from service.store.sql.upkeep import record_changes

_UPSERT_POSTGRES = upsert_user(postgresql.insert)
# Executed by the driver itself: through SQLAlchemy it takes two and a half times as long.
UPSERT_SQLITE = str(
    upsert_user(sqlite.insert).compile(
        dialect=sqlite.dialect(paramstyle="named"),
        column_keys=[column.name for column in USER_COLUMNS],
    )
)


def put_user(connection: Connection, user: StoredUser) -> StoredUser:
    """Create or replace a user, and keep the change where the persona is another; the user with its revision."""
    if connection.dialect.name == "sqlite":
        driver: Any = connection.connection.driver_connection
        [(revision, *old)] = driver.execute(UPSERT_SQLITE, sqlite_values(user)).fetchall()
    else:
        revision, *old = connection.execute(_UPSERT_POSTGRES, user_values(user)).one()
    at, cause = user.profile_updated_at, ChangeCause.PROFILE_CHANGED
    record_changes(connection, change_values(user.user_id, at, cause, (old[0], old[1]), user.assignment))
    return replace(user, revision=revision)


def sqlite_values(user: StoredUser) -> Mapping[str, object]:
    """The columns of a user as SQLite keeps them."""
    values = user_values(user)
    values["profile_updated_at"] = _text(user.profile_updated_at)
    if user.assignment is not None:
        values["assigned_at"] = _text(user.assignment.assigned_at)
    return values


def _text(at: datetime) -> str:
    """A time as `UtcDateTime` keeps it in SQLite."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")
