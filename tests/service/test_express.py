"""The short way and the long way: whatever is asked, both give the same answer, or the short way gives none."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, given
from hypothesis import settings as limits
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry
from starlette.testclient import TestClient

from models.registry import Registry
from service.access.scopes import Scope
from service.app import create_app
from service.express import ADMITTED, LONG, Express
from service.limits import Arrival, Waiting
from service.protocol import ARRIVAL, Answered
from service.routes import segment, users
from service.settings import Settings
from service.store.base import StoreUnavailable
from service.store.memory import MemoryStore
from tests.support.access import NEVER_MADE, bearer, key_with
from tests.support.profiles import KNOWN, profiles
from tests.support.small_model import write_small_model

WAYS = (*segment.SHORT_WAYS, *users.SHORT_WAYS)
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


class Both:
    """One app, asked both ways."""

    def __init__(self, app: FastAPI, client: TestClient) -> None:
        self.app, self.client = app, client
        self.express = Express(app.state.services, WAYS)

    def shortly(
        self,
        method: str,
        target: str,
        body: bytes = b"",
        headers: Mapping[str, str] | list[tuple[str, str]] = (),  # type: ignore[assignment]
        waiting: int = 0,
    ) -> tuple[Answered | None, dict[str, Any]]:
        path, _, query = target.partition("?")
        sent = list(headers.items()) if isinstance(headers, Mapping) else list(headers)
        if method == "POST" and "content-length" not in dict(sent):
            sent.append(("content-length", str(len(body))))
        scope: dict[str, Any] = {
            "type": "http",
            "method": method,
            "path": unquote(path),
            "query_string": query.encode(),
            "headers": [(b"host", b"testserver"), *((n.lower().encode(), v.encode()) for n, v in sent)],
            ARRIVAL: Arrival(Waiting(waiting)),
        }
        answer_to = self.express(scope)
        return (None if answer_to is None else answer_to(body)), scope

    def same(self, method: str, target: str, body: bytes = b"", headers: Any = ()) -> bool:
        """Ask both ways and compare; whether the short way answered."""
        sent = [*(headers.items() if isinstance(headers, Mapping) else headers), ("x-request-id", "mine")]
        short, _ = self.shortly(method, target, body, sent)
        # A POST without a body still says how long it is.
        long = self.client.request(method, target, content=body if method == "POST" else None, headers=sent)
        if short is None:
            return False
        assert short.status == long.status_code
        assert short.content == long.content
        assert sorted((n.decode(), v.decode()) for n, v in short.headers) == sorted(long.headers.items())
        return True


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    with asked_both_ways(tmp_path_factory.mktemp("express")) as found:
        yield found


class asked_both_ways:  # noqa: N801
    """A service for a `with`, asked both ways; `changes` are settings."""

    def __init__(self, folder: Path, model: bool = True, store: MemoryStore | None = None, **changes: Any) -> None:
        settings = Settings(_env_file=None, artifacts_dir=folder / "artifacts", data_dir=folder)
        if model:
            registry = Registry(settings.artifacts_dir)
            registry.activate(write_small_model(registry.root, seed=0).name)
        self.store = store or MemoryStore()
        self.app = create_app(settings.model_copy(update=changes), store=self.store)
        self.client = TestClient(self.app, raise_server_exceptions=False)

    def __enter__(self) -> Both:
        self.client.__enter__()
        return Both(self.app, self.client)

    def __exit__(self, *error: Any) -> None:
        self.client.__exit__(*error)


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
    "a type twice": ("/segment", [("content-type", "application/json"), ("content-type", "text/plain")]),
    "packed": ("/segment", [("content-type", "application/json"), ("content-encoding", "gzip")]),
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
    assert both.shortly(method, "/segment", body(FULL), JSON)[0] is None


def test_a_body_that_is_long_or_of_unknown_length_goes_the_long_way(both: Both) -> None:
    text = body(FULL)
    padded = text + b" " * (LONG - len(text))
    assert both.same("POST", "/segment", padded, JSON)
    assert not both.same("POST", "/segment", padded + b" ", JSON)
    for length in ("", "-1", "1e2", "0x10", " 5"):
        assert both.shortly("POST", "/segment", text, {**JSON, "content-length": length})[0] is None


def test_a_safe_request_id_is_told_back_and_another_replaced(both: Both) -> None:
    for asked, safe in (("mine-1", True), ("not safe!", False), ("x" * 65, False)):
        short, _ = both.shortly("POST", "/segment", b"{}", {**JSON, "x-request-id": asked})
        assert short is not None
        told = dict(short.headers)[b"x-request-id"].decode()
        assert (told == asked) is safe
        assert safe or len(told) == 32


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


def test_a_persona_chosen_by_hand_is_the_same_both_ways(both: Both) -> None:
    both.client.put("/users/chosen/profile", json=FULL)
    for persona_id in ("p_0", "p_1", "p_2"):
        both.client.put("/users/chosen/persona", json={"persona_id": persona_id}).raise_for_status()
        assert both.same("GET", "/users/chosen/persona")


@pytest.mark.parametrize(
    "name", ["nobody", "", "-", "a/b", "a%2Fb", "%C3%A9", "x" * 129, "personas:batchGet", "a%00", ".."]
)
def test_who_is_not_there_is_told_so_the_long_way(both: Both, name: str) -> None:
    assert both.shortly("GET", f"/users/{name}/persona")[0] is None


def test_an_assignment_of_another_model_is_made_again_the_long_way(tmp_path: Path) -> None:
    with asked_both_ways(tmp_path) as both:
        both.client.put("/users/ann/profile", json=FULL)
        registry: Registry = both.app.state.services.registry
        registry.activate(write_small_model(registry.root, seed=1).name)
        both.app.state.services.model.refresh()
        assert both.shortly("GET", "/users/ann/persona")[0] is None
        both.client.get("/users/ann/persona").raise_for_status()
        assert both.same("GET", "/users/ann/persona")


class AwayStore(MemoryStore):
    """A store that does not answer when it is asked for a user."""

    def get_assignment_now(self, user_id: str) -> Any:
        raise StoreUnavailable("away")


def test_a_store_that_does_not_answer_is_left_to_the_long_way(tmp_path: Path) -> None:
    with asked_both_ways(tmp_path, store=AwayStore()) as both:
        both.client.put("/users/ann/profile", json=FULL)
        assert both.shortly("GET", "/users/ann/persona")[0] is None


# --- who may, and how many --------------------------------------------------------------------------


def test_only_who_may_is_answered(tmp_path: Path) -> None:
    store = MemoryStore()
    good, other = key_with(store.keys, Scope.SEGMENT_ASSIGN), key_with(store.keys, Scope.USERS_READ)
    with asked_both_ways(tmp_path, store=store) as both:
        assert both.same("POST", "/segment", body(FULL), {**JSON, **bearer(good)})
        assert both.same("POST", "/segment", body(FULL), {**JSON, "x-api-key": good})
        for headers in ({}, bearer(other), bearer(NEVER_MADE), {"authorization": "Basic x"}):
            assert not both.same("POST", "/segment", body(FULL), {**JSON, **headers})
            assert ADMITTED not in both.shortly("POST", "/segment", body(FULL), {**JSON, **headers})[1]


def test_a_request_that_is_handed_on_is_counted_once_against_its_keys_rate(tmp_path: Path) -> None:
    store = MemoryStore()
    key = key_with(store.keys, Scope.SEGMENT_ASSIGN)
    with asked_both_ways(tmp_path, store=store, key_rate=1.0) as both:
        _, scope = both.shortly("POST", "/segment", b'{"age": 5}', {**JSON, **bearer(key)})
        assert scope[ADMITTED] is Scope.SEGMENT_ASSIGN
        # One of the two tokens is taken; the same request, handed on, takes none.
        assert both.shortly("POST", "/segment", b"{}", {**JSON, **bearer(key)})[0] is not None
        assert both.shortly("POST", "/segment", b"{}", {**JSON, **bearer(key)})[0] is None
        refused = both.client.post("/segment", json={}, headers=bearer(key))
        assert refused.status_code == 429


def test_without_a_model_the_long_way_says_so(tmp_path: Path) -> None:
    with asked_both_ways(tmp_path, model=False) as both:
        assert not both.same("POST", "/segment", body(FULL), JSON)
        assert not both.same("GET", "/users/ann/persona")


def test_under_another_name_nobody_is_answered(tmp_path: Path) -> None:
    with asked_both_ways(tmp_path / "one", trusted_hosts="segments.example") as both:
        assert both.shortly("POST", "/segment", body(FULL), JSON)[0] is None
    with asked_both_ways(tmp_path / "other", trusted_hosts="testserver") as both:
        assert both.same("POST", "/segment", body(FULL), JSON)


def test_when_too_many_wait_the_long_way_refuses(tmp_path: Path) -> None:
    with asked_both_ways(tmp_path, max_in_flight=2) as both:
        assert both.shortly("POST", "/segment", body(FULL), JSON, waiting=2)[0] is not None
        assert both.shortly("POST", "/segment", body(FULL), JSON, waiting=3)[0] is None


# --- what is kept of it ----------------------------------------------------------------------------


def series(registry: CollectorRegistry) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for metric in registry.collect()
        for sample in metric.samples
        if not sample.name.endswith(("_sum", "_bucket"))
    }


@pytest.mark.parametrize("profile", [FULL, {"hobbies": ["never seen"]}], ids=["recognised", "unknown value"])
def test_both_ways_count_the_same(tmp_path: Path, profile: object) -> None:
    with asked_both_ways(tmp_path) as both:
        registry = both.app.state.services.metrics.registry
        counted = []
        for ask in (
            lambda: both.shortly("POST", "/segment", body(profile), JSON),
            lambda: both.client.post("/segment", json=profile),
        ):
            before = series(registry)
            ask()
            after = series(registry)
            counted.append({name: value - before.get(name, 0) for name, value in after.items()})
        assert {name for name, value in counted[0].items() if value} == {
            name for name, value in counted[1].items() if value
        }


def test_both_ways_write_the_same_line(both: Both, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", logger="service.access")
    both.same("POST", "/segment", body(FULL), JSON)
    lines = [record.__dict__["fields"] for record in caplog.records if record.message == "answered"]
    short, long = ({name: value for name, value in each.items() if name != "duration_ms"} for each in lines)
    assert short == long
    assert short == {"request_id": "mine", "method": "POST", "route": "/segment", "status": 200}
