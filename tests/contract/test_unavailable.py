"""A database that is missing, silent, locked or broken: calls raise `StoreUnavailable` soon, until it is back.

The two parametrised tests and the one of a frozen server call every method of every port (`every_method`).
"""

import os
import signal
import socket
import sqlite3
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import delete, func, select

from service.store.ports.errors import SchemaNotCurrent, StoreUnavailable, UnusableDatabaseUrl, WouldBlock
from service.store.sql.connections.engine import parse_url
from service.store.sql.migrate import migrate
from service.store.sql.store import SqlStore
from service.store.sql.tables import users
from tests.contract.support.every_method import CALLS, declared_methods
from tests.contract.support.records import NOW

SECRET = "her hobby"
PATIENCE = 1.0
# The test machine is shared, and slow at times.
SOON = PATIENCE + 2.0


@pytest.fixture(scope="module")
def closed_port_url() -> str:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    return f"postgresql://anne:hunter2@127.0.0.1:{port}/segments"


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


def unavailable_within(seconds: float, call: Callable[[], object]) -> StoreUnavailable:
    started = time.monotonic()
    with pytest.raises(StoreUnavailable) as raised:
        call()
    assert time.monotonic() - started < seconds
    return raised.value


def test_every_method_of_every_port_has_a_call() -> None:
    assert set(CALLS) == set(declared_methods())


def test_every_call_succeeds_while_the_database_responds(sql_store: SqlStore) -> None:
    for method, call in CALLS.items():
        if method == "users.assignments_nowait" and not sql_store.database.is_sqlite:
            with pytest.raises(WouldBlock):
                call(sql_store)
        else:
            call(sql_store)


@pytest.mark.parametrize("method", CALLS)
def test_every_method_is_unavailable_while_nothing_listens_on_the_port(closed_port_url: str, method: str) -> None:
    with opened(closed_port_url) as store:
        error = unavailable_within(SOON, lambda: CALLS[method](store))
    assert "hunter2" not in "".join(traceback.format_exception(error))


@pytest.mark.parametrize("method", CALLS)
def test_every_method_is_unavailable_while_a_folder_is_in_the_files_place(tmp_path: Path, method: str) -> None:
    with opened(f"sqlite:///{tmp_path}") as store:
        unavailable_within(SOON, lambda: CALLS[method](store))


def test_database_without_tables_says_how_to_create_them(database_url: str) -> None:
    with opened(database_url) as store:
        with pytest.raises(SchemaNotCurrent, match="python -m service migrate"):
            store.check()
        with pytest.raises(StoreUnavailable):
            store.users.get("u")


def test_error_and_its_causes_contain_no_value(database_url: str) -> None:
    with opened(database_url) as store:
        error = unavailable_within(SOON, lambda: store.users.put(SECRET, SECRET, NOW, None))
    assert error.__cause__ is not None
    assert SECRET not in "".join(traceback.format_exception(error))


def test_sqlite_files_are_for_this_user_alone(sqlite_url: str) -> None:
    migrate(sqlite_url)
    with opened(sqlite_url) as store:
        store.users.put("u", "{}", NOW, None)
        folder = Path(parse_url(sqlite_url).database or "").parent
        modes = {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()}
    assert modes == dict.fromkeys(["segments.db", "segments.db-wal", "segments.db-shm"], 0o600)


def test_store_works_once_its_folder_can_be_created(tmp_path: Path) -> None:
    obstacle = tmp_path / "file"
    obstacle.touch()
    url = f"sqlite:///{obstacle}/folder/segments.db"
    with opened(url) as store:
        assert "Not a directory" in str(unavailable_within(SOON, store.check))
        with pytest.raises(StoreUnavailable, match="Not a directory"):
            migrate(url)
        obstacle.unlink()
        migrate(url)
        store.check()


def test_store_is_unavailable_while_its_file_is_not_a_database(tmp_path: Path) -> None:
    (tmp_path / "segments.db").write_text("not a database, however long " * 100)
    with opened(f"sqlite:///{tmp_path}/segments.db") as store:
        for call in (store.check, lambda: store.users.put("u", "{}", NOW, None)):
            assert "SQLITE_NOTADB" in str(unavailable_within(SOON, call))


def test_locked_sqlite_file_refuses_writes_and_serves_reads(sqlite_url: str) -> None:
    migrate(sqlite_url)
    with opened(sqlite_url) as store, closing(sqlite3.connect(parse_url(sqlite_url).database or "")) as other:
        store.users.put("u", "{}", NOW, None)
        other.execute("BEGIN IMMEDIATE")
        with ThreadPoolExecutor(4) as pool:
            waits = [pool.submit(store.users.put, f"u{n}", "{}", NOW, None) for n in range(4)]
            assert store.users.count() == 1
            for wait in waits:
                unavailable_within(SOON, wait.result)
        other.rollback()
        assert store.users.put("u", "{}", NOW, None).revision == 2


def test_sqlite_transaction_locks_before_it_reads(sqlite_url: str) -> None:
    migrate(sqlite_url)
    with opened(sqlite_url) as store, store.database.writing() as connection, opened(sqlite_url) as other:
        before = connection.execute(select(func.count()).select_from(users)).scalar_one()
        unavailable_within(SOON, lambda: other.users.put("u", "{}", NOW, None))
        connection.execute(delete(users))
    assert before == 0


def test_sqlite_commits_to_disk(sqlite_url: str) -> None:
    migrate(sqlite_url)
    with opened(sqlite_url) as store, store.database.reading() as connection:
        pragmas = ("journal_mode", "synchronous", "foreign_keys")
        settings = [connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in pragmas]
    assert settings == ["wal", 2, 1]


def test_store_is_unavailable_while_the_server_does_not_respond() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with opened(f"postgresql://anne@127.0.0.1:{port}/segments") as store:
            # libpq waits for two seconds at least.
            unavailable_within(SOON + 1, store.check)


def test_every_method_is_unavailable_while_the_server_is_frozen(impatient: SqlStore, postgres_server: Any) -> None:
    with frozen(postgres_server), ThreadPoolExecutor(len(CALLS)) as pool:
        started = time.monotonic()
        calls = {name: pool.submit(call, impatient) for name, call in CALLS.items()}
        outcomes = {name: isinstance(call.exception(), StoreUnavailable) for name, call in calls.items()}
        assert outcomes == dict.fromkeys(CALLS, True)
        assert time.monotonic() - started < SOON + 3
    assert impatient.users.get("u") is not None


def test_frozen_server_delays_no_caller_beyond_the_time_limit(impatient: SqlStore, postgres_server: Any) -> None:
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
    return [int(child) for children in lists for child in children.read_text().split()]


def test_locked_row_refuses_writes_and_serves_reads(impatient: SqlStore, postgres_url: str) -> None:
    with closing(psycopg.connect(postgres_url)) as other:
        other.execute("SELECT * FROM users FOR UPDATE")
        error = unavailable_within(SOON, lambda: impatient.users.put("u", "{}", NOW, None))
        assert "LockNotAvailable" in str(error)
        assert impatient.users.get("u") is not None
    assert impatient.users.put("u", "{}", NOW, None).revision == 2


def test_slow_statement_is_cancelled(impatient: SqlStore) -> None:
    def sleep() -> None:
        with impatient.database.reading() as connection:
            connection.exec_driver_sql("SELECT pg_sleep(60)")

    assert "QueryCanceled" in str(unavailable_within(SOON, sleep))


def test_dropped_connections_are_replaced(impatient: SqlStore, postgres_url: str) -> None:
    with psycopg.connect(postgres_url) as other:
        mine = "pid <> pg_backend_pid() AND datname = current_database()"
        other.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {mine}")
    assert impatient.users.get("u") is not None
    assert impatient.users.put("u", "{}", NOW, None).revision == 2


def test_session_options_in_the_url_win(postgres_url: str) -> None:
    url = f"{postgres_url}&options=-c%20lock_timeout%3D77ms"
    with opened(url) as store, store.database.reading() as connection:
        names = ("lock_timeout", "statement_timeout", "timezone")
        settings = [connection.exec_driver_sql(f"SHOW {name}").scalar_one() for name in names]
    assert settings == ["77ms", "800ms", "UTC"]


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
def test_unusable_url_is_refused_with_examples(url: str) -> None:
    with pytest.raises(UnusableDatabaseUrl, match=r"sqlite:///data/segments\.db") as raised:
        SqlStore(url)
    assert "hunter2" not in "".join(traceback.format_exception(raised.value))


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg", "postgresql+psycopg2"])
def test_every_usual_scheme_of_postgresql_is_accepted(scheme: str) -> None:
    assert parse_url(f"{scheme}://anne:pw@host/segments").drivername == "postgresql+psycopg"
