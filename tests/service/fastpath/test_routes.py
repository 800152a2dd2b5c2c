"""What each fast route answers, and what it declines; both paths give the same response."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as limits
from hypothesis import strategies as st

from models.storage.registry import Registry
from service.app import ROUTERS
from service.fastpath.routes import FAST_ROUTES, MAX_UNKNOWN
from service.security.scopes import Scope
from service.store.memory.store import MemoryStore
from service.store.memory.users import MemoryUsers
from service.store.ports.errors import StoreUnavailable
from testkit.small_model import write_small_model
from testkit.small_scorer import KNOWN
from tests.service.fastpath.requests import FULL, FULL_PROFILE, JSON, UNKNOWN_VALUE, USER_ID, as_json, store_user
from tests.support.both_paths import BothPaths, both_paths
from tests.support.profiles import profiles


def test_fast_routes_are_the_hot_ones() -> None:
    assert {(route.method, route.path, route.scope) for route in FAST_ROUTES} == {
        ("PUT", "/users/{user_id}/profile", Scope.USERS_WRITE),
        ("POST", "/segment", Scope.SEGMENT_ASSIGN),
        ("GET", "/users/{user_id}/persona", Scope.USERS_READ),
    }


def test_fast_route_declares_the_route_that_fastapi_runs(both: BothPaths) -> None:
    routes = [route for router in ROUTERS for route in router.routes]
    for route in FAST_ROUTES:
        target = route.path.replace("{user_id}", "nobody")
        _, scope = both.fast(route.method, target, b"[]", JSON)
        both.standard_after_fast(scope, b"[]")
        assert scope["route"] is route.declared
        assert any(declared is route.declared for declared in routes)


# --- POST /segment ---------------------------------------------------------------------------------

VALID: dict[str, bytes] = {
    "every answer": FULL,
    "half of the answers": as_json({name: FULL_PROFILE[name] for name in list(FULL_PROFILE)[::2]}),
    "no answer": b"{}",
    "nulls": as_json(dict.fromkeys(FULL_PROFILE)),
    "an empty list": as_json({"hobbies": []}),
    "repeated values": as_json({"hobbies": ["value_1", "value_1", "value_2"]}),
    "other spellings": as_json({"hobbies": ["Value 1", "VALUE-2"], "occupation": " value_3 "}),
    "unknown values": as_json({"hobbies": ["value_1", "never seen"], "occupation": "nor this"}),
    "blanks": as_json({"hobbies": ["", " "], "occupation": "  "}),
    "a list as long as the table's": as_json({"hobbies": list(KNOWN[:16])}),
    "a list longer than the table's": as_json({"hobbies": list(KNOWN[:17])}),
    "a list of the maximum length": as_json({"hobbies": ["value_1"] * 200}),
    "the minimum age": as_json({"age": 13}),
    "the maximum age": as_json({"age": 120}),
    "letters beyond ASCII": as_json({"occupation": "Zoë ☃"}),
    "an answer given twice": b'{"age": 20, "age": 60, "hobbies": ["value_1"], "hobbies": null}',
    "a whole number with a point": b'{"age": 24.0, "purchases_last_year": 4e0, "lead_time_days": -0.0}',
    "a level in capitals": as_json({"budget_range": "Medium"}),
    "a level with spaces around it": as_json({"budget_range": " HIGH\t"}),
    "an invalid answer replaced by a valid one": b'{"age": "x", "age": 60}',
}
INVALID: dict[str, bytes] = {
    "a boolean for a number": as_json({"age": True}),
    "a fraction for an integer": as_json({"age": 30.5}),
    "a text for a number": as_json({"age": "30"}),
    "below the minimum": as_json({"age": 12}),
    "above the maximum": as_json({"age": 121}),
    "a number of 401 digits": b'{"age": 1' + b"0" * 400 + b"}",
    "a boolean for a text": as_json({"occupation": True}),
    "a number for a text": as_json({"occupation": 1}),
    "a list for a text": as_json({"occupation": ["value_1"]}),
    "a text for a list": as_json({"hobbies": "value_1"}),
    "a list in a list": as_json({"hobbies": [["value_1"]]}),
    "a number in a list": as_json({"hobbies": [1]}),
    "an object in a list": as_json({"hobbies": [{}]}),
    "null in a list": as_json({"hobbies": [None]}),
    "a list that is too long": as_json({"hobbies": ["value_1"] * 201}),
    "a text that is too long": as_json({"occupation": "x" * 201}),
    "an unknown level": as_json({"budget_range": "Middling"}),
    "an unknown field": as_json({"hobby": ["value_1"]}),
    "an unknown field of null": as_json({"hobby": None}),
    "a list": b"[]",
    "a text": b'"value_1"',
    "null": b"null",
    "no body": b"",
    "half of an object": b"{",
    "two objects": b"{} {}",
    "NaN": b'{"age": NaN}',
    "NaN before an answer": b'{"age": NaN, "age": 30}',
    "Infinity": b'{"purchases_last_year": Infinity}',
    "a byte order mark": b"\xef\xbb\xbf{}",
    "a body that is not UTF-8": b'{"occupation": "\xff"}',
    "a lone surrogate": as_json({"occupation": "\ud800"}),
    "deep nesting": b'{"hobbies": ' + b"[" * 5_000 + b"]" * 5_000 + b"}",
}


@pytest.mark.parametrize("body", VALID.values(), ids=VALID)
def test_valid_profile_is_answered_on_the_fast_path(both: BothPaths, body: bytes) -> None:
    both.assert_fast("POST", "/segment", body, JSON)


@pytest.mark.parametrize("body", INVALID.values(), ids=INVALID)
def test_invalid_profile_is_declined(both: BothPaths, body: bytes) -> None:
    both.assert_declined("POST", "/segment", body, JSON)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6) | st.sampled_from(KNOWN),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
ANY_OBJECT = st.dictionaries(st.sampled_from([*FULL_PROFILE, "hobby", "Age", ""]), VALUES, max_size=6)


@limits(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(profile=profiles().map(lambda profile: profile.model_dump(exclude_unset=True)) | ANY_OBJECT)
def test_any_profile_is_answered_on_the_fast_path_exactly_if_it_is_valid(both: BothPaths, profile: object) -> None:
    body = as_json(profile)
    is_valid = both.standard("POST", "/segment", body, JSON).status == 200
    both.assert_same(is_valid, "POST", "/segment", body, JSON)


def test_profiles_with_unknown_values_are_limited_in_number_each_iteration(both: BothPaths) -> None:
    unknown, empty = ("POST", "/segment", UNKNOWN_VALUE, JSON), ("POST", "/segment", b"{}", JSON)
    responses = both.fast_batch([*[unknown] * (MAX_UNKNOWN + 3), empty])
    answered = [response is not None for response in responses]
    assert answered == [*[True] * MAX_UNKNOWN, *[False] * 3, True]


def test_segment_without_a_model_is_declined(tmp_path: Path) -> None:
    with both_paths(tmp_path, model=False) as both:
        both.assert_declined("POST", "/segment", FULL, JSON)
        both.assert_declined("GET", "/users/ann/persona")


# --- GET /users/{user_id}/persona ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "headers"),
    [
        (f"/users/{USER_ID}/persona", {}),
        ("/users/ann%40example/persona", {}),
        (f"/users/{USER_ID}/persona", {**JSON, "accept": "text/html"}),
        (f"/users/{USER_ID}/persona", {"content-length": "0"}),
    ],
)
def test_persona_of_a_user_is_answered_on_the_fast_path(
    both: BothPaths, target: str, headers: dict[str, str]
) -> None:
    both.assert_fast("GET", target, headers=headers)


def test_persona_of_a_user_with_a_query_is_declined(both: BothPaths) -> None:
    both.assert_declined("GET", f"/users/{USER_ID}/persona?x=1")


def test_persona_chosen_by_hand_is_answered_on_the_fast_path(both: BothPaths) -> None:
    store_user(both, "chosen")
    for persona_id in ("p_0", "p_1", "p_2"):
        both.client.put("/users/chosen/persona", json={"persona_id": persona_id}).raise_for_status()
        both.assert_fast("GET", "/users/chosen/persona")


INVALID_USER_IDS = (
    "",
    "a/b",
    "%C3",
    "%FF",
    "100%",
    "%zz",
    "x" * 257,
    "a%00",
    "ann%0A",
    "%7F",
    "a%C2%85",
    "%ED%A0%80",
)
ENCODED_USER_IDS = ("a%2Fb", "a%2fb", "%25", "_a%252Fb", "gid%3A%2F%2Fshop%2FCustomer%2F731")
UNUSUAL_USER_IDS = (
    *("-", "_x1", "auth0|64f0", "-MxAbc", "%2B4915", "+4915", "U2hv%3D%3D", "%C3%A9", "ann%20", "%EF%BB%BFann"),
    *("%EF%BF%BD", "%D7%A9%D7%9C%D7%95%D7%9D", "%F0%9F%92%A1" * 256, "personas:batchGet"),
)


@pytest.mark.parametrize("user_id", UNUSUAL_USER_IDS)
def test_unusual_user_id_is_answered_on_the_fast_path(both: BothPaths, user_id: str) -> None:
    both.client.put(f"/users/{user_id}/profile", json=FULL_PROFILE).raise_for_status()
    both.assert_fast("GET", f"/users/{user_id}/persona")


@pytest.mark.parametrize("user_id", ENCODED_USER_IDS)
def test_user_id_with_an_encoded_slash_or_percent_sign_is_left_to_the_standard_path(
    both: BothPaths, user_id: str
) -> None:
    both.client.put(f"/users/{user_id}/profile", json=FULL_PROFILE).raise_for_status()
    both.assert_declined("GET", f"/users/{user_id}/persona")
    assert both.standard("GET", f"/users/{user_id}/persona").status == 200


@pytest.mark.parametrize(
    "target", ["/users%2Fann%40example/persona", "/users/ann%40example%2Fpersona", "/segment%2F"]
)
def test_slash_of_a_route_that_is_encoded_is_not_that_route(both: BothPaths, target: str) -> None:
    both.assert_declined("GET", target)
    assert both.standard("GET", target).status == 404


@pytest.mark.parametrize("user_id", ["nobody", *INVALID_USER_IDS, *ENCODED_USER_IDS])
def test_unknown_user_is_declined(both: BothPaths, user_id: str) -> None:
    both.assert_declined("GET", f"/users/{user_id}/persona")


def test_assignment_by_another_model_is_declined_until_it_is_made_again(tmp_path: Path) -> None:
    with both_paths(tmp_path) as both:
        store_user(both, "ann")
        registry: Registry = both.app.state.services.registry
        registry.activate(write_small_model(registry.root, seed=1).name)
        both.app.state.services.model.refresh()
        assert both.fast("GET", "/users/ann/persona")[0] is None
        both.client.get("/users/ann/persona").raise_for_status()
        both.assert_fast("GET", "/users/ann/persona")


class UsersWithAnyId(MemoryUsers):
    """Returns Ann's assignment for every id."""

    def assignments_nowait(self, user_ids: Any) -> Any:
        return dict.fromkeys(user_ids, super().assignments_nowait(["ann"])["ann"])


def test_invalid_user_id_does_not_reach_the_store(tmp_path: Path) -> None:
    with both_paths(tmp_path, store=MemoryStore(users=UsersWithAnyId())) as both:
        store_user(both, "ann")
        assert both.fast("GET", "/users/bob/persona")[0] is not None
        for user_id in INVALID_USER_IDS:
            both.assert_declined("GET", f"/users/{user_id}/persona")


class BlockingUsers(MemoryUsers):
    """Cannot read without blocking."""

    def assignments_nowait(self, user_ids: Any) -> Any:
        raise StoreUnavailable("away")


class UnavailableUsers(BlockingUsers):
    """Cannot read at all."""

    def assignments(self, user_ids: Any) -> Any:
        raise StoreUnavailable("away")


@pytest.mark.parametrize(("kind", "status"), [(BlockingUsers, 200), (UnavailableUsers, 503)])
def test_store_that_would_block_is_left_to_the_standard_path(
    tmp_path: Path, kind: type[MemoryUsers], status: int
) -> None:
    with both_paths(tmp_path, store=MemoryStore(users=kind())) as both:
        store_user(both, "ann")
        both.assert_declined("GET", "/users/ann/persona")
        assert both.standard("GET", "/users/ann/persona").status == status
