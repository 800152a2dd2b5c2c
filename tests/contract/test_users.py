"""What every store promises about users."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from service.store.ports.errors import NotStorable, WouldBlock
from service.store.ports.store import Store
from service.store.ports.users import AssignmentUpdate, as_summary
from tests.contract.records import NEW, NOW, assigned, stored_user

ASSIGNED = assigned("p_1")
WHOLE = assigned(
    "p_1",
    answered_count=7,
    unknown_count=1,
    confidence=0.1 + 0.2,
    runner_up_id="p_2",
    margin=-1e-17,
    typicality=1.0,
)
REASSIGNED = assigned("p_2", NEW, NOW + timedelta(days=1))

ODD_IDS = [
    "a b",
    " ",
    "ANNE",
    "anne",
    "a'; DROP TABLE users; --",
    "100%",
    "a_c",
    "../../etc/passwd",
    "Zoë",
    "Zoe\u0308",
    "用户",
    "😀",
    "line\nbreak\ttab\x7f",
    "\\",
    '"',
    ":name",
    "%(name)s",
    "x" * 200,
    "😀" * 200,
]
NO_IDS = ["", "x" * 201, "nul\0", "half \ud800 pair"]


def test_a_profile_is_kept_as_it_was_sent(store: Store) -> None:
    text = '{"hobbies": ["\\u0000", "\\ud83d\\ude00", "😀 ñ"],  "age": 30 }'
    put = store.users.put("u", text, NOW, ASSIGNED)
    assert store.users.get("u") == put == stored_user("u", text, 1, NOW, ASSIGNED)


def test_a_megabyte_of_profile_is_kept(store: Store) -> None:
    store.users.put("u", "é" * 1_000_000, NOW, None)
    kept = store.users.get("u")
    assert kept is not None
    assert kept.profile_json == "é" * 1_000_000


def test_a_user_may_have_no_assignment(store: Store) -> None:
    store.users.put("u", "{}", NOW, None)
    assert store.users.get("u") == stored_user("u", "{}", 1, NOW, None)


def test_a_user_who_is_not_there_is_none(store: Store) -> None:
    assert store.users.get("nobody") is None


def test_each_write_of_a_profile_counts_the_revision_up(store: Store) -> None:
    revisions = [store.users.put("u", "{}", NOW, None).revision for _ in range(3)]
    assert revisions == [1, 2, 3]


def test_a_new_profile_takes_the_old_ones_assignment_away(store: Store) -> None:
    store.users.put("u", '{"age": 20}', NOW, ASSIGNED)
    store.users.put("u", '{"age": 60}', NOW + timedelta(hours=1), None)
    assert store.users.get("u") == stored_user("u", '{"age": 60}', 2, NOW + timedelta(hours=1), None)


def test_times_come_back_as_the_same_moment_in_utc(store: Store) -> None:
    in_tokyo = NOW.astimezone(timezone(timedelta(hours=9)))
    store.users.put("u", "{}", in_tokyo, None)
    kept = store.users.get("u")
    assert kept is not None
    assert kept.profile_updated_at == NOW
    assert kept.profile_updated_at.tzinfo is not None


@pytest.mark.parametrize("user_id", ODD_IDS)
def test_an_odd_id_is_an_id_like_any_other(store: Store, user_id: str) -> None:
    store.users.put(user_id, "{}", NOW, None)
    updated = store.users.update_assignments([AssignmentUpdate(user_id, 1, ASSIGNED)])
    expected = stored_user(user_id, "{}", 1, NOW, ASSIGNED)
    assert updated == 1
    assert store.users.get(user_id) == expected
    assert store.users.get_many([user_id]) == {user_id: expected}
    assert list(store.users.iterate(10)) == [[expected]]


def test_ids_that_look_alike_are_different_users(store: Store) -> None:
    for user_id in ODD_IDS:
        store.users.put(user_id, "{}", NOW, None)
    assert store.users.count() == len(ODD_IDS)
    assert set(store.users.get_many(ODD_IDS)) == set(ODD_IDS)


@pytest.mark.parametrize("text", NO_IDS)
def test_a_text_that_cannot_be_an_id_finds_nobody(store: Store, text: str) -> None:
    assert store.users.get(text) is None
    assert store.users.get_many([text]) == {}
    assert store.users.update_assignments([AssignmentUpdate(text, 1, ASSIGNED)]) == 0


@pytest.mark.parametrize("text", NO_IDS)
def test_a_text_that_cannot_be_an_id_is_not_written(store: Store, text: str) -> None:
    with pytest.raises(NotStorable):
        store.users.put(text, "{}", NOW, None)
    assert store.users.count() == 0


@pytest.mark.parametrize("text", ["nul \0", "half \udfff"])
def test_a_profile_that_no_database_takes_is_refused_by_all(store: Store, text: str) -> None:
    with pytest.raises(NotStorable):
        store.users.put("u", text, NOW, None)
    assert store.users.get("u") is None


def test_of_many_users_those_that_exist_are_found(store: Store) -> None:
    store.users.put("a", "{}", NOW, ASSIGNED)
    store.users.put("b", "{}", NOW, None)
    found = store.users.get_many(["nobody", "b", "a", "b"])
    assert {user_id: user.assignment for user_id, user in found.items()} == {"a": ASSIGNED, "b": None}


def test_nobody_is_found_among_no_ids(store: Store) -> None:
    assert store.users.get_many([]) == {}


def test_a_thousand_users_are_read_and_updated_at_once(store: Store) -> None:
    ids = [f"user {number}" for number in range(1000)]
    for user_id in ids[::10]:
        store.users.put(user_id, "{}", NOW, None)
    updates = [AssignmentUpdate(user_id, 1, ASSIGNED) for user_id in ids]
    assert store.users.update_assignments(updates) == 100
    found = store.users.get_many(ids)
    assert set(found) == set(ids[::10])
    assert {user.assignment for user in found.values()} == {ASSIGNED}


def test_a_newer_assignment_replaces_the_older(store: Store) -> None:
    store.users.put("u", "{}", NOW, ASSIGNED)
    assert store.users.update_assignments([AssignmentUpdate("u", 1, REASSIGNED)]) == 1
    assert store.users.get("u") == stored_user("u", "{}", 1, NOW, REASSIGNED)


def test_an_assignment_is_void_once_the_profile_has_changed(store: Store) -> None:
    store.users.put("u", '{"age": 20}', NOW, ASSIGNED)
    store.users.put("u", '{"age": 60}', NOW, None)
    updates = [AssignmentUpdate("u", 1, REASSIGNED), AssignmentUpdate("nobody", 1, REASSIGNED)]
    assert store.users.update_assignments(updates) == 0
    assert store.users.get("u") == stored_user("u", '{"age": 60}', 2, NOW, None)


def test_no_updates_are_none_kept(store: Store) -> None:
    assert store.users.update_assignments([]) == 0


def test_all_users_come_once_in_the_order_of_their_code_points(store: Store) -> None:
    ids = ["b", "B", "a", "Z", "é", "e", "_", "-", "10", "9", "😀", "\uffff", "用"]
    for user_id in ids:
        store.users.put(user_id, "{}", NOW, None)
    batches = list(store.users.iterate(4))
    assert [len(batch) for batch in batches] == [4, 4, 4, 1]
    assert [user.user_id for batch in batches for user in batch] == sorted(ids)


def test_there_are_no_batches_of_nobody(store: Store) -> None:
    assert list(store.users.iterate(10)) == []


def test_users_are_written_and_updated_while_all_are_read(store: Store) -> None:
    for number in range(9):
        store.users.put(f"u{number}", "{}", NOW, None)
    seen = []
    for batch in store.users.iterate(2):
        seen += [user.user_id for user in batch]
        store.users.update_assignments([AssignmentUpdate(user.user_id, 1, ASSIGNED) for user in batch])
        store.users.put("a, behind the first", "{}", NOW, None)
        store.users.put("z, still to come", "{}", NOW, None)
    assert seen == [*(f"u{number}" for number in range(9)), "z, still to come"]


def test_all_that_an_assignment_says_is_kept_to_the_last_digit(store: Store) -> None:
    store.users.put("u", "{}", NOW, WHOLE)
    store.users.put("v", "{}", NOW, None)
    store.users.update_assignments([AssignmentUpdate("v", 1, replace(WHOLE, manual=True))])
    found = store.users.get_many(["u", "v"])
    assert found["u"].assignment == WHOLE
    assert found["v"].assignment == replace(WHOLE, manual=True)


def test_users_are_read_without_their_profiles(store: Store) -> None:
    store.users.put("whole", "{}", NOW, WHOLE)
    store.users.put("bare", "{}", NOW, ASSIGNED)
    store.users.put("none", "{}", NOW.astimezone(timezone(timedelta(hours=9))), None)
    store.users.update_assignments([AssignmentUpdate("bare", 1, replace(WHOLE, manual=True, typicality=None))])
    ids = ["nobody", "whole", "bare", "none", "whole"]
    assert store.users.assignments(ids) == {
        user_id: as_summary(user) for user_id, user in store.users.get_many(ids).items()
    }
    assert store.users.assignments([]) == {}


def test_users_without_their_profiles_have_the_types_that_are_promised(store: Store) -> None:
    store.users.put("whole", "{}", NOW, WHOLE)
    store.users.put("none", "{}", NOW, None)
    found = store.users.assignments(["whole", "none"])
    assert [type(value) for value in found["whole"]] == [
        *(str, int, datetime, str, str, datetime, float, str, float, float, bool)
    ]
    assert [type(value) for value in found["none"]] == [str, int, datetime, *[type(None)] * 7, bool]
    assert found["whole"].profile_updated_at.tzinfo is UTC


def test_users_are_read_at_once_or_not_now_but_never_otherwise(store: Store) -> None:
    store.users.put("u", "{}", NOW, WHOLE)
    user = store.users.get("u")
    assert user is not None
    try:
        assert store.users.assignments_nowait(["u", "nobody", "\0", "u"]) == {"u": as_summary(user)}
    except WouldBlock:
        assert store.users.assignments(["u"]) == {"u": as_summary(user)}


@pytest.mark.parametrize("user_id", ODD_IDS)
def test_an_odd_id_is_read_without_a_profile_too(store: Store, user_id: str) -> None:
    store.users.put(user_id, "{}", NOW, ASSIGNED)
    assert list(store.users.assignments([user_id, *NO_IDS])) == [user_id]


def test_users_are_counted(store: Store) -> None:
    assert store.users.count() == 0
    store.users.put("a", "{}", NOW, None)
    store.users.put("a", "{}", NOW, None)
    store.users.put("b", "{}", NOW, None)
    assert store.users.count() == 2


def test_no_write_is_lost_when_many_write_one_user(store: Store) -> None:
    threads, writes = 8, 10
    start = threading.Barrier(threads)

    def write(thread: int) -> list[int]:
        start.wait()
        return [store.users.put("u", f"{{{thread}}}", NOW, None).revision for _ in range(writes)]

    with ThreadPoolExecutor(threads) as pool:
        revisions = [revision for made in pool.map(write, range(threads)) for revision in made]
    assert sorted(revisions) == list(range(1, threads * writes + 1))


def test_batches_of_updates_that_cross_each_other_all_end(store: Store) -> None:
    ids = [f"u{number}" for number in range(50)]
    for user_id in ids:
        store.users.put(user_id, "{}", NOW, None)
    updates = [AssignmentUpdate(user_id, 1, ASSIGNED) for user_id in ids]

    def update(turn: int) -> int:
        return store.users.update_assignments(updates if turn % 2 else updates[::-1])

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(update, range(40))) == [50] * 40
