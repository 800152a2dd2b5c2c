"""Every `UserStore`: many profiles in one transaction, and the members of a persona."""

from datetime import timedelta

import pytest

from service.store.ports.errors import NotStorable
from service.store.ports.store import Store
from service.store.ports.users import OUTDATED, StoredUser, UserErased, UserStore
from tests.contract.support.records import NEW, NOW, assigned, stored_user

LATER = NOW + timedelta(seconds=1)


def written(user_id: str, persona_id: str | None = "p_1", profile_json: str = "{}") -> StoredUser:
    assignment = None if persona_id is None else assigned(persona_id, NEW, LATER)
    return stored_user(user_id, profile_json, 1, LATER, assignment)


def test_many_users_are_stored_as_each_alone_would_be(users: UserStore) -> None:
    users.put("old", "{}", NOW, assigned("p_2"))
    results = users.put_many([written("new"), written("old", None), written("new", "p_3", '{"age": 5}')])
    first, old, second = results
    assert (first, second) == (
        written("new"),
        stored_user("new", '{"age": 5}', 2, LATER, assigned("p_3", NEW, LATER)),
    )
    assert old == stored_user("old", "{}", 2, LATER, None)
    assert users.get_many(["new", "old"]) == {"new": second, "old": old}
    assert users.put_many([]) == []


def test_one_text_that_cannot_be_stored_stores_nothing(users: UserStore) -> None:
    for unfit in (written("line\nbreak"), written("u", profile_json="nul\0")):
        with pytest.raises(NotStorable):
            users.put_many([written("v"), unfit])
    assert users.count() == 0


def test_erased_users_among_many_are_refused_alone(store: Store) -> None:
    store.rights.erase("gone", NOW)
    first, second, third = store.users.put_many([written("gone"), written("u"), written("gone")])
    assert (type(first), second, type(third)) == (UserErased, written("u"), UserErased)
    assert store.users.get("gone") is None
    assert store.feed.users_by_persona() == {"p_1": 1}


# A store may write many users by another statement than few.
others = pytest.mark.parametrize(
    "others", [[], [written(f"other {n}", "p_9") for n in range(20)]], ids=["few", "many"]
)


@others
def test_user_who_has_opted_out_gets_no_persona_by_two_writes_at_once(
    store: Store, others: list[StoredUser]
) -> None:
    store.users.opt_out("u", NOW)
    first, *_, last = store.users.put_many([written("u"), *others, written("u", "p_2")])
    assert [isinstance(user, StoredUser) and user.assignment for user in (first, last)] == [None, None]
    assert store.personas.changes("u", 10) == []
    assert store.feed.users_by_persona() == store.feed.counted_from_scratch()
    user = store.users.get("u")
    assert user is not None
    assert (user.opted_out, user.profile_json, user.assignment) == (True, "{}", None)


@others
def test_user_with_recipients_keeps_the_persona_until_assigned_by_two_writes_at_once(
    store: Store, others: list[StoredUser]
) -> None:
    store.users.put("u", "{}", NOW, assigned("p_1"))
    store.users.put_recipient("u", "r", "{}", NOW)
    store.users.put_many([written("u", "p_2"), *others, written("u", "p_3")])
    user = store.users.get("u")
    assert user is not None
    assert user.assignment == assigned("p_1", OUTDATED, LATER)
    assert store.feed.users_by_persona() == store.feed.counted_from_scratch()
    assert store.feed.users_by_persona()["p_1"] == 1


def test_members_are_listed_in_order_of_ids_page_by_page(users: UserStore) -> None:
    ids = ["Z", "a", "é", "用户", "😀"]
    users.put_many([written(user_id) for user_id in reversed(ids)])
    users.put("b", "{}", NOW, assigned("p_2"))
    users.put("c", "{}", NOW, None)
    first = users.members("p_1", "", 3)
    rest = users.members("p_1", first[-1].user_id, 3)
    assert [user.user_id for user in [*first, *rest]] == ids
    assert first[0] == users.get("Z")
    assert users.members("p_9", "", 3) == []


def test_members_are_without_users_who_have_left_the_persona(store: Store) -> None:
    store.users.put_many([written(user_id) for user_id in ("moved", "objected", "erased", "stays")])
    store.users.put("moved", "{}", NOW, assigned("p_2"))
    store.users.opt_out("objected", NOW)
    store.rights.erase("erased", NOW)
    assert [user.user_id for user in store.users.members("p_1", "", 10)] == ["stays"]
