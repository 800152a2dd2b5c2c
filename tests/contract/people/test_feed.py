"""Every `FeedStore`: the feed in order of commits, and the counts."""

from datetime import timedelta

from service.store.ports.feed import FeedEntry, PairCount
from service.store.ports.personas import ChangeCause
from service.store.ports.store import Store
from service.store.ports.users import AssignmentUpdate
from tests.contract.support.clocks import SettableClock
from tests.contract.support.records import NEW, NOW, OLD, assigned

LATER = NOW + timedelta(days=1)


def feed(store: Store, after: int = 0) -> list[FeedEntry]:
    entries = store.feed.entries(after, 100)
    assert entries is not None
    return list(entries)


def reassign(store: Store, persona_ids: dict[str, str]) -> None:
    updates = [AssignmentUpdate(user_id, 1, assigned(persona, NEW)) for user_id, persona in persona_ids.items()]
    assert store.users.update_assignments(updates) == len(updates)


def test_feed_has_each_change_of_a_persona_in_order_page_by_page(store: Store) -> None:
    assert (feed(store), store.feed.latest()) == ([], 0)
    store.users.put("u", "{}", NOW, assigned("p_1"))
    store.users.put("u", "{}", NOW, assigned("p_1"))
    store.users.update_assignments([AssignmentUpdate("u", 2, assigned("p_2"))], ChangeCause.MANUAL)
    store.users.opt_out("u", NOW)
    entries = feed(store)
    assert [(entry.user_id, entry.cause, entry.from_persona_id, entry.to_persona_id) for entry in entries] == [
        ("u", ChangeCause.PROFILE_CHANGED, None, "p_1"),
        ("u", ChangeCause.MANUAL, "p_1", "p_2"),
        ("u", ChangeCause.OPTED_OUT, "p_2", None),
    ]
    assert [entry.id for entry in entries] == sorted({entry.id for entry in entries})
    assert store.feed.entries(entries[0].id, 1) == [entries[1]]
    assert store.feed.latest() == entries[-1].id


def test_what_a_new_model_changes_is_one_entry_with_counts_by_pair(store: Store) -> None:
    for user_id in ("a", "b", "c", "d"):
        store.users.put(user_id, "{}", NOW, None if user_id == "d" else assigned("p_1"))
    before = store.feed.latest()
    reassign(store, {"a": "p_2"})
    reassign(store, {"b": "p_2", "c": "p_1", "d": "p_1"})
    assert feed(store, before) == []
    assert store.feed.record_model_change(LATER) == 2
    first, second = feed(store, before)
    assert (first.from_model_version, first.counts) == ("", (PairCount(None, "p_1", 1),))
    assert (second.user_id, second.cause, second.at) == (None, ChangeCause.MODEL_CHANGED, LATER)
    assert (second.from_model_version, second.to_model_version) == (OLD, NEW)
    assert second.counts == (PairCount("p_1", "p_1", 1), PairCount("p_1", "p_2", 2))
    assert store.feed.record_model_change(LATER) == 0
    assert feed(store, second.id) == []


def test_users_who_are_assigned_twice_by_one_model_are_counted_once(store: Store) -> None:
    store.users.put("u", "{}", NOW, assigned("p_1"))
    reassign(store, {"u": "p_2"})
    reassign(store, {"u": "p_2"})
    assert store.feed.record_model_change(NOW) == 1
    reassign(store, {"u": "p_2"})
    assert store.feed.record_model_change(NOW) == 0
    assert feed(store)[-1].counts == (PairCount("p_1", "p_2", 1),)


def test_history_of_a_user_has_what_a_new_model_changed(store: Store) -> None:
    store.users.put("u", "{}", NOW, assigned("p_1"))
    reassign(store, {"u": "p_2"})
    store.feed.record_model_change(NOW)
    assert [change.cause for change in store.personas.changes("u", 10)] == [
        ChangeCause.MODEL_CHANGED,
        ChangeCause.PROFILE_CHANGED,
    ]


def test_cursor_before_removed_entries_has_expired(store: Store, clock: SettableClock) -> None:
    for number in range(4):
        store.users.put(f"u{number}", "{}", NOW + timedelta(seconds=number), assigned("p_1"))
    entries = feed(store)
    clock.at = NOW + timedelta(seconds=10)
    assert store.personas.remove_changes(8.5, 10) == 2
    assert store.feed.entries(0, 10) is None
    assert store.feed.entries(entries[0].id, 10) is None
    assert feed(store, entries[1].id) == entries[2:]


def test_removing_what_is_in_no_feed_expires_no_cursor(store: Store, clock: SettableClock) -> None:
    store.users.put("u", "{}", NOW, None)
    reassign(store, {"u": "p_1"})
    store.users.put("v", "{}", LATER, assigned("p_1"))
    clock.at = LATER
    assert store.personas.remove_changes(60.0, 10) == 1
    assert [entry.user_id for entry in feed(store)] == ["v"]


def test_erased_entries_expire_no_cursor(store: Store) -> None:
    for user_id in ("u", "v"):
        store.users.put(user_id, "{}", NOW, assigned("p_1"))
    store.rights.erase("u", NOW)
    assert [(entry.user_id, entry.cause) for entry in feed(store)] == [
        ("v", ChangeCause.PROFILE_CHANGED),
        ("u", ChangeCause.ERASED),
    ]


def test_movements_are_counted_by_day_cause_and_pair(store: Store) -> None:
    for user_id in ("a", "b"):
        store.users.put(user_id, "{}", NOW, assigned("p_1"))
    store.users.put("a", "{}", LATER, assigned("p_2"))
    moves = store.feed.movements(NOW.date(), LATER.date())
    assert [(move.day, move.cause, move.from_persona_id, move.to_persona_id, move.users) for move in moves] == [
        (NOW.date(), ChangeCause.PROFILE_CHANGED, None, "p_1", 2),
        (LATER.date(), ChangeCause.PROFILE_CHANGED, "p_1", "p_2", 1),
    ]
    assert store.feed.movements(LATER.date(), LATER.date()) == moves[1:]
    assert store.feed.movements(LATER.date(), NOW.date()) == []
