"""Every `UserStore`: recipients."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from service.store.ports.errors import NotStorable
from service.store.ports.personas import ChangeCause
from service.store.ports.store import Store
from service.store.ports.users import (
    MAX_RECIPIENTS,
    OUTDATED,
    AssignmentUpdate,
    StoredRecipient,
    TooManyRecipients,
    UserErased,
    UserStore,
    as_summary,
)
from tests.contract.support.records import NEW, NOW, OLD, assigned

LATER = NOW + timedelta(seconds=1)


def recipient(recipient_id: str, profile_json: str = "{}", revision: int = 1) -> StoredRecipient:
    return StoredRecipient(
        user_id="u",
        recipient_id=recipient_id,
        profile_json=profile_json,
        revision=revision,
        profile_updated_at=LATER,
    )


def test_recipient_is_stored_and_replaced_unchanged(users: UserStore) -> None:
    text = '{"hobbies": ["\\u0000 😀"],  "age": 9 }'
    assert users.put_recipient("u", "gid://shop/1%", text, LATER) == recipient("gid://shop/1%", text)
    assert users.put_recipient("u", "gid://shop/1%", "{}", LATER) == recipient("gid://shop/1%", "{}", 2)
    assert users.recipients(["u"]) == {"u": [recipient("gid://shop/1%", "{}", 2)]}


def test_recipients_are_in_order_of_ids_by_user(users: UserStore) -> None:
    ids = ["Z", "a", "é", "😀"]
    for recipient_id in reversed(ids):
        users.put_recipient("u", recipient_id, "{}", LATER)
    users.put_recipient("v", "r", "{}", NOW)
    users.put("none", "{}", NOW, None)
    stored = users.recipients(["v", "u", "none", "nobody", "nul\0"])
    assert stored["u"] == [recipient(recipient_id) for recipient_id in ids]
    assert (set(stored), len(stored["v"])) == ({"u", "v"}, 1)


def test_first_recipient_makes_a_user_who_is_to_be_assigned(users: UserStore) -> None:
    users.put_recipient("u", "r", "{}", LATER)
    user = users.get("u")
    assert user is not None
    assert (user.profile_json, user.revision, user.profile_updated_at) == (None, 1, LATER)
    assert (user.recipient_count, user.assignment, users.count()) == (1, None, 1)
    assert users.stale(OLD, "", 10) == [user]
    assert users.assignments(["u"]) == {"u": as_summary(user)}


@pytest.mark.parametrize("operation", ["put_recipient", "remove_recipient"])
def test_persona_is_outdated_once_recipients_have_changed(store: Store, operation: str) -> None:
    users = store.users
    users.put("u", "{}", NOW, None)
    users.put_recipient("u", "r", "{}", NOW)
    choice = AssignmentUpdate("u", 2, assigned("p_1", NEW, chosen_persona_id="p_1"))
    assert users.update_assignments([choice], ChangeCause.MANUAL) == 1
    if operation == "put_recipient":
        users.put_recipient("u", "second", "{}", LATER)
    else:
        users.remove_recipient("u", "r", LATER)
    user = users.get("u")
    assert user is not None
    assert user.assignment is not None
    assert (user.assignment.persona_id, user.assignment.model_version) == ("p_1", OUTDATED)
    assert (user.assignment.manual, user.assignment.chosen_persona_id) == (False, None)
    assert (user.revision, user.profile_updated_at) == (3, LATER)
    assert users.stale(NEW, "", 10) == [user]
    assert users.assignments(["u"])["u"].recipient_count == (2 if operation == "put_recipient" else 0)
    assert len(store.personas.changes("u", 10)) == 1


def test_late_assignment_after_a_write_is_a_change_of_the_profile(store: Store) -> None:
    store.users.put("u", "{}", NOW, assigned("p_1"))
    store.users.put_recipient("u", "r", "{}", NOW)
    store.users.update_assignments([AssignmentUpdate("u", 2, assigned("p_2", NEW))])
    store.users.put_recipient("stranger", "r", "{}", NOW)
    store.users.update_assignments([AssignmentUpdate("stranger", 1, assigned("p_2", NEW))])
    changes = [store.personas.changes(user_id, 1)[0] for user_id in ("u", "stranger")]
    assert [(change.cause, change.from_persona_id) for change in changes] == [
        (ChangeCause.PROFILE_CHANGED, "p_1"),
        (ChangeCause.PROFILE_CHANGED, None),
    ]
    assert store.feed.record_model_change(NOW) == 0


def test_assignment_of_an_earlier_revision_is_void(users: UserStore) -> None:
    users.put_recipient("u", "r", "{}", NOW)
    users.put_recipient("u", "r", "{}", NOW)
    assert users.update_assignments([AssignmentUpdate("u", 1, assigned("p_1"))]) == 0


def test_own_profile_does_not_assign_a_user_with_recipients(users: UserStore) -> None:
    users.put_recipient("u", "r", "{}", NOW)
    user = users.put("u", "{}", LATER, assigned("p_1"))
    assert (user.assignment, user.revision, user.recipient_count) == (None, 2, 1)
    assert users.get("u") == user


def test_removing_says_whether_there_was_a_recipient(users: UserStore) -> None:
    users.put_recipient("u", "r", "{}", NOW)
    assert [users.remove_recipient(*ids, NOW) for ids in (("u", "x"), ("x", "r"), ("u", "\0"), ("\0", "r"))] == (
        [False] * 4
    )
    assert users.remove_recipient("u", "r", NOW)
    assert not users.remove_recipient("u", "r", NOW)


def test_user_goes_with_the_last_recipient_where_nothing_else_is_stored(store: Store) -> None:
    for user_id in ("alone", "objector", "answered"):
        store.users.put_recipient(user_id, "r", "{}", NOW)
    store.users.update_assignments([AssignmentUpdate("alone", 1, assigned("p_1"))])
    store.users.opt_out("objector", NOW)
    store.users.put("answered", "{}", NOW, None)
    for user_id in ("alone", "objector", "answered"):
        assert store.users.remove_recipient(user_id, "r", LATER)
    assert set(store.users.get_many(["alone", "objector", "answered"])) == {"objector", "answered"}
    assert store.feed.users_by_persona() == {}
    (last, _) = store.personas.changes("alone", 10)
    assert (last.cause, last.from_persona_id, last.to_persona_id) == (ChangeCause.PROFILE_CHANGED, "p_1", None)


def test_a_user_has_a_limited_number_of_recipients(users: UserStore) -> None:
    for number in range(MAX_RECIPIENTS):
        users.put_recipient("u", f"r{number}", "{}", NOW)
    with pytest.raises(TooManyRecipients):
        users.put_recipient("u", "one more", "{}", NOW)
    assert users.put_recipient("u", "r0", '{"age": 1}', NOW).revision == 2
    assert (len(users.recipients(["u"])["u"]), users.assignments(["u"])["u"].recipient_count) == (
        MAX_RECIPIENTS,
    ) * 2


def test_unfit_texts_and_erased_users_are_refused(store: Store) -> None:
    for texts in (("line\nbreak", "r", "{}"), ("u", "x" * 257, "{}"), ("u", "r", "nul\0")):
        with pytest.raises(NotStorable):
            store.users.put_recipient(*texts, NOW)
    store.rights.erase("gone", NOW)
    with pytest.raises(UserErased):
        store.users.put_recipient("gone", "r", "{}", NOW)
    assert (store.users.count(), store.users.recipients(["u", "gone"])) == (0, {})


def test_concurrent_writes_of_one_users_recipients_are_all_counted(users: UserStore) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: users.put_recipient("u", f"r{number % 12}", "{}", NOW), range(48)))
    user = users.get("u")
    assert user is not None
    assert (user.recipient_count, user.revision) == (12, 48)
    assert [stored.revision for stored in users.recipients(["u"])["u"]] == [4] * 12
