"""SQLAlchemy engines for SQLite and PostgreSQL, configured so that commits are durable and no call hangs.

SQLite: write-ahead log with `synchronous=FULL` (a commit survives `kill -9` and power loss) and `BEGIN IMMEDIATE`
for writes: a transaction that starts with a read and then writes fails at once, whatever the timeout, if another
one has written in between. PostgreSQL: the server's own timeouts end a slow or blocked statement; a server that
does not respond at all is abandoned by the client (`service.store.sql.connections.postgres`).
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import ArgumentError, DataError, DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from service.store.ports.errors import StoreError, StoreUnavailable, UnusableDatabaseUrl
from service.store.sql.connections.deadline import PATIENCE, milliseconds, wait_seconds

POOL_SIZE = 8
_WRITES = "segments_writes"
_DRIVERS = {
    "sqlite": "sqlite+pysqlite",
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
}
_EXAMPLES = "sqlite:///data/segments.db or postgresql://user:password@host/database"


def open_engine(
    url: str | URL, patience: float = PATIENCE, pool_size: int = POOL_SIZE, lock_seconds: float | None = None
) -> Engine:
    """An engine that connects when it is first used. `lock_seconds`: see `Database`.

    Raises `UnusableDatabaseUrl`.
    """
    parsed = parse_url(url)
    # Parameters hold profiles; SQLAlchemy would put them into its messages.
    options: dict[str, Any] = {
        "hide_parameters": True,
        "pool_size": pool_size,
        "max_overflow": 0,
        "pool_timeout": patience,
    }
    if parsed.get_backend_name() == "sqlite":
        return _sqlite_engine(parsed, options)
    # Imported here, because the driver takes ten megabytes even if it is not used.
    from service.store.sql.connections.postgres import postgres_engine

    return postgres_engine(parsed, options, patience, patience * 0.6 if lock_seconds is None else lock_seconds)


def reading(engine: Engine) -> Engine:
    """The engine for single SELECTs, each a transaction of its own."""
    if engine.dialect.name == "postgresql":
        return engine.execution_options(isolation_level="AUTOCOMMIT")
    return engine


def writing(engine: Engine) -> Engine:
    """The engine for transactions that write."""
    return engine.execution_options(**{_WRITES: True})


def schema_of(connection: Connection) -> str | None:
    """The revision of the schema; None without a schema. Without Alembic, which is slow to import."""
    migrated = inspect(connection).has_table("alembic_version")
    if not migrated:
        return None
    version: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return version


@contextmanager
def translated_errors() -> Iterator[None]:
    """Translate database errors into the store's; the values sent to the database stay out of the message."""
    try:
        yield
    except (DataError, IntegrityError, sqlite3.DataError, sqlite3.IntegrityError) as error:
        raise StoreError(f"The database refused what it was given ({_reason(error)}).") from error
    except (DBAPIError, PoolTimeout, sqlite3.Error) as error:
        raise StoreUnavailable(
            f"The database does not respond ({_reason(error)}); the same request may work later."
        ) from error


def parse_url(url: str | URL) -> URL:
    """The URL with the driver of this project. Raises `UnusableDatabaseUrl`."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        # No cause: its message may quote the password.
        raise UnusableDatabaseUrl(f"This is not a database URL. Use {_EXAMPLES}.") from None
    backend = parsed.drivername.partition("+")[0]
    if backend not in _DRIVERS:
        raise UnusableDatabaseUrl(f"No store for '{backend}' databases. Use {_EXAMPLES}.")
    if backend == "sqlite" and not _is_path(parsed.database):
        raise UnusableDatabaseUrl(f"A SQLite URL needs the path of a file. Use {_EXAMPLES}.")
    return parsed.set(drivername=_DRIVERS[backend])


def _is_path(database: str | None) -> bool:
    return bool(database) and database != ":memory:" and not str(database).startswith("file:")


def _reason(error: Exception) -> str:
    """The kind of an error, without values: SQLITE_BUSY, LockNotAvailable …"""
    cause = getattr(error, "orig", None) or error
    return getattr(cause, "sqlite_errorname", None) or type(cause).__name__.lstrip("_")


def _sqlite_engine(url: URL, options: dict[str, Any]) -> Engine:
    engine = create_engine(url, **options)
    event.listen(engine, "do_connect", _make_file, named=True)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _make_file(cargs: list[str], **_: Any) -> None:
    """Make the folder, and a file that only this user may read; the log beside it gets the same rights."""
    path = Path(cargs[0])
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise StoreUnavailable(
            f"Cannot make the file of the database: {error.strerror}. See DATABASE_URL."
        ) from error


def _prepare_sqlite(connection: sqlite3.Connection, _: Any) -> None:
    # Python's driver would begin its own, deferred transactions.
    connection.isolation_level = None
    connection.execute(f"PRAGMA busy_timeout = {milliseconds(wait_seconds())}")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    # What was erased is overwritten in the file, too.
    connection.execute("PRAGMA secure_delete = ON")


def _begin_sqlite(connection: Connection) -> None:
    # On the driver: SQLAlchemy's overhead would cost more than the read that follows.
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    driver.execute(f"PRAGMA busy_timeout = {milliseconds(wait_seconds())}")
    if connection.get_execution_options().get(_WRITES):
        connection.exec_driver_sql("BEGIN IMMEDIATE")
