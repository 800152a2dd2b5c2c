"""`put_many`: the same as one `put` after the other, in one transaction."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from service.store.ports.errors import NotStorable
from service.store.ports.store import Store
from service.store.ports.users import StoredUser, UserErased
from tests.contract.support.clocks import SettableClock, memory_store
from tests.contract.support.records import NOW, assigned, stored_user

LATER = NOW + timedelta(hours=1)
ASSIGNED, OTHER = assigned("p_1"), assigned("p_2")


def _prepared(store: Store) -> None:
    """Users of every kind that a write may meet."""
    store.users.put("stored", '{"age": 30}', NOW, ASSIGNED)
    store.users.put("with recipients", '{"age": 31}', NOW, ASSIGNED)
    store.users.put_recipient("with recipients", "mother", "{}", NOW)
    store.users.put("objects", '{"age": 32}', NOW, ASSIGNED)
    store.users.opt_out("objects", NOW)
    store.users.put("erased", "{}", NOW, ASSIGNED)
    store.rights.erase("erased", NOW)


def _writes(strangers: int) -> list[StoredUser]:
    prepared = ["stored", "with recipients", "objects", "erased"]
    others = [f"new {number}" for number in range(strangers)]
    first = [stored_user(user_id, '{"age": 40}', 7, LATER, ASSIGNED) for user_id in (*prepared, *others)]
    # Again, with another persona, and one without any.
    again = [stored_user(user_id, '{"age": 41}', 7, LATER, OTHER) for user_id in ("new 0", "stored", "erased")]
    return [*first, *again, stored_user("unassigned", "{}", 7, LATER, None)]


def _one_by_one(store: Store, writes: Sequence[StoredUser]) -> list[StoredUser | type[UserErased]]:
    results: list[StoredUser | type[UserErased]] = []
    for user in writes:
        try:
            results.append(
                store.users.put(user.user_id, user.profile_json or "", user.profile_updated_at, user.assignment)
            )
        except UserErased:
            results.append(UserErased)
    return results


def _feed(store: Store) -> list[tuple[str, str | None, str | None]]:
    changes = store.personas.changes("stored", 10) + store.personas.changes("new 0", 10)
    return [(change.user_id, change.from_persona_id, change.to_persona_id) for change in changes]


# Stores may write few and many users by different statements.
@pytest.mark.parametrize("strangers", [1, 30])
def test_many_writes_are_the_same_as_one_after_the_other(
    store: Store, clock: SettableClock, strangers: int
) -> None:
    single = memory_store(clock)
    writes = _writes(strangers)
    _prepared(store)
    _prepared(single)
    results = store.users.put_many(writes)
    expected = _one_by_one(single, writes)
    assert [UserErased if isinstance(result, UserErased) else result for result in results] == expected
    assert list(store.users.iterate(100)) == list(single.users.iterate(100))
    assert store.feed.users_by_persona() == single.feed.users_by_persona() == store.feed.counted_from_scratch()


@pytest.mark.parametrize("strangers", [1, 30])
def test_history_of_a_user_written_twice_at_once_has_both_changes(store: Store, strangers: int) -> None:
    _prepared(store)
    store.users.put_many(_writes(strangers))
    # The latest first; the first persona of a user is a change from none.
    assert _feed(store) == [
        ("stored", "p_1", "p_2"),
        ("stored", None, "p_1"),
        ("new 0", "p_1", "p_2"),
        ("new 0", None, "p_1"),
    ]


def test_text_that_cannot_be_stored_stores_none_of_many(store: Store) -> None:
    writes = [*_writes(30), stored_user("nul", '"\0"', 1, NOW, None)]
    with pytest.raises(NotStorable):
        store.users.put_many(writes)
    assert store.users.count() == 0
