"""Admission control: trusted hosts, timeouts, load shedding; and the headers for browsers."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from models.storage.registry import Registry
from service.app import create_app
from service.http.server.admission import AdmissionControl
from service.http.server.connection import QUEUED_REQUEST
from service.http.server.request_head import host_of, is_trusted
from service.http.server.request_queue import QueuedRequest, RequestQueue
from service.limits import Overloaded
from service.settings import Settings
from service.store.memory.store import MemoryStore
from tests.support.problems import assert_problem


def client_of(settings: Settings, **changes: object) -> TestClient:
    app = create_app(settings.model_copy(update=changes), store=MemoryStore())
    return TestClient(app, raise_server_exceptions=False)


def admission(app: ASGIApp, **changes: Any) -> AdmissionControl:
    options: dict[str, Any] = {"hosts": (), "max_queued": 2, "client_seconds": 0.05, "request_seconds": 0.05}
    return AdmissionControl(app, **(options | changes))


def messages_of(
    app: ASGIApp,
    method: str = "POST",
    waiting: int = 0,
    body: AsyncIterator[bytes] | None = None,
    path: str = "/segment",
) -> list[Message]:
    """The messages of an app's response while so many other requests wait."""
    messages: list[Message] = []

    async def receive() -> Message:
        if body is None:
            return {"type": "http.request", "body": b"{}", "more_body": False}
        piece = await anext(body, b"")
        return {"type": "http.request", "body": piece, "more_body": bool(piece)}

    async def send(message: Message) -> None:
        messages.append(message)

    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "headers": [],
        QUEUED_REQUEST: received(RequestQueue(waiting)),
    }
    asyncio.run(app(scope, receive, send))  # type: ignore[arg-type]
    return messages


def received(queue: RequestQueue) -> QueuedRequest:
    queued = QueuedRequest(queue)
    queued.mark_received()
    return queued


async def read_then_respond(scope: Scope, receive: Receive, send: Send) -> None:
    """Reads the body, then responds."""
    while (await receive()).get("more_body"):
        pass
    await respond(scope, receive, send)


async def respond(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def never_respond(scope: Scope, receive: Receive, send: Send) -> None:
    """Reads the body, and never responds."""
    await receive()
    await asyncio.sleep(60)


async def respond_slowly(scope: Scope, receive: Receive, send: Send) -> None:
    """Starts a response immediately, and takes longer to end it than a response may take to start."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await asyncio.sleep(0.2)
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def slow_body() -> AsyncIterator[bytes]:
    """A body that never ends, a byte at a time."""
    while True:
        await asyncio.sleep(0.01)
        yield b" "


def status_and_headers(messages: list[Message]) -> tuple[int, dict[bytes, bytes]]:
    return messages[0]["status"], dict(messages[0]["headers"])


def test_slow_body_gets_408_and_closes_its_connection() -> None:
    status, headers = status_and_headers(messages_of(admission(read_then_respond), body=slow_body()))
    assert (status, headers[b"connection"]) == (408, b"close")


async def pieces(seconds: float, count: int = 10) -> AsyncIterator[bytes]:
    """A body of so many pieces, each after a pause."""
    for _ in range(count):
        await asyncio.sleep(seconds)
        yield b" "


def test_each_piece_of_an_upload_may_take_as_long_as_another_body() -> None:
    app = admission(read_then_respond, client_seconds=0.2)
    assert messages_of(app, body=pieces(0.04), path="/users:import")[0]["status"] == 200
    assert messages_of(app, body=pieces(0.04), path="/segment")[0]["status"] == 408
    assert messages_of(app, body=pieces(0.4), path="/users:import")[0]["status"] == 408


def test_response_that_does_not_start_in_time_becomes_503() -> None:
    for method in ("GET", "POST"):
        status, headers = status_and_headers(messages_of(admission(never_respond), method))
        assert (status, headers[b"retry-after"]) == (503, b"5")


def test_response_that_has_started_has_no_timeout() -> None:
    messages = messages_of(admission(respond_slowly))
    assert [message["type"] for message in messages] == ["http.response.start", "http.response.body"]


def test_timeout_error_of_the_app_is_not_caught() -> None:
    async def failing(scope: Scope, receive: Receive, send: Send) -> None:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        messages_of(admission(failing))


@pytest.mark.parametrize(("others", "status"), [(0, 200), (1, 200), (2, 503), (10_000, 503)])
def test_requests_over_the_queue_limit_get_503(others: int, status: int) -> None:
    assert messages_of(admission(read_then_respond), waiting=others)[0]["status"] == status


def test_health_is_reported_under_any_load() -> None:
    async def scenario() -> int:
        messages: list[Message] = []

        async def send(message: Message) -> None:
            messages.append(message)

        queued = received(RequestQueue(9_999))
        scope = {"type": "http", "method": "GET", "path": "/livez", "headers": [], QUEUED_REQUEST: queued}
        await admission(respond)(scope, _never_receive, send)
        return int(messages[0]["status"])

    assert asyncio.run(scenario()) == 200


async def _never_receive() -> Message:
    raise AssertionError


def test_request_refused_once_its_body_arrives_leaves_the_queue() -> None:
    async def scenario() -> tuple[bool, int]:
        queue = RequestQueue(5)
        queued = QueuedRequest(queue)

        async def receive() -> Message:
            queued.mark_received()
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Message) -> None:
            raise AssertionError

        scope = {"type": "http", "method": "POST", "path": "/segment", "headers": [], QUEUED_REQUEST: queued}
        try:
            await admission(read_then_respond, client_seconds=5)(scope, receive, send)
        except Overloaded:
            return True, queue.length
        return False, queue.length

    assert asyncio.run(scenario()) == (True, 5)


def test_request_started_before_its_body_arrives_never_waits() -> None:
    queue = RequestQueue()
    queued = QueuedRequest(queue)
    queued.start()
    queued.mark_received()
    assert queue.length == 0


@pytest.mark.parametrize(
    ("host", "trusted"),
    [("segments.example.org", True), ("a.b.example.org", True), ("example.org", False), ("evil.org", False)],
)
def test_star_covers_every_subdomain(host: str, trusted: bool) -> None:
    assert is_trusted(host, ("*.example.org",)) is trusted


@pytest.mark.parametrize(
    ("header", "host"),
    [(b"Example.ORG:8000", "example.org"), (b"[::1]:80", "[::1]"), (b"[::1]", "[::1]"), (b"", ""), (b"\xff", "ÿ")],
)
def test_host_is_read_without_its_port(header: bytes, host: str) -> None:
    assert host_of({"headers": [(b"host", header)]}) == host


def test_untrusted_host_is_refused_on_all_paths_but_those_of_probes(
    settings: Settings, registry: Registry
) -> None:
    with client_of(settings, trusted_hosts="segments.example.org, 127.0.0.1") as client:
        for path in ("/personas", "/nope"):
            assert_problem(client.get(path), 400, "untrusted-host")
        assert {client.get(path).status_code for path in ("/livez", "/readyz")} == {200}
        assert client.get("/personas", headers={"Host": "segments.example.org:443"}).status_code == 200


@pytest.mark.parametrize("path", ["/docs", "/static/docs.js", "/static/docs/swagger-ui.css"])
def test_pages_have_security_headers(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-opener-policy"] == "same-origin"


@pytest.mark.parametrize("path", ["/docs", "/personas", "/nope", "/openapi.json"])
def test_every_response_forbids_content_sniffing(client: TestClient, path: str) -> None:
    assert client.get(path).headers["x-content-type-options"] == "nosniff"


def test_full_store_bulkhead_refuses_store_routes_alone(app: FastAPI, client: TestClient) -> None:
    bulkhead = app.state.services.store_bulkhead
    bulkhead.in_use = bulkhead.capacity
    response = client.get("/users/somebody/persona")
    assert_problem(response, 503, "overloaded")
    assert response.headers["retry-after"] == "1"
    assert client.post("/segment", json={}).status_code == 200
    bulkhead.in_use = 0
    assert client.get("/users/somebody/persona").status_code == 404


def test_batches_over_the_queue_limit_are_refused(settings: Settings, registry: Registry) -> None:
    with client_of(settings, max_in_flight=1) as client:
        assert client.post("/segment/batch", json={"profiles": [{}]}).status_code == 207
        client.app.state.services.long_work._admitted = 1  # type: ignore[attr-defined]
        assert_problem(client.post("/segment/batch", json={"profiles": [{}]}), 503, "overloaded")
