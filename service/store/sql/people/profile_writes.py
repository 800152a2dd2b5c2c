"""Writing profiles, within the caller's transaction."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, delete, literal_column
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql.dml import ReturningInsert

from service.store.ports.personas import ChangeCause
from service.store.ports.users import OUTDATED, StoredAssignment, StoredUser, UserErased
from service.store.sql.connections.database import Insert
from service.store.sql.people.assignment_writes import mark_outdated, write_assignment
from service.store.sql.people.bulk import array_literal, array_type, is_sqlite, sqlite_value
from service.store.sql.people.movements import (
    NO_PERSONA,
    PersonaState,
    UserChange,
    lock_feed,
    record_changes,
    state_of,
)
from service.store.sql.people.tombstones import Tombstones
from service.store.sql.people.user_records import WRITTEN_COLUMNS, user_values
from service.store.sql.tables import users

_RETURNED = ("revision", "previous_persona_id", "previous_model_version", "recipient_count", "opted_out")


def upsert_user(insert: Insert) -> ReturningInsert[*tuple[Any, ...]]:
    """Insert a user, or replace all columns but the id and increment the revision."""
    statement = insert(users)
    replaced: dict[str, ColumnElement[Any]] = {
        column.key: statement.excluded[column.key] for column in WRITTEN_COLUMNS[1:]
    }
    replaced["revision"] = users.c.revision + literal_column("1")
    # RETURNING gives the new row; so the old persona is copied into it.
    replaced["previous_persona_id"] = users.c.persona_id
    replaced["previous_model_version"] = users.c.model_version
    upsert = statement.on_conflict_do_update(index_elements=[users.c.user_id], set_=replaced)
    return upsert.returning(*(users.c[name] for name in _RETURNED))


# Executed by the driver itself: through SQLAlchemy it takes two and a half times as long.
UPSERT_SQLITE = str(
    upsert_user(sqlite.insert).compile(
        dialect=sqlite.dialect(paramstyle="named"),
        column_keys=[column.key for column in WRITTEN_COLUMNS],
    )
)


def _upsert_many() -> str:
    """PostgreSQL's statement for any number of users, each once: an array a column.

    `revision` counts the writes of a user that the statement stands for.
    """
    names = [column.name for column in WRITTEN_COLUMNS]
    arrays = ", ".join(f"%s::{array_type(column)}" for column in WRITTEN_COLUMNS)
    replaced = [f"{name} = excluded.{name}" for name in names if name not in ("user_id", "revision")]
    replaced += ["revision = users.revision + excluded.revision"]
    replaced += [f"previous_{name} = users.{name}" for name in ("persona_id", "model_version")]
    return (
        f"INSERT INTO users ({', '.join(names)}) SELECT * FROM unnest({arrays}) "
        f"ON CONFLICT (user_id) DO UPDATE SET {', '.join(replaced)} "
        f"RETURNING user_id, {', '.join(f'users.{name}' for name in _RETURNED)}"
    )


UPSERT_POSTGRES = _upsert_many()


class _Written(NamedTuple):
    """A write that was performed, what it replaced, and what the row says besides."""

    user: StoredUser
    before: PersonaState
    recipient_count: int
    opted_out: bool

    @property
    def is_new(self) -> bool:
        return self.user.revision == 1

    @property
    def assignment(self) -> StoredAssignment | None:
        """The assignment that the user has from now on."""
        if self.opted_out:
            return None
        if self.recipient_count:
            return outdated(self.user, self.before)
        return self.user.assignment


def outdated(user: StoredUser, before: PersonaState) -> StoredAssignment | None:
    """The assignment of a user of whom something was written, until they are assigned anew."""
    if before.persona_id is None:
        return None
    return StoredAssignment(
        persona_id=before.persona_id, model_version=OUTDATED, assigned_at=user.profile_updated_at
    )


class ProfileWrites:
    """Creates or replaces users."""

    def __init__(self, tombstones: Tombstones) -> None:
        self._tombstones = tombstones

    def put(self, connection: Connection, writes: Sequence[StoredUser]) -> list[StoredUser | UserErased]:
        """Create or replace users in this order, and record changes of personas; each as it is stored.

        A user may be written several times. One that was erased is not written, and has the error as its result.
        """
        written = (
            [_put_user(connection, user) for user in writes]
            if is_sqlite(connection)
            else _put_together(connection, writes)
        )
        erased = self._remove_erased(connection, {one.user.user_id for one in written if one.is_new})
        results: list[StoredUser | UserErased] = []
        changes: list[UserChange] = []
        for one in written:
            if one.user.user_id in erased:
                results.append(UserErased())
                continue
            user = replace(
                one.user,
                assignment=one.assignment,
                recipient_count=one.recipient_count,
                opted_out=one.opted_out,
            )
            if user.assignment != one.user.assignment:
                write_assignment(connection, user.user_id, user.assignment)
            if user.recipient_count:
                mark_outdated(connection, user.user_id)
            at, cause = user.profile_updated_at, ChangeCause.PROFILE_CHANGED
            changes.append(UserChange(user.user_id, at, cause, one.before, state_of(user.assignment)))
            results.append(user)
        record_changes(connection, changes)
        return results

    def _remove_erased(self, connection: Connection, new_ids: set[str]) -> set[str]:
        """Those of the users just created who were erased before, removed again.

        Under the lock that an erasure takes before it ends: either it has seen these users, or this sees its
        tombstone.
        """
        if not new_ids:
            return set()
        lock_feed(connection)
        erased = self._tombstones.among(connection, new_ids)
        if erased:
            connection.execute(delete(users).where(users.c.user_id.in_(erased)))
        return erased


def _put_user(connection: Connection, user: StoredUser) -> _Written:
    driver: Any = connection.connection.driver_connection
    [(revision, *state, count, opted_out)] = driver.execute(UPSERT_SQLITE, sqlite_values(user)).fetchall()
    return _Written(replace(user, revision=revision), PersonaState(*state), count, bool(opted_out))


def _put_together(connection: Connection, writes: Sequence[StoredUser]) -> list[_Written]:
    """One statement for all: of each user the last write is stored, as nobody could see those before it."""
    by_user: dict[str, list[StoredUser]] = {}
    for user in writes:
        by_user.setdefault(user.user_id, []).append(user)
    # In one order everywhere, so that two workers that write the same users cannot deadlock.
    latest = [replace(by_user[user_id][-1], revision=len(by_user[user_id])) for user_id in sorted(by_user)]
    cursor = connection.exec_driver_sql(UPSERT_POSTGRES, tuple(_arrays(latest))).cursor
    assert cursor is not None  # RETURNING has one
    stored = {record[0]: record[1:] for record in cursor.fetchall()}
    revisions = {user_id: stored[user_id][0] - len(by_user[user_id]) for user_id in stored}
    # What was replaced, of a user who is new, is what an earlier write of this statement stored: nothing.
    before = {
        user_id: PersonaState(*record[1:3]) if revisions[user_id] else NO_PERSONA
        for user_id, record in stored.items()
    }
    results = []
    for user in writes:
        *_, count, opted_out = stored[user.user_id]
        revisions[user.user_id] += 1
        one = _Written(replace(user, revision=revisions[user.user_id]), before[user.user_id], count, opted_out)
        before[user.user_id] = state_of(one.assignment)
        results.append(one)
    return results


def _arrays(stored: Sequence[StoredUser]) -> Iterable[str]:
    """The columns of users as arrays, in the order of `WRITTEN_COLUMNS`.

    As texts: the driver takes four times as long for lists, which it inspects and escapes value by value.
    """
    records = [user_values(user) for user in stored]
    return (array_literal([record[column.key] for record in records]) for column in WRITTEN_COLUMNS)


def sqlite_values(user: StoredUser) -> Mapping[str, object]:
    """The columns of a user as SQLite stores them."""
    values = user_values(user)
    values["profile_updated_at"] = sqlite_value(user.profile_updated_at)
    if user.assignment is not None:
        values["assigned_at"] = sqlite_value(user.assignment.assigned_at)
    return values
