"""The store in memory, in SQLite and in PostgreSQL, one after the other, and its ports."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from service.store.ports.idempotency import IdempotencyStore
from service.store.ports.jobs import JobStore
from service.store.ports.keys import KeyStore
from service.store.ports.leases import LeaseStore
from service.store.ports.personas import PersonaStore
from service.store.ports.store import Store
from service.store.ports.users import UserStore
from service.store.sql.clock import Clock, database_clock
from service.store.sql.migrate import migrate
from service.store.sql.store import SqlStore
from service.store.sql.tables import metadata
from testkit.postgres import database
from tests.contract.support.clocks import SettableClock, memory_store


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/folder/segments.db"


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest) -> str:
    """An empty database of either kind."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
def sql_store(database_url: str) -> Iterator[SqlStore]:
    migrate(database_url)
    yield from opened(database_url)


@pytest.fixture(scope="module")
def shared_postgres(postgres_server: Any) -> Iterator[str]:
    with database(postgres_server) as url:
        migrate(url)
        yield url


@pytest.fixture
def emptied_postgres(shared_postgres: str) -> str:
    """A migrated database with nothing in it; quicker than a new one for each test."""
    with psycopg.connect(shared_postgres) as connection:
        # All tables, so that a new one is emptied, too.
        # What the migration wrote stays.
        tables = [name for name in metadata.tables if name not in ("secrets", "feed_state")]
        connection.execute(
            sql.SQL("TRUNCATE {} RESTART IDENTITY").format(sql.SQL(", ").join(map(sql.Identifier, tables)))
        )
        connection.execute("UPDATE feed_state SET removed_through = 0")
    return shared_postgres


@pytest.fixture
def clock() -> SettableClock:
    """The clock of `store`."""
    return SettableClock()


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def store(request: pytest.FixtureRequest, clock: SettableClock) -> Iterator[Store]:
    match request.param:
        case "memory":
            yield memory_store(clock)
        case "sqlite":
            url = request.getfixturevalue("sqlite_url")
            migrate(url)
            yield from opened(url, clock.in_sql)
        case _:
            yield from opened(request.getfixturevalue("emptied_postgres"), clock.in_sql)


def opened(url: str, clock: Clock = database_clock) -> Iterator[SqlStore]:
    store = SqlStore(url, clock=clock)
    yield store
    store.close()


@pytest.fixture
def users(store: Store) -> UserStore:
    return store.users


@pytest.fixture
def jobs(store: Store) -> JobStore:
    return store.jobs


@pytest.fixture
def personas(store: Store) -> PersonaStore:
    return store.personas


@pytest.fixture
def leases(store: Store) -> LeaseStore:
    return store.leases


@pytest.fixture
def idempotency(store: Store) -> IdempotencyStore:
    return store.idempotency


@pytest.fixture
def keys(store: Store) -> KeyStore:
    return store.keys
