"""What every store promises about changes, edits, leases and kept answers."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from service.store.ports.idempotency import StoredResponse
from service.store.ports.jobs import JobStatus
from service.store.ports.personas import ChangeCause, PersonaOverride
from service.store.ports.store import Store
from service.store.ports.users import AssignmentTally, AssignmentUpdate
from tests.contract.records import NEW, NOW, OLD, assigned, queued_job

SECOND = timedelta(seconds=1)


def changes(store: Store, user_id: str) -> list[tuple[ChangeCause, str, str]]:
    return [
        (each.cause, each.from_persona_id, each.to_persona_id) for each in store.personas.changes(user_id, 100)
    ]


# --- changes ---------------------------------------------------------------------------------------


def test_a_first_assignment_is_no_change(store: Store) -> None:
    store.users.put("u", "{}", NOW, None)
    store.users.update_assignments([AssignmentUpdate("u", 1, assigned("p_1"))])
    assert changes(store, "u") == []


def test_another_profile_that_gets_another_persona_is_a_change_of_the_profile(store: Store) -> None:
    store.users.put("u", "{}", NOW, assigned("p_1"))
    store.users.put("u", "{}", NOW + SECOND, assigned("p_2", NEW))
    (change,) = store.personas.changes("u", 10)
    assert (change.user_id, change.cause, change.changed_at) == ("u", ChangeCause.PROFILE_CHANGED, NOW + SECOND)
    assert (change.from_persona_id, change.to_persona_id) == ("p_1", "p_2")
    assert (change.from_model_version, change.to_model_version) == (OLD, NEW)


def test_another_model_with_the_same_persona_is_no_change(store: Store) -> None:
    store.users.put("u", "{}", NOW, assigned("p_1"))
    assert store.users.update_assignments([AssignmentUpdate("u", 1, assigned("p_1", NEW))]) == 1
    assert changes(store, "u") == []


@pytest.mark.parametrize("cause", [ChangeCause.MODEL_CHANGED, ChangeCause.MANUAL])
def test_an_update_that_names_another_persona_is_kept_with_its_cause(store: Store, cause: ChangeCause) -> None:
    store.users.put("u", "{}", NOW, assigned("p_1"))
    store.users.update_assignments([AssignmentUpdate("u", 1, assigned("p_2", NEW))], cause)
    assert changes(store, "u") == [(cause, "p_1", "p_2")]


def test_a_void_update_is_no_change(store: Store) -> None:
    store.users.put("u", "{}", NOW, assigned("p_1"))
    assert store.users.update_assignments([AssignmentUpdate("u", 9, assigned("p_2", NEW))]) == 0
    assert changes(store, "u") == []


def test_a_change_is_kept_once_however_many_make_it(store: Store) -> None:
    store.users.put("u", "{}", NOW, assigned("p_1"))
    update = AssignmentUpdate("u", 1, assigned("p_2", NEW))
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: store.users.update_assignments([update]), range(16)))
    assert changes(store, "u") == [(ChangeCause.MODEL_CHANGED, "p_1", "p_2")]


def test_concurrent_profiles_leave_an_unbroken_chain_of_changes(store: Store) -> None:
    store.users.put("u", "{}", NOW, assigned("p_0"))
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: store.users.put("u", "{}", NOW, assigned(f"p_{n}")), range(1, 25)))
    told = store.personas.changes("u", 100)
    assert {each.to_persona_id for each in told} == {f"p_{n}" for n in range(1, 25)}
    assert len({each.from_persona_id for each in told}) == 24


def test_changes_are_listed_the_latest_first_page_by_page(store: Store) -> None:
    for number in range(6):
        store.users.put("u", "{}", NOW, assigned(f"p_{number}"))
        store.users.put("other", "{}", NOW, assigned(f"p_{number}"))
    first = store.personas.changes("u", 3)
    rest = store.personas.changes("u", 3, first[-1].id)
    assert [each.to_persona_id for each in [*first, *rest]] == ["p_5", "p_4", "p_3", "p_2", "p_1"]
    assert store.personas.changes("nul\0", 3) == []


# --- who is behind, and how many are where ---------------------------------------------------------


def test_users_of_another_model_or_none_are_stale_in_order(store: Store) -> None:
    store.users.put("c", "{}", NOW, assigned("p_1"))
    store.users.put("a", "{}", NOW, None)
    store.users.put("b", "{}", NOW, assigned("p_1", NEW))
    assert [user.user_id for user in store.users.stale(NEW, "", 10)] == ["a", "c"]
    assert [user.user_id for user in store.users.stale(NEW, "a", 10)] == ["c"]
    assert [user.user_id for user in store.users.stale(NEW, "", 1)] == ["a"]


def test_what_an_assignment_was_made_of_is_kept(store: Store) -> None:
    made = assigned("p_1", manual=True, answered_count=7, unknown_count=2)
    store.users.put("u", "{}", NOW, made)
    kept = store.users.get("u")
    assert kept is not None
    assert kept.assignment == made


def test_users_and_their_values_are_counted_by_persona_and_model(store: Store) -> None:
    store.users.put("a", "{}", NOW, assigned("p_1", answered_count=5, unknown_count=1))
    store.users.put("b", "{}", NOW, assigned("p_1", answered_count=2))
    store.users.put("c", "{}", NOW, assigned("p_2"))
    store.users.put("d", "{}", NOW, assigned("p_2", NEW))
    assert store.users.tally(OLD) == {"p_1": AssignmentTally(2, 7, 1), "p_2": AssignmentTally(1, 0, 0)}
    assert store.users.tally("none") == {}


# --- edits -----------------------------------------------------------------------------------------

EDIT = PersonaOverride(
    persona_id="p_1", name="Ours 😀", sentence=None, note="a note", revision=1, edited_at=NOW, edited_by="Zoë"
)


def test_an_edit_is_kept_as_it_was_written(store: Store) -> None:
    assert store.personas.overrides() == {}
    assert store.personas.put_override(EDIT)
    assert store.personas.overrides() == {"p_1": EDIT}


def test_an_edit_follows_the_one_before_it_or_is_not_kept(store: Store) -> None:
    assert not store.personas.put_override(replace(EDIT, revision=2))
    assert store.personas.put_override(EDIT)
    assert not store.personas.put_override(replace(EDIT, name="late"))
    second = replace(EDIT, name=None, revision=2)
    assert store.personas.put_override(second)
    assert not store.personas.put_override(replace(EDIT, revision=2, name="late"))
    assert store.personas.overrides() == {"p_1": second}


def test_of_edits_at_once_one_is_kept(store: Store) -> None:
    store.personas.put_override(EDIT)
    with ThreadPoolExecutor(8) as pool:
        kept = pool.map(lambda n: store.personas.put_override(replace(EDIT, revision=2, name=str(n))), range(8))
        assert sorted(kept) == [False] * 7 + [True]


# --- leases ----------------------------------------------------------------------------------------


def test_a_lease_has_one_owner_until_it_ends(store: Store) -> None:
    assert store.leases.take("work", "me", NOW, NOW + SECOND) is not None
    assert store.leases.take("work", "you", NOW, NOW + SECOND) is None
    assert store.leases.take("work", "me", NOW, NOW + 2 * SECOND) is not None
    assert store.leases.take("other work", "you", NOW, NOW + SECOND) is not None
    assert store.leases.take("work", "you", NOW + 3 * SECOND, NOW + 4 * SECOND) is not None


def test_the_state_of_a_lease_goes_on_to_the_next_owner(store: Store) -> None:
    store.leases.take("work", "me", NOW, NOW + SECOND)
    assert store.leases.save_state("work", "me", {"cursor": "anne"})
    assert not store.leases.save_state("work", "you", {"cursor": "zoë"})
    lease = store.leases.take("work", "you", NOW + 2 * SECOND, NOW + 3 * SECOND)
    assert lease is not None
    assert (lease.owner, lease.state) == ("you", {"cursor": "anne"})
    assert not store.leases.save_state("work", "me", {})


def test_of_those_who_want_a_lease_at_once_one_gets_it(store: Store) -> None:
    with ThreadPoolExecutor(8) as pool:
        taken = pool.map(lambda n: store.leases.take("work", f"w{n}", NOW, NOW + SECOND) is not None, range(8))
        assert sorted(taken) == [False] * 7 + [True]


# --- kept answers ----------------------------------------------------------------------------------


def claim(store: Store, at: datetime = NOW, digest: str = "d") -> StoredResponse | None:
    return store.idempotency.claim("key", digest, at, at - timedelta(hours=24), at - timedelta(minutes=1))


def test_a_key_is_claimed_once_and_then_tells_its_answer(store: Store) -> None:
    assert claim(store) is None
    assert claim(store, digest="other") == StoredResponse("d")
    store.idempotency.complete("key", 202, {"Location": "/x"}, "{}")
    assert claim(store) == StoredResponse("d", 202, {"Location": "/x"}, "{}")


def test_a_released_key_is_free(store: Store) -> None:
    claim(store)
    store.idempotency.release("key")
    assert claim(store) is None


def test_a_key_is_free_again_after_its_time(store: Store) -> None:
    claim(store)
    assert claim(store, NOW + timedelta(seconds=59)) is not None
    assert claim(store, NOW + timedelta(seconds=61)) is None
    store.idempotency.complete("key", 200, {}, "{}")
    assert claim(store, NOW + timedelta(hours=23)) is not None
    assert claim(store, NOW + timedelta(hours=25)) is None


def test_of_those_who_claim_a_key_at_once_one_gets_it(store: Store) -> None:
    with ThreadPoolExecutor(8) as pool:
        assert sorted(each is None for each in pool.map(lambda _: claim(store), range(8))) == [False] * 7 + [True]


# --- steps of jobs ---------------------------------------------------------------------------------


def test_the_steps_of_a_job_are_kept_with_its_signs_of_life(store: Store) -> None:
    store.jobs.start(queued_job())
    step = {"name": "reading", "at": NOW.isoformat(), "progress": 0.1}
    store.jobs.heartbeat("job", "me", NOW, "reading", 0.1, [step])
    assert store.jobs.get("job").steps == [step]
    assert store.jobs.finish("job", JobStatus.SUCCEEDED, NOW).steps == [step]


def test_of_two_assignments_of_one_user_in_one_call_the_last_counts(store: Store) -> None:
    store.users.put("u", "{}", NOW, assigned("p_1"))
    both = [AssignmentUpdate("u", 1, assigned(persona, NEW)) for persona in ("p_2", "p_3")]
    assert store.users.update_assignments(both) == 1
    user = store.users.get("u")
    assert user is not None
    assert user.assignment == assigned("p_3", NEW)
