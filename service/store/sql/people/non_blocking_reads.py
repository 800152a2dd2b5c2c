"""Reads of users without their profiles, for the recommender: of a thousand users, or very often of one.

They use the driver itself: with SQLAlchemy's rows a thousand users take nearly three times as long as SQLite takes
to find them.
"""

import json
import sqlite3
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from service.store.ports.errors import WouldBlock
from service.store.ports.users import AssignedUser, Basis
from service.store.sql.tables import users

_BASES = {basis.value: basis for basis in Basis}
_COLUMNS = ", ".join(users.c[name].name for name in AssignedUser._fields)
# One statement for any number of ids, so that it is prepared once.
_SELECT_SQLITE = f"SELECT {_COLUMNS} FROM users WHERE user_id IN (SELECT value FROM json_each(?))"
_SELECT_POSTGRES = f"SELECT {_COLUMNS} FROM users WHERE user_id = ANY(%s)"
_AFTER_SQLITE = f"SELECT {_COLUMNS} FROM users WHERE user_id > ? ORDER BY user_id LIMIT ?"
_AFTER_POSTGRES = _AFTER_SQLITE.replace("?", "%s")
# Seconds after an error until the file is opened again.
_PAUSE = 1.0


def read_assignments(connection: Connection, user_ids: Sequence[str]) -> dict[str, AssignedUser]:
    """The users that exist among these ids, by id."""
    if connection.dialect.name == "sqlite":
        records = _fetch(connection, _SELECT_SQLITE, json.dumps(user_ids))
        return {record[0]: _of_sqlite(record) for record in records}
    records = _fetch(connection, _SELECT_POSTGRES, list(user_ids))
    return {record[0]: _of_postgres(record) for record in records}


def read_assignments_after(connection: Connection, user_id: str, limit: int) -> list[AssignedUser]:
    """Users with an id after that one, in order of their ids."""
    is_sqlite = connection.dialect.name == "sqlite"
    statement, assigned_user = (_AFTER_SQLITE, _of_sqlite) if is_sqlite else (_AFTER_POSTGRES, _of_postgres)
    return [assigned_user(record) for record in _fetch(connection, statement, user_id, limit)]


class NonBlockingReads:
    """Reads from a SQLite file that never wait, for one thread: the first that calls `get`.

    It has a read-only connection of its own. With a write-ahead log readers do not wait for writers. No
    transaction stays open between two calls, so that the log can be truncated. An error closes the connection for
    a second: opening it takes longer than an event loop should be blocked by every call.
    """

    def __init__(self, path: Path) -> None:
        # `mode=ro` does not create a missing file.
        self._uri = path.absolute().as_uri() + "?mode=ro"
        self._connection: sqlite3.Connection | None = None
        self._thread: int | None = None
        self._not_before = 0.0

    def get(self, user_ids: Sequence[str]) -> dict[str, AssignedUser]:
        """The users that exist among these ids, by id. Raises `WouldBlock`."""
        try:
            # Reading all rows ends the transaction.
            records = self._opened().execute(_SELECT_SQLITE, (json.dumps(user_ids),)).fetchall()
        except sqlite3.Error as error:
            self._pause()
            raise WouldBlock("The database does not respond at once.") from error
        return {record[0]: _of_sqlite(record) for record in records}

    def close(self) -> None:
        """Close the file, after the last call of `get`; from any thread."""
        if self._connection is not None:
            self._connection.close()
        self._connection = self._thread = None

    def _opened(self) -> sqlite3.Connection:
        if self._connection is not None and self._thread == threading.get_ident():
            return self._connection
        if self._connection is not None or time.monotonic() < self._not_before:
            raise WouldBlock("Another thread has the connection for non-blocking reads.")
        self._thread = threading.get_ident()
        # `close` is called from another thread; this method checks the thread of the reads itself.
        self._connection = sqlite3.connect(
            self._uri, uri=True, timeout=0, isolation_level=None, check_same_thread=False
        )
        return self._connection

    def _pause(self) -> None:
        self.close()
        self._not_before = time.monotonic() + _PAUSE


def _fetch(connection: Connection, statement: str, *parameters: object) -> Sequence[Any]:
    cursor = connection.exec_driver_sql(statement, parameters).cursor
    assert cursor is not None  # a SELECT has one
    return cursor.fetchall()


def _of_sqlite(record: Sequence[Any]) -> AssignedUser:
    (
        user_id,
        revision,
        updated_at,
        persona_id,
        version,
        assigned_at,
        confidence,
        runner_up,
        margin,
        settled,
        typicality,
        manual,
        basis,
        recipient_count,
        opted_out,
    ) = record
    # By position: with keywords it takes half as long again, a thousand times a request.
    return AssignedUser(
        user_id,
        revision,
        datetime.fromisoformat(updated_at + "Z"),
        persona_id,
        # Of a user who has no persona yet it only says that they are to be assigned.
        version if persona_id is not None else None,
        assigned_at and datetime.fromisoformat(assigned_at + "Z"),
        confidence,
        runner_up,
        margin,
        settled,
        typicality,
        manual == 1,
        basis and _BASES[basis],
        recipient_count,
        opted_out == 1,
    )


def _of_postgres(record: Sequence[Any]) -> AssignedUser:
    user = AssignedUser._make(record)
    return user._replace(
        profile_updated_at=user.profile_updated_at.astimezone(UTC),
        model_version=None if user.persona_id is None else user.model_version,
        assigned_at=user.assigned_at and user.assigned_at.astimezone(UTC),
        manual=user.manual is True,
        basis=user.basis and _BASES[user.basis],
    )
