"""The gate: trusted names, time, and no more than can be answered; with what browsers are told."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from models.storage.registry import Registry
from service.app import create_app
from service.http.server.admission import AdmissionControl, host_of, is_trusted
from service.http.server.connection import QUEUED_REQUEST
from service.limits import Overloaded, Queue, QueuedRequest
from service.settings import Settings
from service.store.memory.store import MemoryStore
from tests.support.problems import assert_problem


def client_of(settings: Settings, **changes: object) -> TestClient:
    app = create_app(settings.model_copy(update=changes), store=MemoryStore())
    return TestClient(app, raise_server_exceptions=False)


def gate(app: ASGIApp, **changes: Any) -> AdmissionControl:
    options: dict[str, Any] = {"hosts": (), "max_queued": 2, "client_seconds": 0.05, "request_seconds": 0.05}
    return AdmissionControl(app, **(options | changes))


def ask(
    app: ASGIApp, method: str = "POST", waiting: int = 0, body: AsyncIterator[bytes] | None = None
) -> list[Message]:
    """What an app answers to `/segment` while so many others wait that are whole."""
    told: list[Message] = []

    async def receive() -> Message:
        if body is None:
            return {"type": "http.request", "body": b"{}", "more_body": False}
        return {"type": "http.request", "body": await anext(body), "more_body": True}

    async def send(message: Message) -> None:
        told.append(message)

    scope = {
        "type": "http",
        "method": method,
        "path": "/segment",
        "headers": [],
        QUEUED_REQUEST: arrived(Queue(waiting)),
    }
    asyncio.run(app(scope, receive, send))  # type: ignore[arg-type]
    return told


def arrived(waiting: Queue) -> QueuedRequest:
    arrival = QueuedRequest(waiting)
    arrival.complete()
    return arrival


async def reading(scope: Scope, receive: Receive, send: Send) -> None:
    """Reads the body, then answers."""
    while (await receive()).get("more_body"):
        pass
    await answering(scope, receive, send)


async def answering(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def thinking(scope: Scope, receive: Receive, send: Send) -> None:
    """Reads the body, and never answers."""
    await receive()
    await asyncio.sleep(60)


async def unreadable_file_errors(scope: Scope, receive: Receive, send: Send) -> None:
    """Begins to answer at once, and goes on for longer than an answer may take to begin."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await asyncio.sleep(0.2)
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def drops() -> AsyncIterator[bytes]:
    """A body that never ends, a byte at a time."""
    while True:
        await asyncio.sleep(0.01)
        yield b" "


def status_and_headers(told: list[Message]) -> tuple[int, dict[bytes, bytes]]:
    return told[0]["status"], dict(told[0]["headers"])


def test_a_body_that_comes_too_slowly_ends_its_connection() -> None:
    status, headers = status_and_headers(ask(gate(reading), body=drops()))
    assert (status, headers[b"connection"]) == (408, b"close")


def test_an_answer_that_does_not_come_is_given_up_on() -> None:
    for method in ("GET", "POST"):
        status, headers = status_and_headers(ask(gate(thinking), method))
        assert (status, headers[b"retry-after"]) == (503, b"5")


def test_an_answer_that_has_begun_may_take_its_time() -> None:
    told = ask(gate(unreadable_file_errors))
    assert [message["type"] for message in told] == ["http.response.start", "http.response.body"]


def test_a_timeout_of_the_app_is_its_own() -> None:
    async def failing(scope: Scope, receive: Receive, send: Send) -> None:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        ask(gate(failing))


@pytest.mark.parametrize(("others", "status"), [(0, 200), (1, 200), (2, 503), (10_000, 503)])
def test_more_than_may_wait_are_turned_away(others: int, status: int) -> None:
    assert ask(gate(reading), waiting=others)[0]["status"] == status


def test_who_asks_for_health_is_answered_in_any_crowd() -> None:
    async def scenario() -> int:
        told: list[Message] = []

        async def send(message: Message) -> None:
            told.append(message)

        scope = {"type": "http", "method": "GET", "path": "/livez", QUEUED_REQUEST: arrived(Queue(9_999))}
        await gate(answering)(scope, _nothing, send)
        return int(told[0]["status"])

    assert asyncio.run(scenario()) == 200


async def _nothing() -> Message:
    raise AssertionError


def test_a_body_that_comes_last_in_a_crowd_is_turned_away_and_nobody_is_counted_for_ever() -> None:
    async def scenario() -> tuple[bool, int]:
        waiting = Queue(5)
        arrival = QueuedRequest(waiting)

        async def receive() -> Message:
            arrival.complete()
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Message) -> None:
            raise AssertionError

        scope = {"type": "http", "method": "POST", "path": "/segment", "headers": [], QUEUED_REQUEST: arrival}
        try:
            await gate(reading, client_seconds=5)(scope, receive, send)
        except Overloaded:
            return True, waiting.count
        return False, waiting.count

    assert asyncio.run(scenario()) == (True, 5)


def test_a_request_that_was_answered_before_it_was_whole_is_never_counted() -> None:
    waiting = Queue()
    arrival = QueuedRequest(waiting)
    arrival.begin()
    arrival.complete()
    assert waiting.count == 0


@pytest.mark.parametrize(
    ("host", "trusted"),
    [("segments.example.org", True), ("a.b.example.org", True), ("example.org", False), ("evil.org", False)],
)
def test_a_star_stands_for_every_name_below(host: str, trusted: bool) -> None:
    assert is_trusted(host, ("*.example.org",)) is trusted


@pytest.mark.parametrize(
    ("header", "host"),
    [(b"Example.ORG:8000", "example.org"), (b"[::1]:80", "[::1]"), (b"[::1]", "[::1]"), (b"", ""), (b"\xff", "ÿ")],
)
def test_a_host_is_its_name_without_the_port(header: bytes, host: str) -> None:
    assert host_of({"headers": [(b"host", header)]}) == host


def test_an_untrusted_name_is_refused_everywhere(settings: Settings, registry: Registry) -> None:
    with client_of(settings, trusted_hosts="segments.example.org, 127.0.0.1") as client:
        for path in ("/personas", "/livez", "/nope"):
            assert_problem(client.get(path), 400, "untrusted-host")
        assert client.get("/personas", headers={"Host": "segments.example.org:443"}).status_code == 200


ASK_FIRST = {"Origin": "https://app.example", "Access-Control-Request-Method": "POST"}


def test_no_other_origin_may_ask_by_default(client: TestClient) -> None:
    assert client.options("/segment", headers=ASK_FIRST).status_code == 405
    answer = client.get("/personas", headers={"Origin": "https://app.example"})
    assert "access-control-allow-origin" not in answer.headers


def test_the_apps_origin_may_ask_and_no_other(settings: Settings, registry: Registry) -> None:
    with client_of(settings, cors_origins="https://app.example", host="0.0.0.0") as client:
        asked = client.options("/segment", headers=ASK_FIRST | {"Access-Control-Request-Headers": "authorization"})
        assert (asked.status_code, asked.headers["access-control-allow-origin"]) == (200, "https://app.example")
        refused = client.post("/segment", json={}, headers={"Origin": "https://app.example"})
        assert (refused.status_code, refused.headers["access-control-allow-origin"]) == (
            401,
            "https://app.example",
        )
        other = client.options("/segment", headers=ASK_FIRST | {"Origin": "https://evil.example"})
        assert other.status_code == 400
        assert "access-control-allow-origin" not in other.headers


@pytest.mark.parametrize("path", ["/docs", "/static/docs.js", "/static/docs/swagger-ui.css"])
def test_pages_tell_browsers_what_they_may_do(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-opener-policy"] == "same-origin"


@pytest.mark.parametrize("path", ["/docs", "/personas", "/nope", "/openapi.json"])
def test_no_answer_is_taken_for_another_media_type(client: TestClient, path: str) -> None:
    assert client.get(path).headers["x-content-type-options"] == "nosniff"


def test_a_store_that_hangs_fills_its_own_lane_alone(app: FastAPI, client: TestClient) -> None:
    lane = app.state.services.store_bulkhead
    lane.taken = lane.places
    answer = client.get("/users/somebody/persona")
    assert_problem(answer, 503, "overloaded")
    assert answer.headers["retry-after"] == "1"
    assert client.post("/segment", json={}).status_code == 200
    lane.taken = 0
    assert client.get("/users/somebody/persona").status_code == 404


def test_a_crowd_of_batches_is_turned_away(settings: Settings, registry: Registry) -> None:
    with client_of(settings, max_in_flight=1) as client:
        assert client.post("/segment/batch", json={"profiles": [{}]}).status_code == 207
        client.app.state.services.long_work._taken = 1  # type: ignore[attr-defined]
        assert_problem(client.post("/segment/batch", json={"profiles": [{}]}), 503, "overloaded")
