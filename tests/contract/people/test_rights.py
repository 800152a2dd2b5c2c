"""Every `RightsStore`: erasure, tombstones, retention."""

from datetime import timedelta

import pytest

from service.store.ports.errors import NotStorable
from service.store.ports.personas import ChangeCause
from service.store.ports.store import Store
from service.store.ports.users import AssignmentUpdate, UserErased
from tests.contract.support.clocks import SettableClock
from tests.contract.support.records import NEW, NOW, assigned

SECOND = timedelta(seconds=1)
DAY = 86_400.0


def fill(store: Store, user_id: str = "u") -> None:
    """Store a profile, two recipients, and a history of three changes."""
    store.users.put(user_id, '{"age": 30}', NOW, assigned("p_1"))
    store.users.put(user_id, '{"age": 40}', NOW, assigned("p_2"))
    for recipient_id in ("r", "s"):
        store.users.put_recipient(user_id, recipient_id, '{"age": 9}', NOW)
    store.users.update_assignments([AssignmentUpdate(user_id, 4, assigned("p_3", NEW))])


def notices(store: Store) -> list[str | None]:
    entries = store.feed.entries(0, 100) or ()
    return [entry.user_id for entry in entries if entry.cause is ChangeCause.ERASED]


@pytest.mark.parametrize("notice", [True, False], ids=["with a notice", "without a notice"])
def test_erasure_removes_everything_of_a_user_alone(store: Store, notice: bool) -> None:
    fill(store)
    fill(store, "other")
    assert store.rights.erase("u", NOW + SECOND, notice)
    assert (store.users.get("u"), store.users.recipients(["u"]), store.users.count()) == (None, {}, 1)
    assert [user.user_id for batch in store.users.iterate(10) for user in batch] == ["other"]
    assert store.feed.users_by_persona() == store.feed.counted_from_scratch() == {"p_3": 1}
    assert [change.cause for change in store.personas.changes("u", 10)] == [ChangeCause.ERASED] * notice
    assert len(store.personas.changes("other", 10)) == 3
    assert notices(store) == ["u"] * notice
    assert store.users.members("p_3", "", 10) == [store.users.get("other")]


def test_notice_names_neither_personas_nor_models(store: Store) -> None:
    fill(store)
    store.rights.erase("u", NOW + SECOND)
    (entry,) = store.feed.entries(0, 10) or ()
    assert (entry.user_id, entry.at, entry.from_persona_id, entry.to_persona_id) == ("u", NOW + SECOND, None, None)
    assert (entry.from_model_version, entry.to_model_version, entry.counts) == ("", "", None)


def test_erasure_counts_as_a_movement_out_of_the_persona(store: Store) -> None:
    fill(store)
    store.rights.erase("u", NOW)
    erased = [move for move in store.feed.movements(NOW.date(), NOW.date()) if move.cause is ChangeCause.ERASED]
    assert [(move.from_persona_id, move.to_persona_id, move.users) for move in erased] == [("p_3", None, 1)]


def test_repeated_erasure_changes_nothing(store: Store) -> None:
    fill(store)
    assert store.rights.erase("u", NOW)
    entries = store.feed.entries(0, 10)
    assert not store.rights.erase("u", NOW + SECOND)
    assert store.feed.entries(0, 10) == entries
    assert not store.rights.erase("u", NOW + SECOND, notice=False)
    assert notices(store) == []


def test_erasure_of_a_stranger_leaves_a_tombstone_and_no_notice(store: Store) -> None:
    assert not store.rights.erase("u", NOW)
    assert (store.rights.erased(["u", "v", "nul\0"]), notices(store)) == ({"u"}, [])
    with pytest.raises(NotStorable):
        store.rights.erase("line\nbreak", NOW)


def test_erased_user_stays_away_until_the_tombstone_is_removed(store: Store) -> None:
    fill(store)
    store.rights.erase("u", NOW)
    with pytest.raises(UserErased):
        store.users.put("u", "{}", NOW, assigned("p_1"))
    with pytest.raises(UserErased):
        store.users.submit("u", "{}", NOW, None).result(timeout=30)
    assert (store.users.count(), store.feed.users_by_persona()) == (0, {})
    assert store.rights.remove_tombstone("u")
    assert not store.rights.remove_tombstone("u")
    assert not store.rights.remove_tombstone("nul\0")
    assert store.users.put("u", "{}", NOW, assigned("p_1")).revision == 1
    assert (store.rights.erased(["u"]), store.feed.users_by_persona()) == (set(), {"p_1": 1})


def test_objection_goes_with_an_erasure(store: Store) -> None:
    store.users.opt_out("u", NOW)
    assert store.rights.erase("u", NOW)
    assert store.users.get("u") is None


def test_history_of_a_user_who_is_gone_is_erased(store: Store) -> None:
    store.users.put_recipient("u", "r", "{}", NOW)
    store.users.update_assignments([AssignmentUpdate("u", 1, assigned("p_1"))])
    store.users.remove_recipient("u", "r", NOW)
    assert store.rights.erase("u", NOW, notice=False)
    assert store.personas.changes("u", 10) == []


def test_subject_is_one_hash_a_user_and_not_the_id(store: Store) -> None:
    subject = store.rights.subject("u")
    assert subject == store.rights.subject("u") != store.rights.subject("v")
    assert (len(subject), int(subject, 16) > 0) == (64, True)


def test_notices_go_at_their_age_and_end_older_cursors(store: Store, clock: SettableClock) -> None:
    for number in range(3):
        fill(store, f"u{number}")
        store.rights.erase(f"u{number}", NOW + number * SECOND)
    first, second, third = store.feed.entries(0, 10) or ()
    clock.at = NOW + 10 * SECOND
    assert store.rights.remove_notices(8.5, 1) == 1
    assert store.rights.remove_notices(8.5, 10) == 1
    assert store.rights.remove_notices(8.5, 10) == 0
    assert store.feed.entries(first.id, 10) is None
    assert store.feed.entries(second.id, 10) == [third]
    assert store.rights.remove_notices(0.0, 10) == 1
    assert store.feed.latest() == third.id
    assert store.users.put("v", "{}", NOW, assigned("p_1")).revision == 1
    assert store.personas.changes("v", 1)[0].id > third.id


def test_untouched_users_are_removed_the_oldest_first_and_may_come_back(
    store: Store, clock: SettableClock
) -> None:
    for number in range(4):
        store.users.put(f"u{number}", "{}", NOW + number * SECOND, assigned("p_1"))
        store.users.put_recipient(f"u{number}", "r", "{}", NOW + number * SECOND)
    store.users.put_recipient("u0", "r", "{}", NOW + 9 * SECOND)
    clock.at = NOW + 10 * SECOND
    # The oldest are u1, u2 and u3; u3 is not too old.
    assert store.rights.remove_untouched(7.5, 1, clock.at) == 1
    assert set(store.users.get_many(["u0", "u1", "u2", "u3"])) == {"u0", "u2", "u3"}
    assert store.rights.remove_untouched(7.5, 10, clock.at) == 1
    assert store.rights.remove_untouched(7.5, 10, clock.at) == 0
    assert set(store.users.recipients(["u0", "u1", "u2", "u3"])) == {"u0", "u3"}
    assert store.feed.users_by_persona() == store.feed.counted_from_scratch() == {"p_1": 2}
    assert notices(store) == ["u1", "u2"]
    assert [change.cause for change in store.personas.changes("u1", 10)] == [ChangeCause.ERASED]
    assert store.users.put("u1", "{}", NOW, assigned("p_1")).revision == 1


def test_untouched_users_are_removed_without_notices(store: Store, clock: SettableClock) -> None:
    fill(store)
    clock.advance(DAY)
    assert store.rights.remove_untouched(DAY / 2, 10, clock.at, notice=False) == 1
    assert (store.feed.entries(0, 10), store.personas.changes("u", 10)) == ([], [])


def test_objection_outlives_the_answers_of_an_untouched_user(store: Store, clock: SettableClock) -> None:
    fill(store)
    store.users.opt_out("u", NOW)
    clock.advance(DAY)
    assert store.rights.remove_untouched(DAY / 2, 10, clock.at) == 1
    user = store.users.get("u")
    assert user is not None
    assert (user.opted_out, user.profile_json, user.recipient_count, user.assignment) == (True, None, 0, None)
    assert store.users.recipients(["u"]) == {}
    assert store.rights.remove_untouched(DAY / 2, 10, clock.at) == 0
    assert store.users.opt_in("u", clock.at)
    assert store.users.get("u") is None
