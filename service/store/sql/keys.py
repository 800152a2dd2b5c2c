"""API keys in SQLite or PostgreSQL."""

from collections.abc import Mapping
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, bindparam, case, func, or_, select, update

from service.store.ports.keys import KeyNotFound, StoredKey
from service.store.ports.texts import is_id
from service.store.sql.connections.database import Database
from service.store.sql.tables import AnyRow, UtcDateTime, api_keys, key_changes

_COLUMNS = tuple(api_keys.c[field.name] for field in fields(StoredKey))
_USED_AT = bindparam("used_at", type_=UtcDateTime)
_RECORD_USE = (
    update(api_keys)
    .where(
        api_keys.c.prefix == bindparam("of_key"),
        or_(api_keys.c.last_used_at.is_(None), api_keys.c.last_used_at < _USED_AT),
    )
    .values(last_used_at=_USED_AT)
)


class SqlKeys:
    """A `KeyStore` in a database.

    Every change increments the one row of `key_changes` first. That row's lock serialises the changes: a reader of
    the count sees every change that it counts.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        add = database.insert(api_keys).on_conflict_do_nothing(index_elements=[api_keys.c.prefix])
        self._add = add.returning(api_keys.c.prefix)
        incremented = {"number": key_changes.c.number + 1}
        first = database.insert(key_changes).values(id=1, number=1)
        self._count_change = first.on_conflict_do_update(index_elements=[key_changes.c.id], set_=incremented)

    def change_count(self) -> int:
        """See `KeyStore`."""
        with self._database.reading() as connection:
            return connection.scalar(select(key_changes.c.number)) or 0

    def all(self) -> list[StoredKey]:
        """See `KeyStore`."""
        with self._database.reading() as connection:
            records = connection.execute(select(*_COLUMNS).order_by(api_keys.c.created_at, api_keys.c.prefix))
            return [_key_of(record) for record in records]

    def add(self, key: StoredKey) -> bool:
        """See `KeyStore`."""
        with self._database.writing() as connection:
            connection.execute(self._count_change)
            return connection.execute(self._add, asdict(key)).one_or_none() is not None

    def revoke(self, prefix: str, at: datetime) -> StoredKey:
        """See `KeyStore`."""
        return self._change(prefix, {"revoked_at": func.coalesce(api_keys.c.revoked_at, _literal(at))})

    def expire(self, prefix: str, at: datetime) -> StoredKey:
        """See `KeyStore`."""
        earlier = (api_keys.c.expires_at < at, api_keys.c.expires_at)
        return self._change(prefix, {"expires_at": case(earlier, else_=_literal(at))})

    def record_use(self, used: Mapping[str, datetime]) -> None:
        """See `KeyStore`."""
        # In one order everywhere, so that two workers that record the same keys cannot deadlock.
        values = [{"of_key": prefix, "used_at": at} for prefix, at in sorted(used.items())]
        if values:
            with self._database.writing() as connection:
                connection.execute(_RECORD_USE, values)

    def _change(self, prefix: str, values: dict[str, ColumnElement[Any]]) -> StoredKey:
        if not is_id(prefix):
            raise KeyNotFound(prefix)
        statement = update(api_keys).where(api_keys.c.prefix == prefix).values(values).returning(*_COLUMNS)
        with self._database.writing() as connection:
            connection.execute(self._count_change)
            changed = connection.execute(statement).one_or_none()
            if changed is None:
                raise KeyNotFound(prefix)
            return _key_of(changed)


def _literal(moment: datetime) -> ColumnElement[Any]:
    return bindparam(None, moment, type_=UtcDateTime)


def _key_of(record: AnyRow) -> StoredKey:
    values = record._asdict()
    return StoredKey(**values | {"scopes": tuple(values["scopes"])})
