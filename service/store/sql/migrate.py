"""Migration of a database to the schema that this code expects: one history for SQLite and PostgreSQL.

Alembic gets an open connection, so that no file contains the URL and all steps are one transaction: a migration
that fails, or is killed, leaves the schema as it was.
"""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import URL, Connection, Engine, event, text

from service.store.ports.errors import SchemaNotCurrent
from service.store.sql.connections.deadline import PATIENCE, within
from service.store.sql.connections.engine import open_engine, schema_of, translated_errors, writing
from service.store.sql.tables import SCHEMA

FOLDER = Path(__file__).with_name("migrations")
_LOCK_SECONDS = 60.0
_LOCK_KEY = 5_209_341_872_066  # any number that nothing else locks in the same database
# Alembic hands its configuration to env.py through a module.
_one_at_a_time = threading.Lock()


def migrate(url: str | URL) -> None:
    """Migrate the database to the newest schema, after any other process that is doing so.

    Raises `StoreUnavailable`, `SchemaNotCurrent` for a schema from the future, `UnusableDatabaseUrl`.
    """
    if not _is_current(url):
        _run(url, "upgrade", "head")


def downgrade(url: str | URL, revision: str) -> None:
    """Migrate the database back to an older revision, or to `base` (no tables). Raises as `migrate` does."""
    _run(url, "downgrade", revision)


def _is_current(url: str | URL) -> bool:
    """Whether there is nothing to migrate. Without Alembic, which a starting service then need not import."""
    with translated_errors(), _engine(url) as engine, within(PATIENCE), engine.connect() as connection:
        return schema_of(connection) == SCHEMA


def _run(url: str | URL, direction: Literal["upgrade", "downgrade"], revision: str) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    with _one_at_a_time, translated_errors(), _engine(url) as engine, _locked(engine) as connection:
        config.attributes["connection"] = connection
        try:
            getattr(command, direction)(config, revision)
        except CommandError as error:
            raise SchemaNotCurrent(
                f"No migration leads from the database's schema to the requested one: {error}. Run the version "
                "of the service that made the database, or restore the backup from before it."
            ) from error


@contextmanager
def _engine(url: str | URL) -> Iterator[Engine]:
    engine = open_engine(url, pool_size=1)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _allow_rebuilding)
    try:
        yield engine
    finally:
        engine.dispose()


def _allow_rebuilding(connection: sqlite3.Connection, _: Any) -> None:
    """Let batch mode drop the table that it has copied without the rows that refer to it."""
    connection.execute("PRAGMA foreign_keys = OFF")


@contextmanager
def _locked(engine: Engine) -> Iterator[Connection]:
    """A transaction during which no other process migrates."""
    with writing(engine).connect() as connection:
        with within(_LOCK_SECONDS):
            transaction = connection.begin()
            if engine.dialect.name == "postgresql":
                _lock_postgres(connection)
        with transaction:
            yield connection


def _lock_postgres(connection: Connection) -> None:
    # A migration of much data takes long; only the wait for the lock is bounded.
    connection.execute(text("SET LOCAL statement_timeout = 0"))
    connection.execute(text(f"SET LOCAL lock_timeout = '{_LOCK_SECONDS:.0f}s'"))
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK_KEY})
