"""Which requests the fast path answers and which it declines, by their head, key and host; its metrics and logs.

`both.assert_fast` fails where the fast path declines, `both.assert_declined` where it answers, and both
compare the responses of the two paths.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as limits
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from service.http.guarded_route import ADMITTED
from service.security.scopes import Scope
from service.segmenting.assignment import LONG_BODY
from service.store.memory.store import MemoryStore
from service.store.memory.users import MemoryUsers
from testkit.access import NEVER_MADE, bearer, key_with, prefix
from tests.service.fastpath.requests import FULL, JSON, REQUESTS, TOO_YOUNG, Sent, store_user
from tests.support.both_paths import BothPaths, both_paths, on_the_wire

Moved = dict[tuple[str, frozenset[tuple[str, str]]], float]


@pytest.mark.parametrize("sent", REQUESTS.values(), ids=REQUESTS)
def test_each_kind_of_request_takes_its_path(both: BothPaths, sent: Sent) -> None:
    both.assert_same(sent.is_fast, sent.method, sent.target, sent.body, JSON)


# --- heads -----------------------------------------------------------------------------------------

UNUSUAL_HEADS: dict[str, tuple[str, list[tuple[str, str]]]] = {
    "a query": ("/segment?explain=true", [("content-type", "application/json")]),
    "an unknown query": ("/segment?x=", [("content-type", "application/json")]),
    "no content type": ("/segment", []),
    "another content type": ("/segment", [("content-type", "text/plain")]),
    "a charset": ("/segment", [("content-type", "application/json; charset=utf-8")]),
    "a charset in quotes": ("/segment", [("content-type", 'application/json;charset="UTF8"')]),
    "another charset": ("/segment", [("content-type", "application/json; charset=utf-16")]),
    "a content type in capitals": ("/segment", [("content-type", "Application/JSON")]),
    "a subtype of JSON": ("/segment", [("content-type", "application/problem+json")]),
    "two content types": ("/segment", [("content-type", "application/json"), ("content-type", "text/plain")]),
    "compression": ("/segment", [("content-type", "application/json"), ("content-encoding", "gzip")]),
    "a content encoding of none": (
        "/segment",
        [("content-type", "application/json"), ("content-encoding", "identity")],
    ),
    "chunks": ("/segment", [("content-type", "application/json"), ("transfer-encoding", "chunked")]),
    "an origin": ("/segment", [("content-type", "application/json"), ("origin", "https://a.example")]),
    "another path": ("/segment/", [("content-type", "application/json")]),
    "a path in capitals": ("/Segment", [("content-type", "application/json")]),
}


@pytest.mark.parametrize(("target", "headers"), UNUSUAL_HEADS.values(), ids=UNUSUAL_HEADS)
def test_unusual_head_is_declined(both: BothPaths, target: str, headers: list[tuple[str, str]]) -> None:
    both.assert_declined("POST", target, FULL, headers)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD", "OPTIONS"])
def test_other_method_is_declined(both: BothPaths, method: str) -> None:
    assert both.fast(method, "/segment", FULL, JSON)[0] is None


def test_body_up_to_the_limit_is_answered_and_a_longer_one_declined(both: BothPaths) -> None:
    longest = FULL + b" " * (LONG_BODY - len(FULL))
    both.assert_fast("POST", "/segment", longest, JSON)
    both.assert_declined("POST", "/segment", longest + b" ", JSON)


@pytest.mark.parametrize("length", ["", "-1", "1e2", "0x10", " 5"])
def test_content_length_that_is_no_plain_number_is_declined(both: BothPaths, length: str) -> None:
    assert both.fast("POST", "/segment", FULL, {**JSON, "content-length": length})[0] is None


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_body_over_the_setting_is_refused_whatever_the_method(tmp_path: Path, method: str) -> None:
    with both_paths(tmp_path, max_body_bytes=1_024) as both:
        store_user(both, "ann")
        target = "/segment" if method == "POST" else "/users/ann/persona"
        too_long = b"{}" + b" " * 1_023
        both.assert_fast(method, target, too_long[:-1] if method == "POST" else b"", JSON)
        both.assert_declined(method, target, too_long, {**JSON, "content-length": "1025"})
        assert both.standard(method, target, too_long, {**JSON, "content-length": "1025"}).status == 413


@pytest.mark.parametrize(("sent", "is_safe"), [("mine-1", True), ("not safe!", False), ("x" * 65, False)])
def test_safe_request_id_is_used_and_another_replaced(both: BothPaths, sent: str, is_safe: bool) -> None:
    response, _ = both.fast("POST", "/segment", b"{}", {**JSON, "x-request-id": sent})
    assert response is not None
    own_id = dict(on_the_wire(response).headers)["x-request-id"]
    assert (own_id == sent) is is_safe
    assert is_safe or len(own_id) == 32


def test_untrusted_host_is_declined(tmp_path: Path) -> None:
    with both_paths(tmp_path / "one", trusted_hosts="segments.example") as both:
        both.assert_declined("POST", "/segment", FULL, JSON)
    with both_paths(tmp_path / "other", trusted_hosts="localhost") as both:
        both.assert_fast("POST", "/segment", FULL, JSON)


def test_overload_refuses_on_the_standard_path_alone(tmp_path: Path) -> None:
    with both_paths(tmp_path, max_in_flight=2) as both:
        assert both.fast("POST", "/segment", FULL, JSON, waiting=2)[0] is not None
        response, scope = both.fast("POST", "/segment", TOO_YOUNG, JSON, waiting=2)
        assert response is None
        assert both.standard_after_fast(scope, TOO_YOUNG).status == 503


# --- keys ------------------------------------------------------------------------------------------


def test_key_with_the_scope_is_answered_and_any_other_declined(tmp_path: Path) -> None:
    store = MemoryStore()
    valid, other = key_with(store.keys, Scope.SEGMENT_ASSIGN), key_with(store.keys, Scope.USERS_READ)
    expired = key_with(store.keys, Scope.SEGMENT_ASSIGN, ended_ago=timedelta(seconds=1))
    revoked = key_with(store.keys, Scope.SEGMENT_ASSIGN)
    store.keys.revoke(prefix(revoked), datetime.now(UTC))
    refused = [bearer(key) for key in (other, NEVER_MADE, expired, revoked)]
    with both_paths(tmp_path, store=store) as both:
        both.assert_fast("POST", "/segment", FULL, {**JSON, **bearer(valid)})
        both.assert_fast("POST", "/segment", FULL, {**JSON, "x-api-key": valid})
        two_keys = [*JSON.items(), *bearer(valid).items(), *bearer(NEVER_MADE).items()]
        both.assert_declined("POST", "/segment", FULL, two_keys)
        for headers in ({}, *refused, {"authorization": "Basic x"}):
            both.assert_declined("POST", "/segment", FULL, {**JSON, **headers})
            assert ADMITTED not in both.fast("POST", "/segment", FULL, {**JSON, **headers})[1]


def test_declined_request_counts_once_against_the_rate_of_its_key(tmp_path: Path) -> None:
    store = MemoryStore()
    key = key_with(store.keys, Scope.SEGMENT_ASSIGN)
    with both_paths(tmp_path, store=store, key_rate=1.0) as both:
        headers = {**JSON, **bearer(key)}
        response, scope = both.fast("POST", "/segment", TOO_YOUNG, headers)
        assert (response, both.standard_after_fast(scope, TOO_YOUNG).status) == (None, 422)
        # One of the two tokens is taken.
        assert both.fast("POST", "/segment", b"{}", headers)[0] is not None
        response, scope = both.fast("POST", "/segment", b"{}", headers)
        assert (response, both.standard_after_fast(scope, b"{}").status) == (None, 429)


# --- batches ---------------------------------------------------------------------------------------


@limits(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batch=st.lists(st.sampled_from([*REQUESTS.values()]), max_size=8))
def test_batch_gives_each_request_the_response_that_it_gets_alone(both: BothPaths, batch: list[Sent]) -> None:
    requests = [(*sent[:3], {**JSON, "x-request-id": str(index)}) for index, sent in enumerate(batch)]
    responses = both.fast_batch(requests)
    assert responses == [both.fast(*request)[0] for request in requests]
    assert [response is not None for response in responses] == [sent.is_fast for sent in batch]


def test_batch_counts_the_same_metrics_as_its_requests_alone(both: BothPaths) -> None:
    requests = [(*sent[:3], JSON) for sent in REQUESTS.values()] * 2
    alone = counted(both, lambda: [both.fast(*request) for request in requests])
    assert len(alone) >= 4
    assert counted(both, lambda: both.fast_batch(requests)) == alone


class BrokenUsers(MemoryUsers):
    """Raises as a defect would."""

    def assignments_nowait(self, user_ids: Any) -> Any:
        raise ZeroDivisionError


def test_defect_in_one_route_leaves_the_other_requests_of_the_batch_answered_and_counted_once(
    tmp_path: Path,
) -> None:
    store = MemoryStore(users=BrokenUsers())
    key = key_with(store.keys, Scope.SEGMENT_ASSIGN, Scope.USERS_READ)
    with both_paths(tmp_path, store=store, key_rate=2.0) as both:
        headers = {**JSON, **bearer(key)}
        segment, user = ("POST", "/segment", b"{}", headers), ("GET", "/users/ann/persona", b"", headers)
        answered: list[bool] = []

        def send() -> None:
            answered.extend(response is not None for response in both.fast_batch([segment, user, user, segment]))

        moved = counted(both, send)
        assert answered == [True, False, False, True]
        assert set(moved.values()) == {2.0}


def test_each_request_of_a_batch_needs_its_own_key_and_token(tmp_path: Path) -> None:
    store = MemoryStore()
    key = key_with(store.keys, Scope.SEGMENT_ASSIGN)
    with both_paths(tmp_path, store=store, key_rate=1.0) as both:
        keys = [bearer(key), {}, bearer(NEVER_MADE), bearer(key), bearer(key)]
        responses = both.fast_batch([("POST", "/segment", b"{}", {**JSON, **headers}) for headers in keys])
    # A key's bucket holds two tokens.
    assert [response is not None for response in responses] == [True, False, False, True, False]


# --- metrics and logs ------------------------------------------------------------------------------


def series(registry: CollectorRegistry) -> Moved:
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for metric in registry.collect()
        # Maintenance sets the gauges, whenever it is due.
        if metric.type != "gauge"
        for sample in metric.samples
        if not sample.name.endswith(("_sum", "_bucket"))
    }


def counted(both: BothPaths, send: Callable[[], object]) -> Moved:
    """By how much each series moved."""
    registry = both.app.state.services.metrics.registry
    before = series(registry)
    send()
    moved = {name: value - before.get(name, 0) for name, value in series(registry).items()}
    return {name: difference for name, difference in moved.items() if difference}


@pytest.mark.parametrize("sent", REQUESTS.values(), ids=REQUESTS)
def test_both_paths_count_the_same_metrics(both: BothPaths, sent: Sent) -> None:
    answered: list[bool] = []

    def fast_then_standard() -> None:
        response, scope = both.fast(*sent[:3], JSON)
        answered.append(response is not None)
        if response is None:
            both.standard_after_fast(scope, sent.body)

    standard = counted(both, lambda: both.standard(*sent[:3], JSON))
    assert len(standard) >= 2
    assert counted(both, fast_then_standard) == standard
    assert answered == [sent.is_fast]


@pytest.mark.parametrize("sent", REQUESTS.values(), ids=REQUESTS)
def test_both_paths_write_the_same_access_log_record(
    both: BothPaths, caplog: pytest.LogCaptureFixture, sent: Sent
) -> None:
    caplog.set_level("INFO", logger="service.access")
    both.assert_same(sent.is_fast, *sent[:3], JSON)
    records = access_log(caplog)
    assert all(record.pop("duration_ms") > 0 for record in records)
    one, other = records
    assert one == other
    assert set(one) == {"request_id", "method", "route", "status"}
    assert (one["request_id"], one["method"]) == ("mine", sent.method)


def test_access_log_record_of_the_fast_path_names_the_request(
    both: BothPaths, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", logger="service.access")
    both.fast("POST", "/segment", FULL, {**JSON, "x-request-id": "mine"})
    (record,) = access_log(caplog)
    assert record.pop("duration_ms") > 0
    assert record == {"request_id": "mine", "method": "POST", "route": "/segment", "status": 200}


def access_log(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    return [record.__dict__["fields"] for record in caplog.records if record.message == "answered"]
