"""Group commit: writes in order, errors isolated, results reported once durable."""

import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from typing import NoReturn

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, event

from service.store.ports.errors import NotStorable, StoreError, StoreUnavailable
from service.store.ports.store import Store
from service.store.ports.users import StoredUser
from service.store.sql.connections.deadline import within
from service.store.sql.connections.engine import parse_url
from service.store.sql.connections.group_commit import GroupCommit, outcome_of
from service.store.sql.migrate import migrate
from service.store.sql.store import SqlStore
from tests.contract.support.records import stored_user

NOW = datetime(2026, 11, 1, tzinfo=UTC)
PATIENCE = 1.0


@pytest.fixture
def sqlite_store(sqlite_url: str) -> Iterator[SqlStore]:
    migrate(sqlite_url)
    store = SqlStore(sqlite_url, patience=PATIENCE)
    yield store
    store.close()


@pytest.fixture
def commits(sqlite_store: SqlStore) -> list[str]:
    """Grows by one for each commit."""
    commits: list[str] = []
    event.listen(sqlite_store.database.engine, "commit", lambda _: commits.append("commit"))
    return commits


@contextmanager
def locked(url: str) -> Iterator[None]:
    """Another connection holds the write lock."""
    with closing(sqlite3.connect(parse_url(url).database or "")) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.rollback()


def submit(store: Store, user_id: str, profile_json: str = "{}") -> Future[StoredUser]:
    return store.users.submit(user_id, profile_json, NOW, None)


def refuse(connection: Connection) -> NoReturn:
    """A write that changes something before the database refuses it."""
    connection.exec_driver_sql("UPDATE users SET profile_json = 'half'")
    connection.exec_driver_sql("INSERT INTO users (user_id) VALUES ('nothing else')")
    raise AssertionError("A profile is needed.")


def test_submitted_write_is_stored_before_it_is_reported(store: Store) -> None:
    stored = submit(store, "u").result(timeout=30)
    assert stored == store.users.get("u") == stored_user("u", "{}", 1, NOW, None)
    assert store.users.put("u", "{}", NOW, None).revision == 2


def test_submit_refuses_an_impossible_id_at_once(store: Store) -> None:
    with pytest.raises(NotStorable):
        submit(store, "nul\0")


def test_closed_store_accepts_writes_again(store: Store) -> None:
    submit(store, "u").result(timeout=30)
    store.close()
    assert submit(store, "v").result(timeout=30).revision == 1


def test_close_performs_the_submitted_writes(sqlite_store: SqlStore) -> None:
    writes = [submit(sqlite_store, f"u{number}") for number in range(100)]
    sqlite_store.close()
    assert all(write.done() for write in writes)
    assert sqlite_store.users.count() == 100


def test_waiting_writes_share_a_commit(sqlite_store: SqlStore, sqlite_url: str, commits: list[str]) -> None:
    with locked(sqlite_url):
        writes = [submit(sqlite_store, f"u{number}") for number in range(64)]
    wait(writes)
    assert [write.result().revision for write in writes] == [1] * 64
    assert len(commits) == 1


def test_concurrent_writes_get_revisions_of_their_own(sqlite_store: SqlStore) -> None:
    start = threading.Barrier(64)

    def write(number: int) -> int:
        start.wait()
        return sqlite_store.users.put(f"u{number % 2}", "{}", NOW, None).revision

    with ThreadPoolExecutor(64) as pool:
        assert sorted(pool.map(write, range(64))) == sorted([*range(1, 33)] * 2)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=30))
def test_writes_of_one_user_happen_in_order_of_submission(sqlite_store: SqlStore, users: list[str]) -> None:
    before = {user_id: user.revision for user_id, user in sqlite_store.users.get_many("abc").items()}
    writes = [(user, submit(sqlite_store, user, f'"{index}"')) for index, user in enumerate(users)]
    for user in set(users):
        revisions = [write.result().revision for writer, write in writes if writer == user]
        first = before.get(user, 0) + 1
        assert revisions == list(range(first, first + len(revisions)))
        last = max(index for index, writer in enumerate(users) if writer == user)
        stored = sqlite_store.users.get(user)
        assert stored is not None
        assert stored.profile_json == f'"{last}"'


def test_failing_write_does_not_affect_the_others(sqlite_store: SqlStore, sqlite_url: str) -> None:
    sqlite_store.users.put("u0", "{}", NOW, None)
    with locked(sqlite_url), within(PATIENCE):
        before = submit(sqlite_store, "u1")
        failing = sqlite_store.users.writers.submit(refuse)
        after = submit(sqlite_store, "u2")
    assert [before.result().revision, after.result().revision] == [1, 1]
    with pytest.raises(StoreError, match="refused"):
        failing.result()
    texts = [user.profile_json for batch in sqlite_store.users.iterate(10) for user in batch]
    assert texts == ["{}"] * 3


def test_failing_commit_fails_every_write_in_it(sqlite_store: SqlStore, sqlite_url: str) -> None:
    def refuse_commit(connection: Connection) -> NoReturn:
        raise sqlite3.OperationalError("disk I/O error")

    event.listen(sqlite_store.database.engine, "commit", refuse_commit)
    with locked(sqlite_url):
        writes = [submit(sqlite_store, f"u{number}") for number in range(3)]
    for write in writes:
        with pytest.raises(StoreUnavailable):
            write.result()
    event.remove(sqlite_store.database.engine, "commit", refuse_commit)
    assert sqlite_store.users.count() == 0
    assert submit(sqlite_store, "u0").result().revision == 1


def test_write_is_dropped_after_its_deadline(sqlite_store: SqlStore, sqlite_url: str) -> None:
    with locked(sqlite_url):
        patient = submit(sqlite_store, "patient")
        with within(0.05), pytest.raises(StoreUnavailable):
            outcome_of(submit(sqlite_store, "hasty"))
    assert patient.result().revision == 1
    assert sqlite_store.users.get("hasty") is None


def test_every_write_fails_at_its_own_deadline(sqlite_store: SqlStore, sqlite_url: str) -> None:
    with locked(sqlite_url):
        for write in [submit(sqlite_store, f"u{number}") for number in range(5)]:
            with pytest.raises(StoreUnavailable):
                write.result(timeout=PATIENCE + 2)
    assert sqlite_store.users.count() == 0


def test_write_that_has_begun_is_awaited_beyond_its_deadline() -> None:
    begun, go_on = threading.Event(), threading.Event()

    @contextmanager
    def writing() -> Iterator[Connection]:
        yield None  # type: ignore[misc]

    def slow(_: Connection) -> str:
        begun.set()
        go_on.wait()
        return "done"

    def call() -> str:
        with within(0.01):
            return outcome_of(group_commit.submit(slow))

    group_commit = GroupCommit(writing)
    with ThreadPoolExecutor(1) as pool:
        result = pool.submit(call)
        begun.wait()
        with pytest.raises(TimeoutError):
            result.result(timeout=0.1)
        go_on.set()
        assert result.result() == "done"
    group_commit.close()


def test_cancelled_write_is_not_performed(sqlite_store: SqlStore, sqlite_url: str) -> None:
    with locked(sqlite_url):
        submit(sqlite_store, "u")
        cancelled = submit(sqlite_store, "cancelled")
        assert cancelled.cancel()
    sqlite_store.close()
    assert sqlite_store.users.count() == 1
