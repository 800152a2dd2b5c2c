"""Keys in SQLite or PostgreSQL, by the same statements."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, bindparam, case, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from service.store.ports.keys import KeyNotFound, StoredKey
from service.store.ports.store import is_id
from service.store.sql.tables import KEY_COLUMNS, UtcDateTime, key_changes, key_of, key_values, keys

_Insert = Callable[[Table], sqlite.Insert] | Callable[[Table], postgresql.Insert]
_Connecting = Callable[[], AbstractContextManager[Connection]]
_USED = bindparam("used_at", type_=UtcDateTime)
_NOTE_USE = (
    update(keys)
    .where(keys.c.prefix == bindparam("of_key"), or_(keys.c.last_used_at.is_(None), keys.c.last_used_at < _USED))
    .values(last_used_at=_USED)
)


class SqlKeys:
    """Keys, over the connections of a store. Every change counts the one row of `key_changes` up, which also
    makes changes stand in a queue: whoever reads the number has all that it counts.
    """

    def __init__(self, reading: _Connecting, writing: _Connecting, insert: _Insert) -> None:
        self._reading, self._writing = reading, writing
        self._add = insert(keys).on_conflict_do_nothing(index_elements=[keys.c.prefix]).returning(keys.c.prefix)
        counted = {"number": key_changes.c.number + 1}
        first = insert(key_changes).values(id=1, number=1)
        self._count = first.on_conflict_do_update(index_elements=[key_changes.c.id], set_=counted)

    def changes(self) -> int:
        """See `KeyStore`."""
        with self._reading() as connection:
            return connection.scalar(select(key_changes.c.number)) or 0

    def all(self) -> list[StoredKey]:
        """See `KeyStore`."""
        with self._reading() as connection:
            found = connection.execute(select(*KEY_COLUMNS).order_by(keys.c.created_at, keys.c.prefix))
            return [key_of(record) for record in found]

    def add(self, key: StoredKey) -> bool:
        """See `KeyStore`."""
        with self._writing() as connection:
            connection.execute(self._count)
            return connection.execute(self._add, key_values(key)).one_or_none() is not None

    def revoke(self, prefix: str, at: datetime) -> StoredKey:
        """See `KeyStore`."""
        return self._change(prefix, {"revoked_at": func.coalesce(keys.c.revoked_at, _at(at))})

    def expire(self, prefix: str, at: datetime) -> StoredKey:
        """See `KeyStore`."""
        return self._change(
            prefix, {"expires_at": case((keys.c.expires_at < at, keys.c.expires_at), else_=_at(at))}
        )

    def note_use(self, used: Mapping[str, datetime]) -> None:
        """See `KeyStore`."""
        # In one order everywhere: two workers that note the same keys never wait for each other.
        values = [{"of_key": prefix, "used_at": at} for prefix, at in sorted(used.items())]
        if values:
            with self._writing() as connection:
                connection.execute(_NOTE_USE, values)

    def _change(self, prefix: str, values: dict[str, ColumnElement[Any]]) -> StoredKey:
        if not is_id(prefix):
            raise KeyNotFound(prefix)
        statement = update(keys).where(keys.c.prefix == prefix).values(values).returning(*KEY_COLUMNS)
        with self._writing() as connection:
            connection.execute(self._count)
            changed = connection.execute(statement).one_or_none()
            if changed is None:
                raise KeyNotFound(prefix)
            return key_of(changed)


def _at(moment: datetime) -> ColumnElement[Any]:
    return bindparam(None, moment, type_=UtcDateTime)
