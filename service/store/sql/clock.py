"""The store's clock: the database's, which all workers share, whatever their own clocks say."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Double, Select, func, literal, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from service.store.sql.tables import UtcDateTime

# The time so many seconds from now, or with less than 0 ago, as a part of a statement.
Clock = Callable[[float], ColumnElement[datetime]]


class _DatabaseTime(FunctionElement[datetime]):
    """The time of the database while it runs the statement, and not at the begin of the transaction."""

    type = UtcDateTime()
    name = "database_time"
    inherit_cache = True


@compiles(_DatabaseTime, "postgresql")
def _in_postgres(element: _DatabaseTime, compiler: Any, **options: Any) -> str:
    return f"(clock_timestamp() + make_interval(secs => {compiler.process(element.clauses, **options)}))"


@compiles(_DatabaseTime, "sqlite")
def _in_sqlite(element: _DatabaseTime, compiler: Any, **options: Any) -> str:
    # SQLite knows milliseconds; times are stored as texts with microseconds, and compared as such.
    seconds = f"printf('%.3f seconds', {compiler.process(element.clauses, **options)})"
    return f"(strftime('%Y-%m-%d %H:%M:%f', 'now', {seconds}) || '000')"


def database_clock(seconds: float) -> ColumnElement[datetime]:
    """A `Clock`: the database's."""
    return _DatabaseTime(literal(float(seconds), Double))


def old_records(
    ids: ColumnElement[int], times: ColumnElement[datetime], before: ColumnElement[datetime], limit: int
) -> Select[int]:
    """The ids of records before a time, among the `limit` with the lowest ids; the latest of all is never one.

    No index has the times, and a search for old ones would read the table.
    """
    first = select(ids.label("id"), times.label("at")).order_by(ids).limit(limit).subquery()
    last = select(func.max(ids)).scalar_subquery()
    return select(first.c.id).where(first.c.at < before, first.c.id < last)
