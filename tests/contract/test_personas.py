"""Every `PersonaStore`: changes of users' personas, and overrides."""

import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import NoReturn

import pytest

from service.store.ports.personas import ChangeCause, PersonaOverride, PersonaStore
from service.store.ports.store import Store
from service.store.ports.users import AssignmentUpdate
from tests.contract.support.clocks import SettableClock
from tests.contract.support.records import NEW, NOW, OLD, assigned

SECOND = timedelta(seconds=1)
OVERRIDE = PersonaOverride(
    persona_id="p_1", name="Ours 😀", sentence=None, note="a note", revision=1, edited_at=NOW, edited_by="Zoë"
)


def changes(store: Store, user_id: str) -> list[tuple[ChangeCause, str | None, str | None]]:
    return [
        (change.cause, change.from_persona_id, change.to_persona_id)
        for change in store.personas.changes(user_id, 100)
    ]


# --- changes ---------------------------------------------------------------------------------------


ADDED = (ChangeCause.PROFILE_CHANGED, None, "p_1")


def test_first_assignment_is_a_change_from_no_persona(store: Store) -> None:
    store.users.put("u", "{}", NOW, None)
    assert changes(store, "u") == []
    store.users.update_assignments([AssignmentUpdate("u", 1, assigned("p_1"))])
    assert changes(store, "u") == [(ChangeCause.MODEL_CHANGED, None, "p_1")]
    store.users.put("new", "{}", NOW, assigned("p_1"))
    assert changes(store, "new") == [ADDED]


def test_put_with_another_persona_records_a_change_of_the_profile(store: Store) -> None:
    store.users.put("u", "{}", NOW, assigned("p_1"))
    store.users.put("u", "{}", NOW + SECOND, assigned("p_2", NEW))
    change, _ = store.personas.changes("u", 10)
    assert (change.user_id, change.cause, change.changed_at) == ("u", ChangeCause.PROFILE_CHANGED, NOW + SECOND)
    assert (change.from_persona_id, change.to_persona_id) == ("p_1", "p_2")
    assert (change.from_model_version, change.to_model_version) == (OLD, NEW)


def test_another_model_with_the_same_persona_is_not_a_change(store: Store) -> None:
    store.users.put("u", "{}", NOW, assigned("p_1"))
    assert store.users.update_assignments([AssignmentUpdate("u", 1, assigned("p_1", NEW))]) == 1
    assert changes(store, "u") == [ADDED]


@pytest.mark.parametrize("cause", [ChangeCause.MODEL_CHANGED, ChangeCause.MANUAL])
def test_update_to_another_persona_records_a_change_with_its_cause(store: Store, cause: ChangeCause) -> None:
    store.users.put("u", "{}", NOW, assigned("p_1"))
    store.users.update_assignments([AssignmentUpdate("u", 1, assigned("p_2", NEW))], cause)
    assert changes(store, "u") == [(cause, "p_1", "p_2"), ADDED]


def test_void_update_records_no_change(store: Store) -> None:
    store.users.put("u", "{}", NOW, assigned("p_1"))
    assert store.users.update_assignments([AssignmentUpdate("u", 9, assigned("p_2", NEW))]) == 0
    assert changes(store, "u") == [ADDED]


@pytest.mark.parametrize("choice", ["p_2", None], ids=["made", "released"])
def test_choice_of_a_person_is_not_lost_to_a_model_that_has_not_seen_it(store: Store, choice: str | None) -> None:
    before = None if choice else "p_2"
    store.users.put("u", "{}", NOW, assigned("p_1", chosen_persona_id=before))
    manual = assigned(choice or "p_1", manual=choice is not None, chosen_persona_id=choice)
    assert store.users.update_assignments([AssignmentUpdate("u", 1, manual)], ChangeCause.MANUAL) == 1
    late = assigned("p_1", NEW, chosen_persona_id=before)
    assert store.users.update_assignments([AssignmentUpdate("u", 1, late)]) == 0
    user = store.users.get("u")
    assert user is not None
    assert user.assignment == manual
    aware = assigned(choice or "p_3", NEW, manual=choice is not None, chosen_persona_id=choice)
    assert store.users.update_assignments([AssignmentUpdate("u", 1, aware)]) == 1


def test_concurrent_equal_updates_record_one_change(store: Store) -> None:
    store.users.put("u", "{}", NOW, assigned("p_1"))
    update = AssignmentUpdate("u", 1, assigned("p_2", NEW))
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: store.users.update_assignments([update]), range(16)))
    assert changes(store, "u") == [(ChangeCause.MODEL_CHANGED, "p_1", "p_2"), ADDED]


def test_concurrent_puts_record_an_unbroken_chain_of_changes(store: Store) -> None:
    store.users.put("u", "{}", NOW, assigned("p_0"))
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: store.users.put("u", "{}", NOW, assigned(f"p_{n}")), range(1, 25)))
    recorded = store.personas.changes("u", 100)
    assert {change.to_persona_id for change in recorded} == {f"p_{n}" for n in range(25)}
    assert len({change.from_persona_id for change in recorded}) == 25


def test_changes_are_listed_latest_first_page_by_page(store: Store) -> None:
    for number in range(6):
        store.users.put("u", "{}", NOW, assigned(f"p_{number}"))
        store.users.put("other", "{}", NOW, assigned(f"p_{number}"))
    first = store.personas.changes("u", 3)
    rest = store.personas.changes("u", 3, first[-1].id)
    assert [change.to_persona_id for change in [*first, *rest]] == ["p_5", "p_4", "p_3", "p_2", "p_1", "p_0"]


def store_changes(store: Store, user_id: str, seconds: range) -> None:
    """Give a user another persona in each of these seconds after NOW."""
    for second in seconds:
        store.users.put(user_id, "{}", NOW + second * SECOND, assigned(f"p_{second}"))


def remaining(store: Store, user_id: str) -> list[str | None]:
    return [change.to_persona_id for change in store.personas.changes(user_id, 100)]


def test_changes_older_than_the_time_are_removed_the_oldest_first_in_batches(
    store: Store, clock: SettableClock
) -> None:
    store_changes(store, "u", range(6))
    store_changes(store, "other", range(2))
    clock.at = NOW + 10 * SECOND
    # The changes of the seconds 0 to 3 are older.
    assert store.personas.remove_changes(6.5, 3) == 3
    assert remaining(store, "u") == ["p_5", "p_4", "p_3"]
    assert store.personas.remove_changes(6.5, 100) == 2
    assert (remaining(store, "u"), remaining(store, "other")) == (["p_5", "p_4"], ["p_1"])
    assert store.personas.remove_changes(6.5, 100) == 0


def test_ids_of_removed_changes_are_not_given_again(store: Store, clock: SettableClock) -> None:
    store_changes(store, "u", range(3))
    (last, *_) = store.personas.changes("u", 1)
    clock.advance(3_600.0)
    assert store.personas.remove_changes(1.0, 100) == 2
    store_changes(store, "other", range(1))
    assert store.personas.changes("other", 1)[0].id > last.id


def test_changes_of_an_impossible_id_are_empty(personas: PersonaStore) -> None:
    assert personas.changes("nul\0", 3) == []


# --- overrides -------------------------------------------------------------------------------------


def test_override_is_stored_unchanged(personas: PersonaStore) -> None:
    assert personas.overrides() == {}
    assert personas.change_override(lambda _: OVERRIDE) == {"p_1": OVERRIDE}
    assert personas.overrides() == {"p_1": OVERRIDE}


def test_change_of_an_override_sees_all_stored_ones_and_replaces_its_own(personas: PersonaStore) -> None:
    other = replace(OVERRIDE, persona_id="p_2", name=None)
    personas.change_override(lambda _: OVERRIDE)
    personas.change_override(lambda _: other)
    second = replace(OVERRIDE, name="New", note=None, revision=2)
    seen: list[dict[str, PersonaOverride]] = []

    def change(stored: Mapping[str, PersonaOverride]) -> PersonaOverride:
        seen.append(dict(stored))
        return second

    assert personas.change_override(change) == {"p_1": second, "p_2": other}
    assert seen == [{"p_1": OVERRIDE, "p_2": other}]


def test_refused_change_of_an_override_stores_nothing(personas: PersonaStore) -> None:
    class RefusedError(Exception):
        pass

    def refuse(_: Mapping[str, PersonaOverride]) -> NoReturn:
        raise RefusedError

    with pytest.raises(RefusedError):
        personas.change_override(refuse)
    assert personas.overrides() == {}
    personas.change_override(lambda _: OVERRIDE)


@pytest.mark.parametrize("count", [1, 8], ids=["of one persona", "of eight personas"])
def test_concurrent_changes_of_overrides_see_each_other(personas: PersonaStore, count: int) -> None:
    start = threading.Barrier(8)

    def change(number: int) -> None:
        def counted(stored: Mapping[str, PersonaOverride]) -> PersonaOverride:
            changes = sum(override.revision for override in stored.values())
            own = stored.get(f"p_{number % count}", replace(OVERRIDE, revision=0))
            name, revision = str(changes), own.revision + 1
            return replace(own, persona_id=f"p_{number % count}", name=name, revision=revision)

        start.wait()
        personas.change_override(counted)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(change, range(8)))
    stored = personas.overrides()
    assert sum(override.revision for override in stored.values()) == 8
    assert sorted(override.name or "" for override in stored.values()) == [str(n) for n in range(8)][-count:]
