"""Group commit: writes in order, errors isolated, results reported once durable."""

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import NoReturn

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, event, text

from service.store.memory.store import MemoryStore
from service.store.ports.errors import NotStorable, StoreError, StoreUnavailable
from service.store.ports.store import Store
from service.store.ports.users import AssignmentUpdate, StoredUser
from service.store.sql.connections.deadline import within
from service.store.sql.connections.engine import parse_url, writing
from service.store.sql.connections.group_commit import GroupCommit, outcome_of
from service.store.sql.migrate import migrate
from service.store.sql.store import SqlStore
from testkit.waiting import eventually
from tests.contract.support.records import assigned, queued_job, stored_user

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


def submit_refused(store: SqlStore, user_id: str) -> Future[StoredUser]:
    """A write that the database refuses: it has no time."""
    user = replace(stored_user(user_id, "{}", 1, NOW, None), profile_updated_at=None)  # type: ignore[arg-type]
    return store.users.writers.submit(user)


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
        failing = submit_refused(sqlite_store, "refused")
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

    def slow(_: Connection, names: Sequence[str]) -> Sequence[str]:
        begun.set()
        go_on.wait()
        return [f"{name} done" for name in names]

    def call() -> str:
        with within(0.01):
            return outcome_of(group_commit.submit("it"))

    group_commit = GroupCommit(writing, slow)
    with ThreadPoolExecutor(1) as pool:
        result = pool.submit(call)
        begun.wait()
        with pytest.raises(TimeoutError):
            result.result(timeout=0.1)
        go_on.set()
        assert result.result() == "it done"
    group_commit.close()


def test_cancelled_write_is_not_performed(sqlite_store: SqlStore, sqlite_url: str) -> None:
    with locked(sqlite_url):
        submit(sqlite_store, "u")
        cancelled = submit(sqlite_store, "cancelled")
        assert cancelled.cancel()
    sqlite_store.close()
    assert sqlite_store.users.count() == 1


# --- PostgreSQL: many users in one statement -------------------------------------------------------


@pytest.fixture
def postgres_store(postgres_url: str) -> Iterator[SqlStore]:
    migrate(postgres_url)
    store = SqlStore(postgres_url, patience=PATIENCE * 5)
    yield store
    store.close()


@contextmanager
def user_locked(store: SqlStore, user_id: str) -> Iterator[None]:
    """Another connection holds a user, and so the group commit that writes it."""
    with store.database.engine.connect() as other:
        other.execute(text("SELECT 1 FROM users WHERE user_id = :user_id FOR UPDATE"), {"user_id": user_id})
        yield
        other.rollback()


def submitted_as_group(store: SqlStore, writes: Sequence[tuple[str, str]]) -> list[StoredUser]:
    """Users after writes (id, persona) in one group."""
    store.users.put("held", "{}", NOW, None)
    with user_locked(store, "held"):
        first = submit(store, "held")
        # Until the first write waits for its row, the others would be in its group, or in several.
        eventually(first.running)
        submitted = [
            store.users.submit(user_id, f'"{index}"', NOW, assigned(persona_id))
            for index, (user_id, persona_id) in enumerate(writes)
        ]
    wait([first, *submitted])
    return [write.result() for write in submitted]


def test_concurrent_writes_to_postgresql_are_grouped(postgres_store: SqlStore) -> None:
    commits: list[str] = []
    event.listen(postgres_store.writer.engine, "commit", lambda _: commits.append("commit"))
    stored = submitted_as_group(postgres_store, [(f"u{number}", "p") for number in range(64)])
    assert [user.revision for user in stored] == [1] * 64
    # That of the user that is held, at its creation and then, and that of all others.
    assert len(commits) == 3


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abcé😀"), st.sampled_from("pq")), min_size=1, max_size=12))
def test_grouped_writes_equal_writes_one_after_the_other(
    postgres_store: SqlStore, writes: list[tuple[str, str]]
) -> None:
    with writing(postgres_store.database.engine).begin() as connection:
        connection.execute(text("TRUNCATE users, persona_changes"))
    alone = MemoryStore()
    alone.users.put("a", "{}", NOW, assigned("q"))
    postgres_store.users.put("a", "{}", NOW, assigned("q"))
    one_by_one = [
        alone.users.put(user_id, f'"{index}"', NOW, assigned(persona_id))
        for index, (user_id, persona_id) in enumerate(writes)
    ]
    assert submitted_as_group(postgres_store, writes) == one_by_one
    for user_id, _ in writes:
        assert postgres_store.users.get(user_id) == alone.users.get(user_id)
        changes = [replace(change, id=0) for change in postgres_store.personas.changes(user_id, 100)]
        assert changes == [replace(change, id=0) for change in alone.personas.changes(user_id, 100)]


def test_every_column_of_an_assignment_is_stored_by_a_group_commit(postgres_store: SqlStore) -> None:
    assignment = assigned(
        "p",
        manual=True,
        answered_count=3,
        unknown_count=70_000,
        confidence=0.1,
        runner_up_id="q",
        margin=1e-9,
        settled=1.0,
        typicality=0.0,
        chosen_persona_id="r",
    )
    writes = [postgres_store.users.submit(f"u{n}", "{}", NOW, assignment if n % 2 else None) for n in range(8)]
    for number, write in enumerate(writes):
        assert write.result() == postgres_store.users.get(f"u{number}")
        assert write.result().assignment == (assignment if number % 2 else None)


def test_refused_write_to_postgresql_does_not_affect_the_others_of_its_group(postgres_store: SqlStore) -> None:
    postgres_store.users.put("held", "{}", NOW, None)
    with user_locked(postgres_store, "held"):
        writes = [submit(postgres_store, "held"), submit(postgres_store, "u1")]
        refused = submit_refused(postgres_store, "u2")
        writes.append(submit(postgres_store, "u3"))
    assert [write.result().revision for write in writes] == [2, 1, 1]
    with pytest.raises(StoreError, match="refused"):
        refused.result()


def test_user_that_another_transaction_holds_fails_alone(postgres_store: SqlStore) -> None:
    postgres_store.users.put("held", "{}", NOW, None)
    with user_locked(postgres_store, "held"):
        held, free = submit(postgres_store, "held"), submit(postgres_store, "free")
        assert free.result().revision == 1
        with pytest.raises(StoreUnavailable):
            held.result()


def test_reads_heartbeats_and_leases_go_on_while_every_writer_waits(postgres_store: SqlStore) -> None:
    postgres_store.users.put("held", "{}", NOW, None)
    job = postgres_store.jobs.start(queued_job())
    update = [AssignmentUpdate("held", 1, assigned("p"))]
    with ThreadPoolExecutor(40) as pool, user_locked(postgres_store, "held"):
        blocked: list[Future[object]] = [
            pool.submit(postgres_store.users.update_assignments, update) for _ in range(32)
        ]
        blocked += [pool.submit(postgres_store.users.put, "held", "{}", NOW, None) for _ in range(8)]
        eventually(lambda: postgres_store.database.engine.pool.checkedout() > 2)  # type: ignore[attr-defined]
        with within(PATIENCE):
            assert postgres_store.users.count() == 1
            assert postgres_store.jobs.heartbeat(job.id, "me", "reading", 0.1).progress == 0.1
            assert postgres_store.leases.take("work", "me", 1.0) is not None
            assert postgres_store.jobs.expire(60.0, "lost") == []
        assert not any(write.done() for write in blocked[:32])
    wait(blocked)
