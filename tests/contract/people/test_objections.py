"""Every `UserStore`: objections."""

from datetime import timedelta

import pytest

from service.store.ports.errors import NotStorable
from service.store.ports.personas import ChangeCause
from service.store.ports.store import Store
from service.store.ports.users import AssignmentUpdate, UserErased, UserStore
from tests.contract.support.records import NEW, NOW, OLD, assigned

LATER = NOW + timedelta(seconds=1)


def test_objection_takes_the_persona_away_once(store: Store) -> None:
    store.users.put("u", '{"age": 30}', NOW, assigned("p_1"))
    assert store.users.opt_out("u", LATER)
    assert not store.users.opt_out("u", LATER)
    user = store.users.get("u")
    assert user is not None
    assert (user.opted_out, user.assignment, user.profile_json, user.revision) == (True, None, '{"age": 30}', 2)
    assert user.profile_updated_at == NOW
    change, _ = store.personas.changes("u", 10)
    assert (change.cause, change.from_persona_id, change.to_persona_id) == (ChangeCause.OPTED_OUT, "p_1", None)
    assert store.feed.users_by_persona() == store.feed.counted_from_scratch() == {}
    assert store.users.tally(OLD) == {}
    assert store.users.assignments(["u"])["u"].opted_out


def test_no_write_gives_a_persona_after_an_objection(users: UserStore) -> None:
    users.put("u", "{}", NOW, assigned("p_1"))
    users.opt_out("u", NOW)
    assert users.update_assignments([AssignmentUpdate("u", 2, assigned("p_1"))]) == 0
    put = users.put("u", "{}", LATER, assigned("p_1"))
    assert (put.assignment, put.opted_out) == (None, True)
    users.put_recipient("u", "r", "{}", LATER)
    user = users.get("u")
    assert user is not None
    assert (user.assignment, user.recipient_count) == (None, 1)
    assert users.stale(NEW, "", 10) == []


def test_stranger_can_object_before_anything_is_stored(users: UserStore) -> None:
    assert users.opt_out("u", NOW)
    user = users.get("u")
    assert user is not None
    assert (user.profile_json, user.opted_out, user.profile_updated_at) == (None, True, NOW)
    assert users.put("u", "{}", LATER, assigned("p_1")).assignment is None


def test_withdrawn_objection_has_the_user_assigned_anew(store: Store) -> None:
    store.users.put("u", "{}", NOW, assigned("p_1"))
    store.users.opt_out("u", NOW)
    assert store.users.opt_in("u", LATER)
    assert not store.users.opt_in("u", LATER)
    (user,) = store.users.stale(OLD, "", 10)
    assert (user.opted_out, user.assignment, user.revision) == (False, None, 3)
    assert store.users.update_assignments([AssignmentUpdate("u", 3, assigned("p_1"))]) == 1
    change = store.personas.changes("u", 1)[0]
    assert (change.cause, change.from_persona_id, change.to_persona_id) == (
        ChangeCause.PROFILE_CHANGED,
        None,
        "p_1",
    )


def test_withdrawing_the_objection_of_a_stranger_leaves_nothing(store: Store) -> None:
    store.users.opt_out("u", NOW)
    assert store.users.opt_in("u", NOW)
    assert store.users.get("u") is None
    assert not store.users.opt_in("nobody", NOW)
    assert not store.users.opt_in("nul\0", NOW)


def test_unfit_ids_and_erased_users_cannot_object(store: Store) -> None:
    with pytest.raises(NotStorable):
        store.users.opt_out("line\nbreak", NOW)
    store.rights.erase("gone", NOW)
    with pytest.raises(UserErased):
        store.users.opt_out("gone", NOW)
    assert store.users.count() == 0
