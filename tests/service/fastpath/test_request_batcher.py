"""Requests that the fast path declines or fails to answer are left to the app; the others get their responses."""

import asyncio
import re
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from functools import partial
from threading import Thread
from typing import Any

import httpx2
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from service.fastpath.deferred import Deferred
from service.fastpath.request_batcher import BatchResponder, RequestBatcher
from service.http.server import connection as server
from service.http.server.admission import AdmissionControl
from service.http.server.connection import (
    BODY_GRACE_BYTES,
    BODY_GRACE_SECONDS,
    EARLY_RESPONDER,
    REQUEST_QUEUE,
    BoundedProtocol,
)
from service.http.server.early_response import FastRequest, FastResponse
from service.http.server.request_queue import RequestQueue
from testkit.server import free_port
from testkit.waiting import eventually
from tests.support.sockets import CLIENT_TIMEOUT, LAST, SLACK, connect, post, rest, statuses

Respond = Callable[[bytes], FastResponse | None]


class FakeResponder:
    """Answers each request by its body; `respond` None: no request matches."""

    def __init__(self, respond: Respond | None) -> None:
        self.bodies: list[bytes] = []
        self._respond = respond

    def match(self, scope: Any) -> Respond | None:
        return self._respond

    def respond(self, requests: Sequence[FastRequest]) -> list[FastResponse | None]:
        self.bodies += [request.body for request in requests]
        return [request.match(request.body) for request in requests]

    def finish(self, deferred: Sequence[Deferred]) -> list[FastResponse]:
        assert not deferred
        return []


@contextmanager
def serving(responder: BatchResponder, app_bodies: list[bytes] | None = None) -> Iterator[int]:
    """The port of the protocol before an app that sends back `app ` and the body. In the end no request waits.

    `app_bodies` collects the body of each request that the app gets, b"" where it never arrives.
    """

    async def segment(request: Request) -> Response:
        bodies = [] if app_bodies is None else app_bodies
        bodies.append(b"")
        with suppress(ClientDisconnect):
            bodies[-1] = await request.body()
        return Response(b"app " + bodies[-1])

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[dict[str, object]]:
        yield {REQUEST_QUEUE: queue, EARLY_RESPONDER: RequestBatcher(responder, SLACK)}

    queue, port = RequestQueue(), free_port()
    admission = Middleware(
        AdmissionControl, hosts=(), max_queued=64, client_seconds=CLIENT_TIMEOUT, request_seconds=SLACK
    )
    app = Starlette(
        routes=[Route("/segment", segment, methods=["POST"])], middleware=[admission], lifespan=lifespan
    )
    uvicorn_server = uvicorn.Server(uvicorn.Config(app, port=port, http=BoundedProtocol, log_config=None))
    thread = Thread(target=uvicorn_server.run)
    thread.start()
    try:
        eventually(lambda: uvicorn_server.started)
        yield port
        eventually(lambda: queue.length == 0)
    finally:
        uvicorn_server.should_exit = True
        thread.join()


def echo(body: bytes) -> FastResponse | None:
    """Sends the body back; declines `declined`, and raises at `defect`."""
    if body == b"defect":
        raise ZeroDivisionError
    return None if body == b"declined" else FastResponse(200, b"content-length: %d\r\n" % len(body), body)


def next_content(connection: socket.socket) -> bytes:
    """The content of one response, while the connection stays open."""
    received, left = b"", 1
    while left > 0:
        received += connection.recv(65_536)
        head, _, content = received.partition(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head)
        left = int(length[1]) - len(content) if length else 1
    return content


@pytest.mark.parametrize(
    ("body", "content"),
    [(b"one", b"one"), (b"declined", b"app declined"), (b"defect", b"app defect")],
)
def test_declined_request_and_defect_are_left_to_the_app(body: bytes, content: bytes) -> None:
    with serving(FakeResponder(echo)) as port, connect(port) as connection:
        for _ in range(2):
            connection.sendall(post(body))
            assert next_content(connection) == content


def test_defect_in_one_response_leaves_other_connections_theirs() -> None:
    with serving(FakeResponder(echo)) as port:
        connections = [connect(port) for _ in range(8)]
        for number, connection in enumerate(connections):
            connection.sendall(post(b"defect" if number % 2 else b"one", head=LAST))
        contents = [rest(connection).partition(b"\r\n\r\n")[2] for connection in connections]
        for connection in connections:
            connection.close()
    # A batch with a defect may be the app's as a whole.
    assert [content.removeprefix(b"app ") for content in contents] == [b"one", b"defect"] * 4
    assert contents[1::2] == [b"app defect"] * 4


def test_request_without_a_match_is_left_to_the_app() -> None:
    with serving(FakeResponder(None)) as port:
        assert httpx2.post(f"http://127.0.0.1:{port}/segment", content=b"one").content == b"app one"


def submit_together(
    bodies: Sequence[bytes], gone: tuple[bytes, ...] = ()
) -> tuple[list[bytes], list[bytes | None]]:
    """Submit requests in one iteration of an event loop: the bodies that reach the responder, and the contents."""
    responder, contents = FakeResponder(echo), list[bytes | None]()
    batcher, loop = RequestBatcher(responder, SLACK), asyncio.new_event_loop()

    def respond(response: FastResponse | None) -> None:
        contents.append(response and response.content)

    for body in bodies:
        batcher.submit(loop, FastRequest(echo, {}, body), respond, partial(gone.__contains__, body))
    assert responder.bodies == contents == []
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()
    return responder.bodies, contents


def test_requests_of_one_iteration_are_answered_together_in_order() -> None:
    bodies = [b"one", b"declined", b"two"]
    assert submit_together(bodies) == (bodies, [b"one", None, b"two"])


def test_batch_with_a_defect_is_left_to_the_app() -> None:
    assert submit_together([b"one", b"defect", b"two"])[1] == [None, None, None]


def test_request_whose_client_is_gone_is_not_answered() -> None:
    assert submit_together([b"one", b"two"], gone=(b"one",)) == ([b"two"], [None, b"two"])


def test_body_that_arrives_shortly_after_its_head_is_answered_early(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "BODY_GRACE_SECONDS", SLACK)
    with serving(FakeResponder(echo)) as port, connect(port) as connection:
        for pieces in ((b"one",), (b"o", b"n", b"e")):
            head, _, _ = post(b"one").partition(b"one")
            connection.sendall(head)
            for piece in pieces:
                time.sleep(0.01)
                connection.sendall(piece)
            assert next_content(connection) == b"one"


def test_body_that_arrives_late_is_left_to_the_app() -> None:
    with serving(FakeResponder(echo)) as port, connect(port) as connection:
        request = post(b"one")
        connection.sendall(request[:-1])
        time.sleep(BODY_GRACE_SECONDS * 3)
        connection.sendall(request[-1:])
        assert next_content(connection) == b"app one"


def test_long_body_that_arrives_in_pieces_is_left_to_the_app(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "BODY_GRACE_SECONDS", SLACK)
    body = b"x" * (BODY_GRACE_BYTES * 3)
    with serving(FakeResponder(echo)) as port, connect(port) as connection:
        request = post(body)
        connection.sendall(request[: BODY_GRACE_BYTES * 2])
        time.sleep(0.05)
        connection.sendall(request[BODY_GRACE_BYTES * 2 :])
        assert next_content(connection) == b"app " + body


def test_client_that_waits_for_100_continue_gets_it_from_the_app() -> None:
    with serving(FakeResponder(echo)) as port, connect(port) as connection:
        connection.sendall(post(b"one", head=b"expect: 100-continue\r\n"))
        received = b""
        while not received.endswith(b"app one"):
            piece = connection.recv(65_536)
            assert piece
            received += piece
        assert received.startswith(b"HTTP/1.1 100 ")


def test_request_of_a_client_that_disconnects_before_its_body_is_dropped() -> None:
    app_bodies: list[bytes] = []
    with serving(FakeResponder(echo), app_bodies) as port:
        with connect(port) as connection:
            connection.sendall(post(b"one")[:-1])
        time.sleep(BODY_GRACE_SECONDS * 3)
    assert app_bodies == []


def test_pipelined_request_without_its_body_times_out() -> None:
    with serving(FakeResponder(echo)) as port, connect(port) as connection:
        connection.sendall(post(b"one") + post(b"two")[:-3])
        assert next_content(connection) == b"one"
        # From the app, which has a timeout for slow bodies.
        assert rest(connection).startswith(b"HTTP/1.1 408 ")


def test_request_is_answered_early_whatever_follows_it() -> None:
    responder = FakeResponder(echo)
    with serving(responder) as port, connect(port) as connection:
        connection.sendall(post(b"one") + b"no HTTP at all\r\n\r\n")
        assert statuses(rest(connection)) == [b"200", b"400"]
    assert responder.bodies == [b"one"]
