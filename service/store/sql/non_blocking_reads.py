"""Reading users without their profiles: for the recommender, which asks for a thousand at a time or all the time.

Past SQLAlchemy's rows, with which a thousand users take nearly three times what SQLite takes to find them.
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
from service.store.ports.users import AssignedUser
from service.store.sql.tables import users

_COLUMNS = ", ".join(users.c[name].name for name in AssignedUser._fields)
# One text for any number of ids, so that it is prepared once.
_OF_MANY_SQLITE = f"SELECT {_COLUMNS} FROM users WHERE user_id IN (SELECT value FROM json_each(?))"
_OF_MANY_POSTGRES = f"SELECT {_COLUMNS} FROM users WHERE user_id = ANY(%s)"
_PAUSE = 1.0


def read_assignments(connection: Connection, user_ids: Sequence[str]) -> dict[str, AssignedUser]:
    """Those of these users that exist, by id."""
    if connection.dialect.name == "sqlite":
        records = _fetch(connection, _OF_MANY_SQLITE, json.dumps(user_ids))
        return {record[0]: _of_sqlite(record) for record in records}
    records = _fetch(connection, _OF_MANY_POSTGRES, list(user_ids))
    return {record[0]: _of_postgres(record) for record in records}


class NonBlockingReads:
    """Users at once, from a SQLite file, in the thread that asks first.

    A connection of its own, which only reads: in a write-ahead log readers wait for no writer, and nothing is left
    open between two calls, so that the log can be emptied. What goes wrong closes it, and for a second it is not
    opened again: opening takes longer than an event loop should wait, if every call had to.
    """

    def __init__(self, path: Path) -> None:
        # `mode=ro` makes no file where there is none.
        self._uri = path.absolute().as_uri() + "?mode=ro"
        self._connection: sqlite3.Connection | None = None
        self._thread: int | None = None
        self._not_before = 0.0

    def get(self, user_ids: Sequence[str]) -> dict[str, AssignedUser]:
        """Those of these users that exist, by id. Raises `WouldBlock`."""
        try:
            # Read to the end, which ends the transaction.
            records = self._opened().execute(_OF_MANY_SQLITE, (json.dumps(user_ids),)).fetchall()
        except sqlite3.Error as error:
            self._give_up()
            raise WouldBlock("The database does not answer at once.") from error
        return {record[0]: _of_sqlite(record) for record in records}

    def close(self) -> None:
        """Let go of the file, when nobody asks any more; from any thread."""
        if self._connection is not None:
            self._connection.close()
        self._connection = self._thread = None

    def _opened(self) -> sqlite3.Connection:
        if self._connection is not None and self._thread == threading.get_ident():
            return self._connection
        if self._connection is not None or time.monotonic() < self._not_before:
            raise WouldBlock("The database does not answer at once in this thread.")
        self._thread = threading.get_ident()
        # Threads are told apart here, for `close` comes from another one.
        self._connection = sqlite3.connect(
            self._uri, uri=True, timeout=0, isolation_level=None, check_same_thread=False
        )
        return self._connection

    def _give_up(self) -> None:
        self.close()
        self._not_before = time.monotonic() + _PAUSE


def _fetch(connection: Connection, statement: str, parameter: object) -> Sequence[Any]:
    cursor = connection.exec_driver_sql(statement, (parameter,)).cursor
    assert cursor is not None  # a SELECT has one
    return cursor.fetchall()


def _of_sqlite(record: Sequence[Any]) -> AssignedUser:
    user_id, revision, updated_at, persona_id, model_version, assigned_at, sure, other, margin, typical, manual = (
        record
    )
    return AssignedUser(
        user_id,
        revision,
        datetime.fromisoformat(updated_at + "Z"),
        persona_id,
        model_version,
        assigned_at and datetime.fromisoformat(assigned_at + "Z"),
        sure,
        other,
        margin,
        typical,
        manual == 1,
    )


def _of_postgres(record: Sequence[Any]) -> AssignedUser:
    found = AssignedUser._make(record)
    return found._replace(
        profile_updated_at=found.profile_updated_at.astimezone(UTC),
        assigned_at=found.assigned_at and found.assigned_at.astimezone(UTC),
        manual=found.manual is True,
    )
