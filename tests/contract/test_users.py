"""Every `UserStore`."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from service.store.ports.errors import NotStorable, WouldBlock
from service.store.ports.personas import ChangeCause
from service.store.ports.users import AssignmentTally, AssignmentUpdate, Basis, UserStore, as_summary
from tests.contract.support.records import NEW, NOW, OLD, assigned, stored_user

ASSIGNED = assigned("p_1")
WHOLE = assigned(
    "p_1",
    answered_count=7,
    unknown_count=1,
    confidence=0.1 + 0.2,
    runner_up_id="p_2",
    margin=-1e-17,
    settled=0.5,
    typicality=1.0,
    chosen_persona_id="p_3",
    basis=Basis.RECIPIENTS,
)
REASSIGNED = assigned("p_2", NEW, NOW + timedelta(days=1))

UNUSUAL_IDS = [
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
    "gid://shop/Customer/731",
    "\u2028\u202e שלום",
    "\\",
    '"',
    ":name",
    "%(name)s",
    "x" * 256,
    "😀" * 256,
]
IMPOSSIBLE_IDS = ["", "x" * 257, "nul\0", "half \ud800 pair", "line\nbreak", "delete\x7f", "next line \x85"]


def test_profile_is_stored_unchanged(users: UserStore) -> None:
    text = '{"hobbies": ["\\u0000", "\\ud83d\\ude00", "😀 ñ"],  "age": 30 }'
    put = users.put("u", text, NOW, ASSIGNED)
    assert users.get("u") == put == stored_user("u", text, 1, NOW, ASSIGNED)


@pytest.mark.parametrize("text", ["NULL", "", " ", '"', "\\", '\\"', "{a,b}", "\n\t", "'", "%s", "\u2028☃"])
def test_text_with_a_meaning_in_arrays_is_stored_unchanged(users: UserStore, text: str) -> None:
    profile, user_id = f'{{"occupation": "{text}"}}{text}', f"u{text.translate({9: '', 10: ''})}"
    users.put(user_id, profile, NOW, assigned(f"p{text}", f"m{text}"))
    user = users.get(user_id)
    assert user is not None
    assert user.assignment is not None
    assert (user.profile_json, user.assignment) == (profile, assigned(f"p{text}", f"m{text}"))


def test_profile_of_a_megabyte_is_stored(users: UserStore) -> None:
    users.put("u", "é" * 1_000_000, NOW, None)
    user = users.get("u")
    assert user is not None
    assert user.profile_json == "é" * 1_000_000


def test_user_without_an_assignment_is_stored(users: UserStore) -> None:
    users.put("u", "{}", NOW, None)
    assert users.get("u") == stored_user("u", "{}", 1, NOW, None)


def test_unknown_user_is_none(users: UserStore) -> None:
    assert users.get("nobody") is None


def test_each_put_increments_the_revision(users: UserStore) -> None:
    revisions = [users.put("u", "{}", NOW, None).revision for _ in range(3)]
    assert revisions == [1, 2, 3]


def test_put_without_an_assignment_removes_the_old_one(users: UserStore) -> None:
    users.put("u", '{"age": 20}', NOW, ASSIGNED)
    users.put("u", '{"age": 60}', NOW + timedelta(hours=1), None)
    assert users.get("u") == stored_user("u", '{"age": 60}', 2, NOW + timedelta(hours=1), None)


def test_times_are_returned_in_utc(users: UserStore) -> None:
    in_tokyo = NOW.astimezone(timezone(timedelta(hours=9)))
    users.put("u", "{}", in_tokyo, None)
    user = users.get("u")
    assert user is not None
    assert user.profile_updated_at == NOW
    assert user.profile_updated_at.tzinfo is not None


@pytest.mark.parametrize("user_id", UNUSUAL_IDS)
def test_unusual_id_works_in_every_method(users: UserStore, user_id: str) -> None:
    users.put(user_id, "{}", NOW, None)
    updated = users.update_assignments([AssignmentUpdate(user_id, 1, ASSIGNED)])
    expected = stored_user(user_id, "{}", 1, NOW, ASSIGNED)
    assert updated == 1
    assert users.get(user_id) == expected
    assert users.get_many([user_id]) == {user_id: expected}
    assert list(users.iterate(10)) == [[expected]]


def test_similar_ids_are_different_users(users: UserStore) -> None:
    for user_id in UNUSUAL_IDS:
        users.put(user_id, "{}", NOW, None)
    assert users.count() == len(UNUSUAL_IDS)
    assert set(users.get_many(UNUSUAL_IDS)) == set(UNUSUAL_IDS)


@pytest.mark.parametrize("text", IMPOSSIBLE_IDS)
def test_impossible_id_finds_no_user(users: UserStore, text: str) -> None:
    assert users.get(text) is None
    assert users.get_many([text]) == {}
    assert users.update_assignments([AssignmentUpdate(text, 1, ASSIGNED)]) == 0


@pytest.mark.parametrize("text", IMPOSSIBLE_IDS)
def test_put_refuses_an_impossible_id(users: UserStore, text: str) -> None:
    with pytest.raises(NotStorable):
        users.put(text, "{}", NOW, None)
    assert users.count() == 0


@pytest.mark.parametrize("text", ["nul \0", "half \udfff"])
def test_put_refuses_a_profile_that_databases_refuse(users: UserStore, text: str) -> None:
    with pytest.raises(NotStorable):
        users.put("u", text, NOW, None)
    assert users.get("u") is None


def test_assignments_are_read_in_order_of_ids(users: UserStore) -> None:
    for user_id in ("b", "é", "a", "𝒳", "Z"):
        users.put(user_id, "{}", NOW, WHOLE if user_id == "b" else None)
    in_order = users.assignments_after("", 10)
    assert [user.user_id for user in in_order] == ["Z", "a", "b", "é", "𝒳"]
    assert in_order[2] == users.assignments(["b"])["b"]
    assert users.assignments_after("a", 2) == in_order[2:4]
    assert users.assignments_after("𝒳", 2) == []


def test_get_many_returns_the_users_that_exist(users: UserStore) -> None:
    users.put("a", "{}", NOW, ASSIGNED)
    users.put("b", "{}", NOW, None)
    existing = users.get_many(["nobody", "b", "a", "b"])
    assert {user_id: user.assignment for user_id, user in existing.items()} == {"a": ASSIGNED, "b": None}


def test_get_many_of_no_ids_is_empty(users: UserStore) -> None:
    assert users.get_many([]) == {}


def test_thousand_users_are_read_and_updated_in_one_call(users: UserStore) -> None:
    ids = [f"user {number}" for number in range(1000)]
    for user_id in ids[::10]:
        users.put(user_id, "{}", NOW, None)
    updates = [AssignmentUpdate(user_id, 1, ASSIGNED) for user_id in ids]
    assert users.update_assignments(updates) == 100
    stored = users.get_many(ids)
    assert set(stored) == set(ids[::10])
    assert {user.assignment for user in stored.values()} == {ASSIGNED}


def test_update_replaces_the_assignment(users: UserStore) -> None:
    users.put("u", "{}", NOW, ASSIGNED)
    assert users.update_assignments([AssignmentUpdate("u", 1, REASSIGNED)]) == 1
    assert users.get("u") == stored_user("u", "{}", 1, NOW, REASSIGNED)


def test_update_is_void_once_the_profile_has_changed(users: UserStore) -> None:
    users.put("u", '{"age": 20}', NOW, ASSIGNED)
    users.put("u", '{"age": 60}', NOW, None)
    updates = [AssignmentUpdate("u", 1, REASSIGNED), AssignmentUpdate("nobody", 1, REASSIGNED)]
    assert users.update_assignments(updates) == 0
    assert users.get("u") == stored_user("u", '{"age": 60}', 2, NOW, None)


def test_empty_update_updates_nobody(users: UserStore) -> None:
    assert users.update_assignments([]) == 0


def test_iterate_returns_every_user_once_in_code_point_order(users: UserStore) -> None:
    ids = ["b", "B", "a", "Z", "é", "e", "_", "-", "10", "9", "😀", "\uffff", "用"]
    for user_id in ids:
        users.put(user_id, "{}", NOW, None)
    batches = list(users.iterate(4))
    assert [len(batch) for batch in batches] == [4, 4, 4, 1]
    assert [user.user_id for batch in batches for user in batch] == sorted(ids)


def test_iterate_over_no_users_returns_no_batch(users: UserStore) -> None:
    assert list(users.iterate(10)) == []


def test_iterate_sees_users_written_ahead_of_it(users: UserStore) -> None:
    for number in range(9):
        users.put(f"u{number}", "{}", NOW, None)
    seen = []
    for batch in users.iterate(2):
        seen += [user.user_id for user in batch]
        users.update_assignments([AssignmentUpdate(user.user_id, 1, ASSIGNED) for user in batch])
        users.put("a, behind the first", "{}", NOW, None)
        users.put("z, still to come", "{}", NOW, None)
    assert seen == [*(f"u{number}" for number in range(9)), "z, still to come"]


def test_assignment_is_stored_to_the_last_digit(users: UserStore) -> None:
    users.put("u", "{}", NOW, WHOLE)
    users.put("v", "{}", NOW, None)
    users.update_assignments([AssignmentUpdate("v", 1, replace(WHOLE, manual=True))], ChangeCause.MANUAL)
    stored = users.get_many(["u", "v"])
    assert stored["u"].assignment == WHOLE
    assert stored["v"].assignment == replace(WHOLE, manual=True)


def test_assignments_are_the_summaries_of_users(users: UserStore) -> None:
    users.put("whole", "{}", NOW, WHOLE)
    users.put("bare", "{}", NOW, ASSIGNED)
    users.put("none", "{}", NOW.astimezone(timezone(timedelta(hours=9))), None)
    users.update_assignments(
        [AssignmentUpdate("bare", 1, replace(WHOLE, manual=True, typicality=None))], ChangeCause.MANUAL
    )
    ids = ["nobody", "whole", "bare", "none", "whole"]
    assert users.assignments(ids) == {user_id: as_summary(user) for user_id, user in users.get_many(ids).items()}
    assert users.assignments([]) == {}


def test_assignments_have_the_declared_types(users: UserStore) -> None:
    users.put("whole", "{}", NOW, WHOLE)
    users.put("none", "{}", NOW, None)
    stored = users.assignments(["whole", "none"])
    assert [type(value) for value in stored["whole"]] == [
        *(str, int, datetime, str, str, datetime, float, str, float, float, float, bool, Basis, int, bool)
    ]
    assert [type(value) for value in stored["none"]] == [
        str,
        int,
        datetime,
        *[type(None)] * 8,
        *(bool, type(None), int, bool),
    ]
    assert stored["whole"].profile_updated_at.tzinfo is UTC


def test_assignments_nowait_equal_assignments_or_would_block(users: UserStore) -> None:
    users.put("u", "{}", NOW, WHOLE)
    user = users.get("u")
    assert user is not None
    try:
        assert users.assignments_nowait(["u", "nobody", "\0", "u"]) == {"u": as_summary(user)}
    except WouldBlock:
        assert users.assignments(["u"]) == {"u": as_summary(user)}


@pytest.mark.parametrize("user_id", UNUSUAL_IDS)
def test_assignments_of_an_unusual_id_are_found(users: UserStore, user_id: str) -> None:
    users.put(user_id, "{}", NOW, ASSIGNED)
    assert list(users.assignments([user_id, *IMPOSSIBLE_IDS])) == [user_id]


def test_count_counts_each_user_once(users: UserStore) -> None:
    assert users.count() == 0
    users.put("a", "{}", NOW, None)
    users.put("a", "{}", NOW, None)
    users.put("b", "{}", NOW, None)
    assert users.count() == 2


def test_concurrent_puts_of_one_user_are_all_counted(users: UserStore) -> None:
    threads, writes = 8, 10
    start = threading.Barrier(threads)

    def write(thread: int) -> list[int]:
        start.wait()
        return [users.put("u", f"{{{thread}}}", NOW, None).revision for _ in range(writes)]

    with ThreadPoolExecutor(threads) as pool:
        revisions = [revision for of_thread in pool.map(write, range(threads)) for revision in of_thread]
    assert sorted(revisions) == list(range(1, threads * writes + 1))


def test_updates_in_opposite_orders_do_not_deadlock(users: UserStore) -> None:
    ids = [f"u{number}" for number in range(50)]
    for user_id in ids:
        users.put(user_id, "{}", NOW, None)
    updates = [AssignmentUpdate(user_id, 1, ASSIGNED) for user_id in ids]

    def update(call: int) -> int:
        return users.update_assignments(updates if call % 2 else updates[::-1])

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(update, range(40))) == [50] * 40


def test_stale_returns_users_of_another_model_or_none_in_order(users: UserStore) -> None:
    users.put("c", "{}", NOW, assigned("p_1"))
    users.put("a", "{}", NOW, None)
    users.put("b", "{}", NOW, assigned("p_1", NEW))
    assert [user.user_id for user in users.stale(NEW, "", 10)] == ["a", "c"]
    assert [user.user_id for user in users.stale(NEW, "a", 10)] == ["c"]
    assert [user.user_id for user in users.stale(NEW, "", 1)] == ["a"]


def test_tally_sums_users_and_values_by_persona_of_one_model(users: UserStore) -> None:
    users.put("a", "{}", NOW, assigned("p_1", answered_count=5, unknown_count=1))
    users.put("b", "{}", NOW, assigned("p_1", answered_count=2))
    users.put("c", "{}", NOW, assigned("p_2"))
    users.put("d", "{}", NOW, assigned("p_2", NEW))
    assert users.tally(OLD) == {"p_1": AssignmentTally(2, 7, 1), "p_2": AssignmentTally(1, 0, 0)}
    assert users.tally("none") == {}


def test_last_of_two_updates_of_one_user_counts(users: UserStore) -> None:
    users.put("u", "{}", NOW, assigned("p_1"))
    both = [AssignmentUpdate("u", 1, assigned(persona, NEW)) for persona in ("p_2", "p_3")]
    assert users.update_assignments(both) == 1
    user = users.get("u")
    assert user is not None
    assert user.assignment == assigned("p_3", NEW)
