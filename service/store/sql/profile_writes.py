"""Writing profiles, within the caller's transaction."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Boolean, ColumnElement, Connection, Double, Integer, Text, literal_column
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql.dml import ReturningInsert

from service.store.ports.personas import ChangeCause
from service.store.ports.users import StoredUser
from service.store.sql.connections.database import Insert
from service.store.sql.personas import change_values, record_changes
from service.store.sql.tables import UtcDateTime, users
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


# Executed by the driver itself: through SQLAlchemy it takes two and a half times as long.
UPSERT_SQLITE = str(
    upsert_user(sqlite.insert).compile(
        dialect=sqlite.dialect(paramstyle="named"),
        column_keys=[column.key for column in USER_COLUMNS],
    )
)


def _upsert_many() -> str:
    """PostgreSQL's statement for any number of users, each once: an array a column.

    `revision` counts the writes of a user that the statement stands for.
    """
    names = [column.name for column in USER_COLUMNS]
    arrays = ", ".join(f"%s::{_ARRAY_TYPES[type(column.type)]}[]" for column in USER_COLUMNS)
    replaced = [f"{name} = excluded.{name}" for name in names if name not in ("user_id", "revision")]
    replaced += ["revision = users.revision + excluded.revision"]
    replaced += [f"previous_{name} = users.{name}" for name in ("persona_id", "model_version")]
    return (
        f"INSERT INTO users ({', '.join(names)}) SELECT * FROM unnest({arrays}) "
        f"ON CONFLICT (user_id) DO UPDATE SET {', '.join(replaced)} "
        "RETURNING user_id, revision, previous_persona_id, previous_model_version"
    )


_ARRAY_TYPES: Mapping[type, str] = {
    Text: "text",
    Integer: "integer",
    Boolean: "boolean",
    Double: "double precision",
    UtcDateTime: "timestamptz",
}
UPSERT_POSTGRES = _upsert_many()


def put_users(connection: Connection, writes: Sequence[StoredUser]) -> list[StoredUser]:
    """Create or replace users in this order, and record changes of personas; each with its revision.

    A user may be written several times.
    """
    if connection.dialect.name == "sqlite":
        return [_put_user(connection, user) for user in writes]
    return _put_together(connection, writes)


def _put_user(connection: Connection, user: StoredUser) -> StoredUser:
    driver: Any = connection.connection.driver_connection
    [(revision, persona_id, version)] = driver.execute(UPSERT_SQLITE, sqlite_values(user)).fetchall()
    record_changes(connection, _changes(user, (persona_id, version)))
    return replace(user, revision=revision)


def _put_together(connection: Connection, writes: Sequence[StoredUser]) -> list[StoredUser]:
    """One statement for all: of each user the last write is stored, as nobody could see those before it."""
    by_user: dict[str, list[StoredUser]] = {}
    for user in writes:
        by_user.setdefault(user.user_id, []).append(user)
    # In one order everywhere, so that two workers that write the same users cannot deadlock.
    latest = [replace(by_user[user_id][-1], revision=len(by_user[user_id])) for user_id in sorted(by_user)]
    cursor = connection.exec_driver_sql(UPSERT_POSTGRES, tuple(_arrays(latest))).cursor
    assert cursor is not None  # RETURNING has one
    revisions: dict[str, int] = {}
    before: dict[str, tuple[str | None, str | None]] = {}
    for user_id, revision, persona_id, version in cursor.fetchall():
        revisions[user_id] = revision - len(by_user[user_id])
        before[user_id] = (persona_id, version) if revisions[user_id] else (None, None)
    results, changes = [], []
    for user in writes:
        revisions[user.user_id] += 1
        changes += _changes(user, before[user.user_id])
        assigned = user.assignment
        before[user.user_id] = (assigned.persona_id, assigned.model_version) if assigned else (None, None)
        results.append(replace(user, revision=revisions[user.user_id]))
    record_changes(connection, changes)
    return results


def _arrays(users: Sequence[StoredUser]) -> Iterable[str]:
    """The columns of users as arrays, in the order of `USER_COLUMNS`.

    As texts: the driver takes four times as long for lists, which it inspects and escapes value by value.
    """
    records = [user_values(user) for user in users]
    return (array_literal([record[column.key] for record in records]) for column in USER_COLUMNS)


def array_literal(values: Sequence[str | int | float | datetime | None]) -> str:
    """The text of a PostgreSQL array of one dimension (PostgreSQL's documentation, 8.15.6)."""
    elements = ",".join([_element(value) for value in values])
    return f"{{{elements}}}"


def _element(value: str | int | float | datetime | None) -> str:
    if value is None:
        return "NULL"
    text = value.isoformat() if isinstance(value, datetime) else str(value)
    # Within quotes nothing else has a meaning.
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _changes(user: StoredUser, before: tuple[str | None, str | None]) -> list[dict[str, Any]]:
    at, cause = user.profile_updated_at, ChangeCause.PROFILE_CHANGED
    return change_values(user.user_id, at, cause, before, user.assignment)


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
