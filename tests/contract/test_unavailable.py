"""A database that is missing, silent, locked or broken: `StoreUnavailable`, soon, and healed by itself."""

import os
import signal
import socket
import sqlite3
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import delete, func, select

from service.store.ports.errors import SchemaNotCurrent, StoreUnavailable, UnusableDatabaseUrl
from service.store.sql.connections.engine import parse_url
from service.store.sql.migrate import migrate
from service.store.sql.store import SqlStore
from service.store.sql.tables import users

NOW = datetime(2026, 11, 1, tzinfo=UTC)
SECRET = "her hobby"
PATIENCE = 1.0
# Two processors serve the database, its clients and other people's work.
SOON = PATIENCE + 2.0


@pytest.fixture
def impatient(postgres_url: str) -> Iterator[SqlStore]:
    """A store in PostgreSQL with a user, that waits for a second."""
    migrate(postgres_url)
    with opened(postgres_url) as store:
        store.users.put("u", "{}", NOW, None)
        yield store


@contextmanager
def opened(url: str) -> Iterator[SqlStore]:
    store = SqlStore(url, patience=PATIENCE)
    yield store
    store.close()


def refusal_within(seconds: float, call: Callable[[], object]) -> StoreUnavailable:
    started = time.monotonic()
    with pytest.raises(StoreUnavailable) as refusal:
        call()
    assert time.monotonic() - started < seconds
    return refusal.value


def calls(store: SqlStore) -> tuple[Callable[[], object], ...]:
    return (
        store.check,
        lambda: store.users.put("u", "{}", NOW, None),
        lambda: store.users.get("u"),
        lambda: list(store.users.iterate(10)),
        lambda: store.jobs.latest(10),
    )


def test_a_database_without_tables_says_how_to_get_them(database_url: str) -> None:
    with opened(database_url) as store:
        with pytest.raises(SchemaNotCurrent, match="python -m service migrate"):
            store.check()
        with pytest.raises(StoreUnavailable):
            store.users.get("u")


def test_no_value_stands_in_an_error_or_its_causes(database_url: str) -> None:
    with opened(database_url) as store:
        refusal = refusal_within(SOON, lambda: store.users.put(SECRET, SECRET, NOW, None))
    assert refusal.__cause__ is not None
    assert SECRET not in "".join(traceback.format_exception(refusal))


def test_a_folder_that_cannot_be_made_is_an_unavailable_store_until_it_can(tmp_path: Path) -> None:
    obstacle = tmp_path / "file"
    obstacle.touch()
    url = f"sqlite:///{obstacle}/folder/segments.db"
    with opened(url) as store:
        for call in calls(store):
            assert "Not a directory" in str(refusal_within(SOON, call))
        with pytest.raises(StoreUnavailable, match="Not a directory"):
            migrate(url)
        obstacle.unlink()
        migrate(url)
        store.check()


def test_a_folder_in_place_of_the_file_is_an_unavailable_store(tmp_path: Path) -> None:
    with opened(f"sqlite:///{tmp_path}") as store:
        for call in calls(store):
            assert "SQLITE_CANTOPEN" in str(refusal_within(SOON, call))


def test_a_file_that_is_no_database_is_an_unavailable_store(tmp_path: Path) -> None:
    (tmp_path / "segments.db").write_text("not a database, however long " * 100)
    with opened(f"sqlite:///{tmp_path}/segments.db") as store:
        for call in calls(store):
            assert "SQLITE_NOTADB" in str(refusal_within(SOON, call))


def test_a_locked_sqlite_file_refuses_writes_and_answers_reads(sqlite_url: str) -> None:
    migrate(sqlite_url)
    with opened(sqlite_url) as store, closing(sqlite3.connect(parse_url(sqlite_url).database or "")) as other:
        store.users.put("u", "{}", NOW, None)
        other.execute("BEGIN IMMEDIATE")
        with ThreadPoolExecutor(4) as pool:
            waits = [pool.submit(store.users.put, f"u{n}", "{}", NOW, None) for n in range(4)]
            assert store.users.count() == 1
            for wait in waits:
                refusal_within(SOON, wait.result)
        other.rollback()
        assert store.users.put("u", "{}", NOW, None).revision == 2


def test_a_sqlite_transaction_has_its_turn_before_it_reads(sqlite_url: str) -> None:
    migrate(sqlite_url)
    with opened(sqlite_url) as store, store.database.writing() as connection, opened(sqlite_url) as other:
        before = connection.execute(select(func.count()).select_from(users)).scalar_one()
        refusal_within(SOON, lambda: other.users.put("u", "{}", NOW, None))
        connection.execute(delete(users))
    assert before == 0


def test_sqlite_acknowledges_what_is_on_the_disk(sqlite_url: str) -> None:
    migrate(sqlite_url)
    with opened(sqlite_url) as store, store.database.reading() as connection:
        pragmas = ("journal_mode", "synchronous", "foreign_keys")
        found = [connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in pragmas]
    assert found == ["wal", 2, 1]


def test_a_closed_port_is_an_unavailable_store() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with opened(f"postgresql://anne:hunter2@127.0.0.1:{port}/segments") as store:
        for call in calls(store):
            refusal = refusal_within(SOON, call)
            assert "hunter2" not in "".join(traceback.format_exception(refusal))


def test_a_server_that_says_nothing_is_an_unavailable_store() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with opened(f"postgresql://anne@127.0.0.1:{port}/segments") as store:
            # libpq waits for two seconds at least.
            refusal_within(SOON + 1, store.check)


def test_a_frozen_server_is_an_unavailable_store_until_it_thaws(impatient: SqlStore, postgres_server: Any) -> None:
    with frozen(postgres_server):
        for call in calls(impatient)[:3]:
            refusal_within(SOON + 1, call)
    assert impatient.users.get("u") is not None


def test_a_frozen_server_keeps_nobody_waiting_in_a_crowd(impatient: SqlStore, postgres_server: Any) -> None:
    with frozen(postgres_server), ThreadPoolExecutor(30) as pool:
        waits = [pool.submit(impatient.users.get, "u") for _ in range(30)]
        started = time.monotonic()
        assert {type(wait.exception()) for wait in waits} == {StoreUnavailable}
        assert time.monotonic() - started < SOON + 3
    assert impatient.users.get("u") is not None


@contextmanager
def frozen(server: Any) -> Iterator[None]:
    """The server and all its processes stopped, as a machine that hangs would stop them."""
    processes = [server.get_pid(), *children_of(server.get_pid())]
    for process in processes:
        os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        for process in processes:
            os.kill(process, signal.SIGCONT)


def children_of(process: int) -> list[int]:
    lists = Path(f"/proc/{process}/task").glob("*/children")
    return [int(child) for found in lists for child in found.read_text().split()]


def test_a_locked_row_refuses_its_writers_and_answers_its_readers(impatient: SqlStore, postgres_url: str) -> None:
    with closing(psycopg.connect(postgres_url)) as other:
        other.execute("SELECT * FROM users FOR UPDATE")
        refusal = refusal_within(SOON, lambda: impatient.users.put("u", "{}", NOW, None))
        assert "LockNotAvailable" in str(refusal)
        assert impatient.users.get("u") is not None
    assert impatient.users.put("u", "{}", NOW, None).revision == 2


def test_a_slow_statement_is_ended(impatient: SqlStore) -> None:
    def sleep() -> None:
        with impatient.database.reading() as connection:
            connection.exec_driver_sql("SELECT pg_sleep(60)")

    assert "QueryCanceled" in str(refusal_within(SOON, sleep))


def test_connections_that_the_server_has_dropped_are_not_noticed(impatient: SqlStore, postgres_url: str) -> None:
    with psycopg.connect(postgres_url) as other:
        mine = "pid <> pg_backend_pid() AND datname = current_database()"
        other.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {mine}")
    assert impatient.users.get("u") is not None
    assert impatient.users.put("u", "{}", NOW, None).revision == 2


def test_what_the_url_asks_of_the_session_wins(postgres_url: str) -> None:
    url = f"{postgres_url}&options=-c%20lock_timeout%3D77ms"
    with opened(url) as store, store.database.reading() as connection:
        names = ("lock_timeout", "statement_timeout", "timezone")
        found = [connection.exec_driver_sql(f"SHOW {name}").scalar_one() for name in names]
    assert found == ["77ms", "800ms", "UTC"]


@pytest.mark.parametrize(
    "url",
    [
        "",
        "segments.db",
        "mysql://anne:hunter2@host/segments",
        "postgresql://anne:hunter2@host:hunter2/segments",
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite:///file:segments.db?uri=true",
    ],
)
def test_a_url_of_no_database_is_refused_with_examples(url: str) -> None:
    with pytest.raises(UnusableDatabaseUrl, match=r"sqlite:///data/segments\.db") as refusal:
        SqlStore(url)
    assert "hunter2" not in "".join(traceback.format_exception(refusal.value))


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg", "postgresql+psycopg2"])
def test_every_usual_name_of_postgresql_is_understood(scheme: str) -> None:
    assert parse_url(f"{scheme}://anne:pw@host/segments").drivername == "postgresql+psycopg"
