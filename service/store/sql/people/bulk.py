"""Statements for many rows, by the driver itself: through SQLAlchemy they take several times as long."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Connection, Date, Double, Enum, Integer, Table, Text

from service.store.sql.tables import JsonText, UtcDateTime

_ARRAY_TYPES: Mapping[type, str] = {
    Text: "text",
    Enum: "text",
    JsonText: "text",
    Integer: "integer",
    BigInteger: "bigint",
    Boolean: "boolean",
    Double: "double precision",
    Date: "date",
    UtcDateTime: "timestamptz",
}


def is_sqlite(connection: Connection) -> bool:
    """Whether the database is SQLite, and not PostgreSQL."""
    return connection.dialect.name == "sqlite"


def array_type(column: Column[Any]) -> str:
    """PostgreSQL's type of an array of a column's values."""
    return f"{_ARRAY_TYPES[type(column.type)]}[]"


def insert_rows(
    connection: Connection, table: Table, rows: Collection[Mapping[str, Any]], add_to: str | None = None
) -> None:
    """Insert rows, which all have the same columns, in their order.

    `add_to`: a column that is added to, where there is a row of the same primary key.
    """
    if not rows:
        return
    first = next(iter(rows))
    columns = [column for column in table.columns if column.key in first]
    statement = _insert(table, tuple(columns), add_to, is_sqlite(connection))
    keys = [column.key for column in columns]
    if is_sqlite(connection):
        values = [tuple([sqlite_value(row[key]) for key in keys]) for row in rows]
        driver: Any = connection.connection.driver_connection
        driver.executemany(statement, values)
    else:
        arrays = tuple(array_literal([row[key] for row in rows]) for key in keys)
        connection.exec_driver_sql(statement, arrays)


@lru_cache(64)
def _insert(table: Table, columns: Sequence[Column[Any]], add_to: str | None, sqlite: bool) -> str:
    names = ", ".join(column.name for column in columns)
    source = (
        f"VALUES ({', '.join('?' for _ in columns)})"
        if sqlite
        else f"SELECT * FROM unnest({', '.join(f'%s::{array_type(column)}' for column in columns)})"
    )
    statement = f"INSERT INTO {table.name} ({names}) {source}"
    if add_to is not None:
        key = ", ".join(column.name for column in table.primary_key)
        statement += f" ON CONFLICT ({key}) DO UPDATE SET {add_to} = {table.name}.{add_to} + excluded.{add_to}"
    return statement


def array_literal(values: Iterable[object]) -> str:
    """The text of a PostgreSQL array of one dimension (PostgreSQL's documentation, 8.15.6)."""
    elements = ",".join([_element(value) for value in values])
    return f"{{{elements}}}"


def _element(value: object) -> str:
    if value is None:
        return "NULL"
    text = value.isoformat() if isinstance(value, datetime) else str(value)
    # Within quotes nothing else has a meaning.
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def sqlite_value(value: object) -> object:
    """A value as `UtcDateTime`, `Date` and `Enum` store it in SQLite; any other as it is."""
    return sqlite_time(value) if isinstance(value, datetime) else value


# Cached: rows that are written together share their times.
@lru_cache(64)
def sqlite_time(time: datetime) -> str:
    """A time as `UtcDateTime` stores it in SQLite."""
    return time.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")
