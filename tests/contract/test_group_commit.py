"""Writes that share commits: in order, each on its own, and durable before anybody hears of them."""

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
from tests.contract.records import stored_user

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
    made: list[str] = []
    event.listen(sqlite_store.database.engine, "commit", lambda _: made.append("commit"))
    return made


@contextmanager
def locked(url: str) -> Iterator[None]:
    """Another process writes."""
    with closing(sqlite3.connect(parse_url(url).database or "")) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.rollback()


def hand_over(store: Store, user_id: str, text: str = "{}") -> Future[StoredUser]:
    return store.users.submit(user_id, text, NOW, None)


def refuse(connection: Connection) -> NoReturn:
    """A write that does something and is then refused by the database."""
    connection.exec_driver_sql("UPDATE users SET profile_json = 'half'")
    connection.exec_driver_sql("INSERT INTO users (user_id) VALUES ('nothing else')")
    raise AssertionError("A profile is needed.")


def test_what_is_handed_over_is_kept_before_it_is_told(store: Store) -> None:
    told = hand_over(store, "u").result(timeout=30)
    assert told == store.users.get("u") == stored_user("u", "{}", 1, NOW, None)
    assert store.users.put("u", "{}", NOW, None).revision == 2


def test_what_no_store_keeps_is_refused_at_once(store: Store) -> None:
    with pytest.raises(NotStorable):
        hand_over(store, "nul\0")


def test_a_store_that_was_closed_takes_writes_again(store: Store) -> None:
    hand_over(store, "u").result(timeout=30)
    store.close()
    assert hand_over(store, "v").result(timeout=30).revision == 1


def test_what_was_handed_over_is_done_before_a_store_closes(sqlite_store: SqlStore) -> None:
    writes = [hand_over(sqlite_store, f"u{number}") for number in range(100)]
    sqlite_store.close()
    assert all(write.done() for write in writes)
    assert sqlite_store.users.count() == 100


def test_writes_that_wait_together_share_a_commit(
    sqlite_store: SqlStore, sqlite_url: str, commits: list[str]
) -> None:
    with locked(sqlite_url):
        writes = [hand_over(sqlite_store, f"u{number}") for number in range(64)]
    wait(writes)
    assert [write.result().revision for write in writes] == [1] * 64
    assert len(commits) == 1


def test_threads_that_write_at_once_each_get_a_revision_of_their_own(sqlite_store: SqlStore) -> None:
    start = threading.Barrier(64)

    def write(number: int) -> int:
        start.wait()
        return sqlite_store.users.put(f"u{number % 2}", "{}", NOW, None).revision

    with ThreadPoolExecutor(64) as pool:
        assert sorted(pool.map(write, range(64))) == sorted([*range(1, 33)] * 2)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=30))
def test_writes_of_one_user_are_done_in_the_order_of_coming(sqlite_store: SqlStore, users: list[str]) -> None:
    before = {user: found.revision for user, found in sqlite_store.users.get_many("abc").items()}
    writes = [(user, hand_over(sqlite_store, user, f'"{place}"')) for place, user in enumerate(users)]
    for user in set(users):
        revisions = [write.result().revision for of, write in writes if of == user]
        first = before.get(user, 0) + 1
        assert revisions == list(range(first, first + len(revisions)))
        last = max(place for place, of in enumerate(users) if of == user)
        kept = sqlite_store.users.get(user)
        assert kept is not None
        assert kept.profile_json == f'"{last}"'


def test_a_write_that_fails_fails_alone(sqlite_store: SqlStore, sqlite_url: str) -> None:
    sqlite_store.users.put("u0", "{}", NOW, None)
    with locked(sqlite_url), within(PATIENCE):
        before = hand_over(sqlite_store, "u1")
        failing = sqlite_store.users.writers.submit(refuse)
        after = hand_over(sqlite_store, "u2")
    assert [before.result().revision, after.result().revision] == [1, 1]
    with pytest.raises(StoreError, match="refused"):
        failing.result()
    texts = [user.profile_json for batch in sqlite_store.users.iterate(10) for user in batch]
    assert texts == ["{}"] * 3


def test_a_commit_that_fails_fails_all_that_share_it(sqlite_store: SqlStore, sqlite_url: str) -> None:
    def refuse_commit(connection: Connection) -> NoReturn:
        raise sqlite3.OperationalError("disk I/O error")

    event.listen(sqlite_store.database.engine, "commit", refuse_commit)
    with locked(sqlite_url):
        writes = [hand_over(sqlite_store, f"u{number}") for number in range(3)]
    for write in writes:
        with pytest.raises(StoreUnavailable):
            write.result()
    event.remove(sqlite_store.database.engine, "commit", refuse_commit)
    assert sqlite_store.users.count() == 0
    assert hand_over(sqlite_store, "u0").result().revision == 1


def test_a_write_whose_time_is_up_before_its_turn_is_not_done(sqlite_store: SqlStore, sqlite_url: str) -> None:
    with locked(sqlite_url):
        patient = hand_over(sqlite_store, "patient")
        with within(0.05), pytest.raises(StoreUnavailable):
            outcome_of(hand_over(sqlite_store, "hasty"))
    assert patient.result().revision == 1
    assert sqlite_store.users.get("hasty") is None


def test_every_write_is_refused_when_its_own_time_is_up(sqlite_store: SqlStore, sqlite_url: str) -> None:
    with locked(sqlite_url):
        for write in [hand_over(sqlite_store, f"u{number}") for number in range(5)]:
            with pytest.raises(StoreUnavailable):
                write.result(timeout=PATIENCE + 2)
    assert sqlite_store.users.count() == 0


def test_a_write_that_was_begun_with_is_waited_for_beyond_its_time() -> None:
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
            return outcome_of(shared.submit(slow))

    shared = GroupCommit(writing)
    with ThreadPoolExecutor(1) as pool:
        told = pool.submit(call)
        begun.wait()
        with pytest.raises(TimeoutError):
            told.result(timeout=0.1)
        go_on.set()
        assert told.result() == "done"
    shared.close()


def test_a_write_that_is_given_up_is_not_done(sqlite_store: SqlStore, sqlite_url: str) -> None:
    with locked(sqlite_url):
        hand_over(sqlite_store, "u")
        given_up = hand_over(sqlite_store, "given up")
        assert given_up.cancel()
    sqlite_store.close()
    assert sqlite_store.users.count() == 1
