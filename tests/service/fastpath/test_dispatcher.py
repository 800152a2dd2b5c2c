"""The short way and the long way: whatever is asked, both give the same answer, or the short way gives none."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as limits
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from models.storage.registry import Registry
from service.app import ROUTERS
from service.fastpath.routes import MAX_UNUSUAL
from service.http.guarded_route import ADMITTED
from service.security.scopes import Scope
from service.segmenting.assignment import LONG_BODY
from service.store.memory.store import MemoryStore
from service.store.memory.users import MemoryUsers
from service.store.ports.errors import StoreUnavailable
from testkit.access import NEVER_MADE, bearer, key_with, prefix
from testkit.small_model import write_small_model
from tests.support.both_ways import WAYS, Both, both_paths, told
from tests.support.profiles import KNOWN, profiles

JSON = {"content-type": "application/json"}
FULL: dict[str, Any] = {
    "age": 34,
    "relationship": "value_0",
    "occupation": "value_1",
    "hobbies": ["value_0", "value_3"],
    "favourite_items": [],
    "favourite_movies": ["value_2"],
    "last_gift_category": "value_4",
    "gift_history": ["value_5"],
    "occasion": "value_1",
    "budget_range": "medium",
    "store_preference": "value_2",
    "purchases_last_year": 4,
    "lead_time_days": 12,
}


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    with both_paths(tmp_path_factory.mktemp("express")) as found:
        yield found


def body(profile: object) -> bytes:
    return json.dumps(profile).encode()


USUAL: dict[str, object] = {
    "everything": FULL,
    "half of it": {name: FULL[name] for name in list(FULL)[::2]},
    "nothing": {},
    "only nulls": dict.fromkeys(FULL),
    "no hobbies": {"hobbies": []},
    "repeats": {"hobbies": ["value_1", "value_1", "value_2"]},
    "odd spelling": {"hobbies": ["Value 1", "VALUE-2"], "occupation": " value_3 "},
    "unknown values": {"hobbies": ["value_1", "never seen"], "occupation": "nor this"},
    "blanks": {"hobbies": ["", " "], "occupation": "  "},
    "as many as are tabled": {"hobbies": list(KNOWN[:16])},
    "one more": {"hobbies": list(KNOWN[:17])},
    "as many as are allowed": {"hobbies": ["value_1"] * 200},
    "the youngest": {"age": 13},
    "the oldest": {"age": 120},
    "letters of the world": {"occupation": "Zoë ☃"},
    "half of a pair of surrogates": {"occupation": "\ud800"},
}
UNFIT: dict[str, bytes] = {
    "a flag for a number": body({"age": True}),
    "a fraction for a number": body({"age": 30.0}),
    "a text for a number": body({"age": "30"}),
    "too young": body({"age": 12}),
    "too old": body({"age": 121}),
    "no end of digits": b'{"age": 1' + b"0" * 400 + b"}",
    "a flag for a text": body({"occupation": True}),
    "a number for a text": body({"occupation": 1}),
    "a list for a text": body({"occupation": ["value_1"]}),
    "a text for a list": body({"hobbies": "value_1"}),
    "a list in a list": body({"hobbies": [["value_1"]]}),
    "a number in a list": body({"hobbies": [1]}),
    "an object in a list": body({"hobbies": [{}]}),
    "null in a list": body({"hobbies": [None]}),
    "more than are allowed": body({"hobbies": ["value_1"] * 201}),
    "a text too long": body({"occupation": "x" * 201}),
    "a level that there is not": body({"budget_range": "Medium"}),
    "a strange field": body({"hobby": ["value_1"]}),
    "a strange field that is null": body({"hobby": None}),
    "no object": b"[]",
    "a text": b'"value_1"',
    "null": b"null",
    "nothing at all": b"",
    "not JSON": b"{",
    "two": b"{} {}",
    "NaN": b'{"age": NaN}',
    "NaN before an answer": b'{"age": NaN, "age": 30}',
    "Infinity": b'{"purchases_last_year": Infinity}',
    "a byte order mark": b"\xef\xbb\xbf{}",
    "not UTF-8": b'{"occupation": "\xff"}',
    "very deep": b'{"hobbies": ' + b"[" * 5_000 + b"]" * 5_000 + b"}",
}


@pytest.mark.parametrize("profile", USUAL.values(), ids=USUAL)
def test_what_is_usual_is_answered_the_same_both_ways(both: Both, profile: object) -> None:
    short = both.same("POST", "/segment", body(profile), JSON)
    assert short or profile == USUAL["half of a pair of surrogates"]


@pytest.mark.parametrize("text", UNFIT.values(), ids=UNFIT)
def test_what_does_not_fit_is_refused_the_long_way(both: Both, text: bytes) -> None:
    assert not both.same("POST", "/segment", text, JSON)


def test_an_answer_given_twice_counts_as_the_later_one_both_ways(both: Both) -> None:
    assert both.same("POST", "/segment", b'{"age": 20, "age": 60, "hobbies": ["value_1"], "hobbies": null}', JSON)
    assert both.same("POST", "/segment", b'{"age": "x", "age": 60}', JSON)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6) | st.sampled_from(KNOWN),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
ODD = st.dictionaries(st.sampled_from([*FULL, "hobby", "Age", ""]), VALUES, max_size=6)


@limits(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(profile=profiles().map(lambda each: each.model_dump(exclude_unset=True)) | ODD)
def test_any_profile_is_answered_the_same_both_ways(both: Both, profile: object) -> None:
    both.same("POST", "/segment", body(profile), JSON)


HEADS: dict[str, tuple[str, list[tuple[str, str]]]] = {
    "a question": ("/segment?explain=true", [("content-type", "application/json")]),
    "an empty question": ("/segment?x=", [("content-type", "application/json")]),
    "no type": ("/segment", []),
    "another type": ("/segment", [("content-type", "text/plain")]),
    "a charset": ("/segment", [("content-type", "application/json; charset=utf-8")]),
    "a charset in quotes": ("/segment", [("content-type", 'application/json;charset="UTF8"')]),
    "another charset": ("/segment", [("content-type", "application/json; charset=utf-16")]),
    "a type in capitals": ("/segment", [("content-type", "Application/JSON")]),
    "a type of its own": ("/segment", [("content-type", "application/problem+json")]),
    "a type twice": ("/segment", [("content-type", "application/json"), ("content-type", "text/plain")]),
    "packed": ("/segment", [("content-type", "application/json"), ("content-encoding", "gzip")]),
    "not packed, and saying so": (
        "/segment",
        [("content-type", "application/json"), ("content-encoding", "identity")],
    ),
    "a length that is not told": (
        "/segment",
        [("content-type", "application/json"), ("transfer-encoding", "chunked")],
    ),
    "a page of another origin": (
        "/segment",
        [("content-type", "application/json"), ("origin", "https://a.example")],
    ),
    "another path": ("/segment/", [("content-type", "application/json")]),
    "a path in capitals": ("/Segment", [("content-type", "application/json")]),
}


@pytest.mark.parametrize(("target", "headers"), HEADS.values(), ids=HEADS)
def test_an_unusual_head_goes_the_long_way(both: Both, target: str, headers: list[tuple[str, str]]) -> None:
    assert not both.same("POST", target, body(FULL), headers)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD", "OPTIONS"])
def test_another_method_goes_the_long_way(both: Both, method: str) -> None:
    assert both.fast(method, "/segment", body(FULL), JSON)[0] is None


def test_a_body_that_is_long_or_of_unknown_length_goes_the_long_way(both: Both) -> None:
    text = body(FULL)
    padded = text + b" " * (LONG_BODY - len(text))
    assert both.same("POST", "/segment", padded, JSON)
    assert not both.same("POST", "/segment", padded + b" ", JSON)
    for length in ("", "-1", "1e2", "0x10", " 5"):
        assert both.fast("POST", "/segment", text, {**JSON, "content-length": length})[0] is None


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_body_over_the_limit_is_refused_whatever_the_method(tmp_path: Path, method: str) -> None:
    with both_paths(tmp_path, max_body_bytes=1_024) as both:
        both.client.put("/users/ann/profile", json=FULL)
        target = "/segment" if method == "POST" else "/users/ann/persona"
        over = body({}) + b" " * 1_023
        assert both.same(method, target, over[:-1] if method == "POST" else b"", JSON)
        assert not both.same(method, target, over, {**JSON, "content-length": "1025"})
        assert both.long(method, target, over, {**JSON, "content-length": "1025"}).status == 413


def test_a_safe_request_id_is_told_back_and_another_replaced(both: Both) -> None:
    for asked, safe in (("mine-1", True), ("not safe!", False), ("x" * 65, False)):
        short, _ = both.fast("POST", "/segment", b"{}", {**JSON, "x-request-id": asked})
        assert short is not None
        given = dict(told(short).headers)["x-request-id"]
        assert (given == asked) is safe
        assert safe or len(given) == 32


def test_what_answers_shortly_is_a_route_of_the_app(both: Both) -> None:
    routes = [route for router in ROUTERS for route in router.routes]
    for way in WAYS:
        _, scope = both.fast(way.method, way.route.path.replace("{user_id}", "nobody"), b"[]", JSON)
        both.handed_on(scope, b"[]")
        assert scope["route"] is way.route
        assert any(route is way.route for route in routes)


def test_the_routes_are_the_documented_ones(both: Both) -> None:
    paths = both.app.openapi()["paths"]
    assert {(way.method, way.route.path) for way in WAYS} == {
        ("POST", "/segment"),
        ("GET", "/users/{user_id}/persona"),
    }
    assert all(way.method.lower() in paths[way.route.path] for way in WAYS)
    assert [way.needed for way in WAYS] == [Scope.SEGMENT_ASSIGN, Scope.USERS_READ]


# --- users -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def user(both: Both) -> str:
    assert both.client.put("/users/ann@example/profile", json=FULL).status_code == 201
    return "ann@example"


def test_a_users_persona_is_the_same_both_ways(both: Both, user: str) -> None:
    assert both.same("GET", f"/users/{user}/persona")
    assert both.same("GET", "/users/ann%40example/persona")
    assert both.same("GET", f"/users/{user}/persona", headers={**JSON, "accept": "text/html"})
    assert both.same("GET", f"/users/{user}/persona", headers={"content-length": "0"})
    assert not both.same("GET", f"/users/{user}/persona?x=1")


def test_a_persona_chosen_by_hand_is_the_same_both_ways(both: Both) -> None:
    both.client.put("/users/chosen/profile", json=FULL)
    for persona_id in ("p_0", "p_1", "p_2"):
        both.client.put("/users/chosen/persona", json={"persona_id": persona_id}).raise_for_status()
        assert both.same("GET", "/users/chosen/persona")


# What no user may be called.
NAMELESS = (
    *("", "-", "a/b", "a%2Fb", "%C3%A9", "x" * 129),
    *("a%00", "ann%40example%0A", "ann%40example%20", "%EF%BB%BFann", "%FF"),
)


@pytest.mark.parametrize("name", ["nobody", "personas:batchGet", *NAMELESS])
def test_who_is_not_there_is_told_so_the_long_way(both: Both, name: str) -> None:
    assert not both.same("GET", f"/users/{name}/persona")


def test_an_assignment_of_another_model_is_made_again_the_long_way(tmp_path: Path) -> None:
    with both_paths(tmp_path) as both:
        both.client.put("/users/ann/profile", json=FULL)
        registry: Registry = both.app.state.services.registry
        registry.activate(write_small_model(registry.root, seed=1).name)
        both.app.state.services.model.refresh()
        assert both.fast("GET", "/users/ann/persona")[0] is None
        both.client.get("/users/ann/persona").raise_for_status()
        assert both.same("GET", "/users/ann/persona")


class CarelessUsers(MemoryUsers):
    """A store that takes everybody for Ann."""

    def assignments_nowait(self, user_ids: Any) -> Any:
        return dict.fromkeys(user_ids, super().assignments_nowait(["ann"])["ann"])


def test_a_name_that_no_user_may_have_is_not_even_looked_for(tmp_path: Path) -> None:
    with both_paths(tmp_path, store=MemoryStore(users=CarelessUsers())) as both:
        both.client.put("/users/ann/profile", json=FULL)
        assert both.fast("GET", "/users/bob/persona")[0] is not None
        for name in NAMELESS:
            assert not both.same("GET", f"/users/{name}/persona")


class BusyUsers(MemoryUsers):
    """A store that cannot tell now."""

    def assignments_nowait(self, user_ids: Any) -> Any:
        raise StoreUnavailable("away")


class AwayUsers(BusyUsers):
    """A store that cannot tell at all."""

    def assignments(self, user_ids: Any) -> Any:
        raise StoreUnavailable("away")


@pytest.mark.parametrize(("kind", "status"), [(BusyUsers, 200), (AwayUsers, 503)])
def test_a_store_that_does_not_answer_is_left_to_the_long_way(
    tmp_path: Path, kind: type[MemoryUsers], status: int
) -> None:
    with both_paths(tmp_path, store=MemoryStore(users=kind())) as both:
        both.client.put("/users/ann/profile", json=FULL)
        assert not both.same("GET", "/users/ann/persona")
        assert both.long("GET", "/users/ann/persona").status == status


# --- several in one turn ----------------------------------------------------------------------------

ODD_BODIES = [b"[]", b"null", b"{", b"", b'{"age": 5}', b'{"hobbies": ["never seen"]}']
IN_A_TURN = st.lists(
    st.sampled_from(
        [
            *(("POST", "/segment", body(USUAL[name])) for name in ("everything", "half of it", "no hobbies")),
            *(("POST", "/segment", text) for text in ODD_BODIES),
            ("GET", "/users/ann@example/persona", b""),
            ("GET", "/users/nobody/persona", b""),
        ]
    ),
    max_size=8,
)


@limits(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(requests=IN_A_TURN)
@pytest.mark.usefixtures("user")
def test_in_one_turn_each_is_answered_as_it_is_alone(both: Both, requests: list[tuple[str, str, bytes]]) -> None:
    sent = [(*each, {**JSON, "x-request-id": str(place)}) for place, each in enumerate(requests)]
    alone = [both.fast(*each)[0] for each in sent]
    assert both.together(sent) == alone


@pytest.mark.usefixtures("user")
def test_a_turn_counts_what_its_requests_count_alone(both: Both) -> None:
    sent = [(*each[:3], JSON) for each in ASKED.values()] * 2
    alone = counted(both, lambda: [both.fast(*each) for each in sent])
    assert len(alone) >= 4
    assert counted(both, lambda: both.together(sent)) == alone


class BrokenUsers(MemoryUsers):
    """A store with a defect."""

    def assignments_nowait(self, user_ids: Any) -> Any:
        raise ZeroDivisionError


def test_a_defect_in_one_leaves_the_others_of_its_turn_answered_and_counted_once(tmp_path: Path) -> None:
    store = MemoryStore(users=BrokenUsers())
    key = key_with(store.keys, Scope.SEGMENT_ASSIGN, Scope.USERS_READ)
    with both_paths(tmp_path, store=store, key_rate=2.0) as both:
        asked = {**JSON, **bearer(key)}
        segment, user = ("POST", "/segment", b"{}", asked), ("GET", "/users/ann/persona", b"", asked)
        told: list[bool] = []
        sent = [segment, user, user, segment]
        moved = counted(both, lambda: told.extend(each is not None for each in both.together(sent)))
        assert told == [True, False, False, True]
        assert set(moved.values()) == {2.0}


def test_of_unrecognised_profiles_a_turn_answers_so_many_and_leaves_the_rest(both: Both) -> None:
    sent = [("POST", "/segment", b'{"hobbies": ["never seen"]}', JSON)] * (MAX_UNUSUAL + 3)
    usual = ("POST", "/segment", b"{}", JSON)
    answered = [each is not None for each in both.together([*sent, usual])]
    assert answered == [*[True] * MAX_UNUSUAL, *[False] * 3, True]


def test_in_one_turn_each_needs_its_own_key_and_token(tmp_path: Path) -> None:
    store = MemoryStore()
    key = key_with(store.keys, Scope.SEGMENT_ASSIGN)
    with both_paths(tmp_path, store=store, key_rate=1.0) as both:
        headers = [bearer(key), {}, bearer(NEVER_MADE), bearer(key), bearer(key)]
        sent = [("POST", "/segment", b"{}", {**JSON, **each}) for each in headers]
        answered = [each is not None for each in both.together(sent)]
    # A key's bucket holds two tokens.
    assert answered == [True, False, False, True, False]


# --- who may, and how many --------------------------------------------------------------------------


def test_only_who_may_is_answered(tmp_path: Path) -> None:
    store = MemoryStore()
    good, other = key_with(store.keys, Scope.SEGMENT_ASSIGN), key_with(store.keys, Scope.USERS_READ)
    expired = key_with(store.keys, Scope.SEGMENT_ASSIGN, ended_ago=timedelta(seconds=1))
    revoked = key_with(store.keys, Scope.SEGMENT_ASSIGN)
    store.keys.revoke(prefix(revoked), datetime.now(UTC))
    refused = [bearer(key) for key in (other, NEVER_MADE, expired, revoked)]
    with both_paths(tmp_path, store=store) as both:
        assert both.same("POST", "/segment", body(FULL), {**JSON, **bearer(good)})
        assert both.same("POST", "/segment", body(FULL), {**JSON, "x-api-key": good})
        twice = [*JSON.items(), *bearer(good).items(), *bearer(NEVER_MADE).items()]
        assert not both.same("POST", "/segment", body(FULL), twice)
        for headers in ({}, *refused, {"authorization": "Basic x"}):
            assert not both.same("POST", "/segment", body(FULL), {**JSON, **headers})
            assert ADMITTED not in both.fast("POST", "/segment", body(FULL), {**JSON, **headers})[1]


def test_a_request_that_is_handed_on_is_counted_once_against_its_keys_rate(tmp_path: Path) -> None:
    store = MemoryStore()
    key = key_with(store.keys, Scope.SEGMENT_ASSIGN)
    with both_paths(tmp_path, store=store, key_rate=1.0) as both:
        asked = {**JSON, **bearer(key)}
        short, scope = both.fast("POST", "/segment", b'{"age": 5}', asked)
        assert (short, both.handed_on(scope, b'{"age": 5}').status) == (None, 422)
        # One of the two tokens is taken.
        assert both.fast("POST", "/segment", b"{}", asked)[0] is not None
        short, scope = both.fast("POST", "/segment", b"{}", asked)
        assert (short, both.handed_on(scope, b"{}").status) == (None, 429)


def test_without_a_model_the_long_way_says_so(tmp_path: Path) -> None:
    with both_paths(tmp_path, model=False) as both:
        assert not both.same("POST", "/segment", body(FULL), JSON)
        assert not both.same("GET", "/users/ann/persona")


def test_under_another_name_nobody_is_answered(tmp_path: Path) -> None:
    with both_paths(tmp_path / "one", trusted_hosts="segments.example") as both:
        assert not both.same("POST", "/segment", body(FULL), JSON)
    with both_paths(tmp_path / "other", trusted_hosts="testserver") as both:
        assert both.same("POST", "/segment", body(FULL), JSON)


def test_when_too_many_wait_the_long_way_refuses_and_the_short_one_answers(tmp_path: Path) -> None:
    with both_paths(tmp_path, max_in_flight=2) as both:
        assert both.fast("POST", "/segment", body(FULL), JSON, others=2)[0] is not None
        short, scope = both.fast("POST", "/segment", b'{"age": 5}', JSON, others=2)
        assert (short, both.handed_on(scope, b'{"age": 5}').status) == (None, 503)


# --- what is kept of it ----------------------------------------------------------------------------


def series(registry: CollectorRegistry) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for metric in registry.collect()
        for sample in metric.samples
        if not sample.name.endswith(("_sum", "_bucket"))
    }


def counted(both: Both, ask: Callable[[], object]) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """By how much each series moved."""
    registry = both.app.state.services.metrics.registry
    before = series(registry)
    ask()
    moved = {name: value - before.get(name, 0) for name, value in series(registry).items()}
    return {name: by for name, by in moved.items() if by}


def handing_on(both: Both, method: str, target: str, text: bytes) -> bool:
    """Ask the short way, then the long one where that does not answer; whether it did."""
    short, scope = both.fast(method, target, text, JSON)
    if short is None:
        both.handed_on(scope, text)
    return short is not None


ASKED = {
    "recognised": ("POST", "/segment", body(FULL), True),
    "an unknown value": ("POST", "/segment", body({"hobbies": ["never seen"]}), True),
    "refused": ("POST", "/segment", body({"age": 5}), False),
    "a user": ("GET", "/users/ann@example/persona", b"", True),
    "a stranger": ("GET", "/users/nobody/persona", b"", False),
}


@pytest.mark.parametrize(("method", "target", "text", "fast"), ASKED.values(), ids=ASKED)
@pytest.mark.usefixtures("user")
def test_both_ways_count_the_same(both: Both, method: str, target: str, text: bytes, fast: bool) -> None:
    long = counted(both, lambda: both.long(method, target, text, JSON))
    assert len(long) >= 2
    answered: list[bool] = []
    short = counted(both, lambda: answered.append(handing_on(both, method, target, text)))
    assert (short, answered) == (long, [fast])


@pytest.mark.parametrize(("method", "target", "text", "fast"), ASKED.values(), ids=ASKED)
@pytest.mark.usefixtures("user")
def test_both_ways_write_the_same_line(
    both: Both, caplog: pytest.LogCaptureFixture, method: str, target: str, text: bytes, fast: bool
) -> None:
    caplog.set_level("INFO", logger="service.access")
    assert both.same(method, target, text, JSON) is fast
    lines = [record.__dict__["fields"] for record in caplog.records if record.message == "answered"]
    one, other = ({name: value for name, value in each.items() if name != "duration_ms"} for each in lines)
    assert all(each["duration_ms"] > 0 for each in lines)
    assert one == other
    assert set(one) == {"request_id", "method", "route", "status"}
    assert (one["request_id"], one["method"]) == ("mine", method)


def test_the_line_of_a_short_answer_says_what_was_asked(both: Both, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", logger="service.access")
    both.fast("POST", "/segment", body(FULL), {**JSON, "x-request-id": "mine"})
    (line,) = (record.__dict__["fields"] for record in caplog.records if record.message == "answered")
    kept = {name: value for name, value in line.items() if name != "duration_ms"}
    assert kept == {"request_id": "mine", "method": "POST", "route": "/segment", "status": 200}
