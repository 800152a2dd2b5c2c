"""Writers in several processes' stores over one database: the feed skips nothing, and nobody erased comes back."""

import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

import psycopg
import pytest

from service.store.ports.personas import ChangeCause
from service.store.ports.store import Store
from service.store.ports.users import AssignmentUpdate, StoredUser, TooManyRecipients, UserErased
from service.store.sql.store import SqlStore
from tests.contract.support.records import NEW, NOW, assigned, stored_user

WRITERS, ROUNDS = 8, 15
USERS = [f"u{number}" for number in range(12)]
PERSONAS = ["p_1", "p_2", "p_3"]


@pytest.fixture
def workers(emptied_postgres: str) -> Iterator[list[SqlStore]]:
    """Three stores over one database, as three workers have them."""
    with ExitStack() as stack:
        yield [stack.enter_context(opened(emptied_postgres)) for _ in range(3)]


@contextmanager
def opened(url: str) -> Iterator[SqlStore]:
    # However slow the machine.
    store = SqlStore(url, patience=60.0)
    yield store
    store.close()


def random_write(store: Store, rng: random.Random) -> None:
    """One write of any kind of a random user."""
    user_id, persona = rng.choice(USERS), assigned(rng.choice(PERSONAS), rng.choice(["v", NEW]))
    match rng.randrange(10):
        case 0 | 1:
            store.users.put(user_id, "{}", NOW, persona)
        case 2:
            others = rng.choices(USERS, k=5)
            store.users.put_many([stored_user(other, "{}", 1, NOW, persona) for other in others])
        case 3:
            updates = [AssignmentUpdate(user.user_id, user.revision, persona) for user in some(store, rng)]
            store.users.update_assignments(updates, rng.choice([ChangeCause.MODEL_CHANGED, ChangeCause.MANUAL]))
        case 4:
            store.users.put_recipient(user_id, rng.choice("rs"), "{}", NOW)
        case 5:
            store.users.remove_recipient(user_id, rng.choice("rs"), NOW)
        case 6:
            (store.users.opt_out if rng.random() < 0.5 else store.users.opt_in)(user_id, NOW)
        case 7:
            store.rights.erase(user_id, NOW)
            store.rights.remove_tombstone(user_id)
        case 8:
            store.rights.remove_untouched(-1.0, 2, NOW)
        case _:
            store.feed.record_model_change(NOW)


def some(store: Store, rng: random.Random) -> list[StoredUser]:
    return list(store.users.get_many(rng.sample(USERS, 6)).values())


def write(store: Store, seed: int, rounds: int = ROUNDS) -> None:
    rng = random.Random(seed)
    for _ in range(rounds):
        try:
            random_write(store, rng)
        except (UserErased, TooManyRecipients):
            continue


def sizes_by_movements(store: Store) -> Counter[str]:
    sizes: Counter[str] = Counter()
    for move in store.feed.movements(NOW.date(), NOW.date()):
        sizes[move.to_persona_id or ""] += move.users
        sizes[move.from_persona_id or ""] -= move.users
    return Counter({persona: users for persona, users in sizes.items() if persona and users})


def assert_counted(store: Store) -> None:
    counted = store.feed.counted_from_scratch()
    assert store.feed.users_by_persona() == counted
    assert sizes_by_movements(store) == counted


@pytest.mark.parametrize("seed", range(3))
def test_counts_equal_a_scan_after_random_writes(store: Store, seed: int) -> None:
    write(store, seed, 120)
    assert_counted(store)


def test_counts_equal_a_scan_after_concurrent_writes_of_several_workers(workers: list[SqlStore]) -> None:
    with ThreadPoolExecutor(WRITERS) as pool:
        writes = [pool.submit(write, workers[seed % 3], seed) for seed in range(WRITERS)]
        for outcome in writes:
            outcome.result()
    assert_counted(workers[0])
    for user in (user for batch in workers[0].users.iterate(100) for user in batch):
        recipients = workers[0].users.recipients([user.user_id]).get(user.user_id, [])
        assert user.recipient_count == len(recipients)


def test_follower_gets_each_change_once_and_in_order_while_eight_write(workers: list[SqlStore]) -> None:
    """Each user moves from persona to persona; in the feed each user's changes must join without a gap."""
    finished = threading.Event()

    def move(writer: int) -> None:
        store, rng = workers[writer % 3], random.Random(writer)
        for number in range(30):
            user_id = f"{writer}-{rng.randrange(3)}"
            if number % 3:
                store.users.put(user_id, "{}", NOW, assigned(f"{number}"))
            else:
                pair = [
                    stored_user(user, "{}", 1, NOW, assigned(f"{number}")) for user in (user_id, f"{writer}-x")
                ]
                store.users.put_many(pair)

    def follow() -> list[tuple[int, str, str | None, str | None]]:
        followed: list[tuple[int, str, str | None, str | None]] = []
        while True:
            last_round = finished.is_set()
            entries = workers[0].feed.entries(followed[-1][0] if followed else 0, 7) or ()
            followed += [(one.id, str(one.user_id), one.from_persona_id, one.to_persona_id) for one in entries]
            if last_round and not entries:
                return followed

    with ThreadPoolExecutor(WRITERS + 1) as pool:
        follower = pool.submit(follow)
        for outcome in [pool.submit(move, writer) for writer in range(WRITERS)]:
            outcome.result()
        finished.set()
        followed = follower.result()
    assert followed == [
        (one.id, one.user_id, one.from_persona_id, one.to_persona_id)
        for one in workers[1].feed.entries(0, 10_000) or ()
    ]
    assert [one[0] for one in followed] == sorted({one[0] for one in followed})
    personas: dict[str, str | None] = {}
    for _, user_id, before, after in followed:
        assert personas.get(user_id) == before
        personas[user_id] = after
    assert personas == {
        user.user_id: user.assignment and user.assignment.persona_id
        for batch in workers[2].users.iterate(100)
        for user in batch
    }


WRITES = {
    "put": lambda store: store.users.put("u", "{}", NOW, assigned("p_1")),
    "put_many": lambda store: store.users.put_many([stored_user("u", "{}", 1, NOW, assigned("p_1"))]),
    "put_recipient": lambda store: store.users.put_recipient("u", "r", "{}", NOW),
    "opt_out": lambda store: store.users.opt_out("u", NOW),
}


@pytest.mark.parametrize("first", ["write", "erase"])
@pytest.mark.parametrize("kind", WRITES)
def test_write_under_way_during_an_erasure_stores_nothing(
    workers: list[SqlStore], emptied_postgres: str, kind: str, first: str
) -> None:
    """Both have begun, and wait for the feed in either order, when a third transaction ends."""
    calls = {"write": lambda: WRITES[kind](workers[0]), "erase": lambda: workers[1].rights.erase("u", NOW)}
    second = "erase" if first == "write" else "write"
    with ThreadPoolExecutor(2) as pool, psycopg.connect(emptied_postgres) as other:
        other.execute("SELECT pg_advisory_xact_lock(5209341872067)")
        outcomes = {first: pool.submit(calls[first])}
        wait_until_waiting(emptied_postgres, 1)
        outcomes[second] = pool.submit(calls[second])
        wait_until_waiting(emptied_postgres, 2)
        other.rollback()
        assert outcomes["erase"].result() == (first == "write")
    written = outcomes["write"].exception() or outcomes["write"].result()
    refused = isinstance(written, UserErased) or (isinstance(written, list) and isinstance(written[0], UserErased))
    assert refused == (first == "erase")
    assert (workers[2].users.get("u"), workers[2].users.recipients(["u"])) == (None, {})
    assert workers[2].rights.erased(["u"]) == {"u"}
    assert_counted(workers[2])


def test_recipient_of_a_stored_user_is_written_beside_whoever_records_changes(
    emptied_postgres: str, workers: list[SqlStore]
) -> None:
    workers[0].users.put("u", "{}", NOW, assigned("p_1"))
    with ThreadPoolExecutor(1) as pool, psycopg.connect(emptied_postgres) as other:
        other.execute("SELECT pg_advisory_xact_lock(5209341872067)")
        assert pool.submit(workers[0].users.put_recipient, "u", "r", "{}", NOW).result().revision == 1
        written = pool.submit(workers[1].users.put_many, [stored_user("u", "[]", 1, NOW, assigned("p_2"))])
        assert isinstance(written.result()[0], StoredUser)
        stranger = pool.submit(workers[2].users.put_recipient, "stranger", "r", "{}", NOW)
        wait_until_waiting(emptied_postgres, 1)
        other.rollback()
        assert stranger.result().revision == 1
    assert_counted(workers[0])


def wait_until_waiting(url: str, count: int) -> None:
    """Wait until so many transactions wait for a lock."""
    waiting = (
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    )
    with psycopg.connect(url, autocommit=True) as connection:
        for _ in range(1_000):
            if connection.execute(waiting).fetchone() == (count,):
                return
            time.sleep(0.01)
    pytest.fail("nothing waits")


def test_erased_user_never_comes_back_while_others_write_it(workers: list[SqlStore]) -> None:
    for attempt in range(6):
        user_id = f"u{attempt}"
        start = threading.Barrier(WRITERS)

        def write_often(writer: int, user_id: str = user_id, start: threading.Barrier = start) -> None:
            start.wait()
            store = workers[writer % 3]
            for number in range(6):
                try:
                    if writer == 0 and number == 3:
                        store.rights.erase(user_id, NOW)
                    elif writer % 2:
                        store.users.put(user_id, "{}", NOW, assigned(f"p_{number % 2}"))
                    else:
                        store.users.put_recipient(user_id, f"r{number}", "{}", NOW)
                except UserErased:
                    return

        with ThreadPoolExecutor(WRITERS) as pool:
            list(pool.map(write_often, range(WRITERS)))
        assert (workers[0].users.get(user_id), workers[0].users.recipients([user_id])) == (None, {})
        assert [change.cause for change in workers[0].personas.changes(user_id, 10)] in ([], [ChangeCause.ERASED])
    assert_counted(workers[0])
