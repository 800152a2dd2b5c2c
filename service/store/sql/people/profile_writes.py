"""Writing profiles, within the caller's transaction."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from sqlalchemy import Connection, delete

from service.store.ports.personas import ChangeCause
from service.store.ports.users import OUTDATED, StoredAssignment, StoredUser, UserErased
from service.store.sql.people.assignment_writes import mark_outdated, write_assignment
from service.store.sql.people.bulk import array_literal, array_type, is_sqlite, sqlite_time, sqlite_value
from service.store.sql.people.movements import (
    NO_PERSONA,
    PersonaState,
    UserChange,
    lock_feed,
    record_changes,
    state_of,
)
from service.store.sql.people.tombstones import Tombstones
from service.store.sql.people.user_records import WRITTEN_COLUMNS, user_row
from service.store.sql.tables import users

_RETURNED = ("revision", "previous_persona_id", "previous_model_version", "recipient_count", "opted_out")
_VALUES = f"VALUES ({', '.join('?' for _ in WRITTEN_COLUMNS)})"
# RETURNING gives the new row; so the old persona is copied into it.
_PREVIOUS = tuple(f"previous_{name} = users.{name}" for name in ("persona_id", "model_version"))


def _upsert(source: str, *more: str) -> str:
    """A statement for one user or many, each once. `more`: columns to set besides.

    `revision` counts the writes of a user that a row stands for.
    """
    names = [column.name for column in WRITTEN_COLUMNS]
    replaced = [f"{name} = excluded.{name}" for name in names if name not in ("user_id", "revision")]
    replaced += ["revision = users.revision + excluded.revision", *more]
    insert = f"INSERT INTO users ({', '.join(names)}) {source}"
    return f"{insert} ON CONFLICT (user_id) DO UPDATE SET {', '.join(replaced)}"


def upsert_returning(source: str) -> str:
    """The statement that inserts users from a source, or replaces what is written and adds to the revision.

    Executed by the driver itself: through SQLAlchemy it takes two and a half times as long.
    """
    return (
        f"{_upsert(source, *_PREVIOUS)} RETURNING {', '.join(f'users.{name}' for name in ('user_id', *_RETURNED))}"
    )


UPSERT_SQLITE = upsert_returning(_VALUES)
# An array a column.
UPSERT_POSTGRES = upsert_returning(
    f"SELECT * FROM unnest({', '.join(f'%s::{array_type(column)}' for column in WRITTEN_COLUMNS)})"
)
# Without RETURNING, so that the driver runs it for all rows in one call. SQLite has one writer, so that what is
# replaced can be read before.
UPSERT_MANY_SQLITE = _upsert(_VALUES)
_STORED_SQLITE = (
    "SELECT user_id, revision, persona_id, model_version, recipient_count, opted_out FROM users "
    "WHERE user_id IN (SELECT value FROM json_each(?))"
)
_NEW = (0, None, None, 0, False)
# From so many writes on, three statements for all of them are faster than one for each.
MANY = 16


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
        together = not is_sqlite(connection) or len(writes) >= MANY
        written = [
            _with_own_assignment(connection, one) if one.recipient_count or one.opted_out else one
            for one in (_put_together if together else _put_in_turn)(connection, writes)
        ]
        # From here on all writers share a lock: nothing but records follows.
        erased = self._remove_erased(connection, {one.user.user_id for one in written if one.is_new})
        results: list[StoredUser | UserErased] = []
        changes: list[UserChange] = []
        for one in written:
            if one.user.user_id in erased:
                results.append(UserErased())
                continue
            user = one.user
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


def _put_in_turn(connection: Connection, writes: Sequence[StoredUser]) -> list[_Written]:
    """One statement a write."""
    before: dict[str, PersonaState] = {}
    results = []
    for user in writes:
        one = _put_user(connection, user)
        # The row holds what an earlier write of these brought, also where the user gets another assignment.
        one = one._replace(before=before.get(user.user_id, one.before))
        before[user.user_id] = state_of(one.assignment)
        results.append(one)
    return results


def _put_user(connection: Connection, user: StoredUser) -> _Written:
    driver: Any = connection.connection.driver_connection
    [record] = driver.execute(UPSERT_SQLITE, user_row(user, 1, sqlite_value)).fetchall()
    _, revision, *state, count, opted_out = record
    written = replace(user, revision=revision, recipient_count=0, opted_out=False)
    return _Written(written, PersonaState(*state), count, bool(opted_out))


def _with_own_assignment(connection: Connection, one: _Written) -> _Written:
    """The write with the assignment that recipients or an objection leave the user, which is stored."""
    user = replace(
        one.user,
        assignment=one.assignment,
        recipient_count=one.recipient_count,
        opted_out=one.opted_out,
    )
    if user.assignment != one.user.assignment:
        write_assignment(connection, user.user_id, user.assignment)
    if user.recipient_count and user.assignment is None:
        mark_outdated(connection, user.user_id)
    return one._replace(user=user)


def _put_together(connection: Connection, writes: Sequence[StoredUser]) -> list[_Written]:
    """All at once: of each user the last write is stored, as nobody could see those before it."""
    counts = Counter(user.user_id for user in writes)
    last = {user.user_id: user for user in writes}
    # In one order everywhere, so that two workers that write the same users cannot deadlock.
    latest = [(last[user_id], counts[user_id]) for user_id in sorted(counts)]
    stored = (_upsert_sqlite if is_sqlite(connection) else _upsert_postgres)(connection, latest)
    revisions = {user_id: stored[user_id][0] - count for user_id, count in counts.items()}
    # What was replaced, of a user who is new, is what an earlier write of this statement stored: nothing.
    before = {
        user_id: PersonaState(*record[1:3]) if revisions[user_id] else NO_PERSONA
        for user_id, record in stored.items()
    }
    results = []
    for user in writes:
        user_id = user.user_id
        *_, recipient_count, opted_out = stored[user_id]
        revisions[user_id] += 1
        written = StoredUser(
            user_id=user_id,
            profile_json=user.profile_json,
            revision=revisions[user_id],
            profile_updated_at=user.profile_updated_at,
            assignment=user.assignment,
        )
        one = _Written(written, before[user_id], recipient_count, bool(opted_out))
        if counts[user_id] > 1:
            before[user_id] = state_of(one.assignment)
        results.append(one)
    return results


# A user, and the number of the writes that the last one stands for.
_Counted = tuple[StoredUser, int]


def _upsert_postgres(connection: Connection, latest: Sequence[_Counted]) -> dict[str, Sequence[Any]]:
    """Store users; by id, what `_RETURNED` says of them."""
    columns = zip(*(user_row(user, count) for user, count in latest), strict=True)
    # As texts: the driver takes four times as long for lists, which it inspects and escapes value by value.
    cursor = connection.exec_driver_sql(UPSERT_POSTGRES, tuple(map(array_literal, columns))).cursor
    assert cursor is not None  # RETURNING has one
    return {record[0]: record[1:] for record in cursor.fetchall()}


def _upsert_sqlite(connection: Connection, latest: Sequence[_Counted]) -> dict[str, Sequence[Any]]:
    """Store users; by id, what `_RETURNED` would say of them."""
    driver: Any = connection.connection.driver_connection
    ids = json.dumps([user.user_id for user, _ in latest])
    replaced = {record[0]: record[1:] for record in driver.execute(_STORED_SQLITE, (ids,))}
    driver.executemany(UPSERT_MANY_SQLITE, [user_row(user, count, sqlite_time) for user, count in latest])
    stored: dict[str, Sequence[Any]] = {}
    for user, count in latest:
        revision, *others = replaced.get(user.user_id, _NEW)
        stored[user.user_id] = (revision + count, *others)
    return stored
