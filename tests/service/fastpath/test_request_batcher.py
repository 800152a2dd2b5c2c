"""What answers at once may have nothing to say, or a defect: then the app answers, and others get theirs."""

import asyncio
import re
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
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

from service.fastpath.request_batcher import Answers, RequestBatcher
from service.http.server import connection as server
from service.http.server.admission import AdmissionControl
from service.http.server.connection import EARLY_RESPONDER, LATE_BYTES, LATE_SECONDS, WAITING, BoundedProtocol
from service.http.server.early_response import FastRequest, FastResponse
from service.limits import Queue
from testkit.server import free_port
from testkit.waiting import eventually
from tests.support.sockets import GIVEN, LAST, SLACK, connect, post, rest

Answer = Callable[[bytes], FastResponse | None]


class Simple:
    """Answers each request by its body, None for one with a defect."""

    def __init__(self, answer: Answer | None) -> None:
        self.asked: list[bytes] = []
        self._answer = answer

    def find(self, scope: Any) -> Answer | None:
        return self._answer

    def answer(self, asked: Sequence[FastRequest]) -> list[FastResponse | None]:
        self.asked += [each.body for each in asked]
        return [each.found(each.body) for each in asked]


@contextmanager
def speaking(answers: Answers, asked_app: list[bytes] | None = None) -> Iterator[int]:
    """The protocol before an app that says `long` and what it was sent; its port. In the end nobody waits.

    `asked_app` gets the body of each request that begins to be the app's, b"" where it never came.
    """

    async def long(request: Request) -> Response:
        came = [] if asked_app is None else asked_app
        came.append(b"")
        with suppress(ClientDisconnect):
            came[-1] = await request.body()
        return Response(b"long " + came[-1])

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[dict[str, object]]:
        yield {WAITING: waiting, EARLY_RESPONDER: RequestBatcher(answers)}

    waiting, port = Queue(), free_port()
    gate = Middleware(AdmissionControl, hosts=(), max_queued=64, client_seconds=GIVEN, request_seconds=SLACK)
    app = Starlette(routes=[Route("/segment", long, methods=["POST"])], middleware=[gate], lifespan=lifespan)
    uvicorn_server = uvicorn.Server(uvicorn.Config(app, port=port, http=BoundedProtocol, log_config=None))
    thread = Thread(target=uvicorn_server.run)
    thread.start()
    try:
        eventually(lambda: uvicorn_server.started)
        yield port
        eventually(lambda: waiting.count == 0)
    finally:
        uvicorn_server.should_exit = True
        thread.join()


def short(body: bytes) -> FastResponse | None:
    """Answers what is not called odd, and breaks where it is called so."""
    if body == b"defect":
        raise ZeroDivisionError
    return None if body == b"odd" else FastResponse(200, b"content-length: %d\r\n" % len(body), body)


def test_a_defect_in_what_answers_at_once_is_left_to_the_app() -> None:
    with speaking(Simple(short)) as port, connect(port) as connection:
        for body in (b"one", b"defect", b"odd", b"two"):
            connection.sendall(post(body))
            assert answer(connection) == (body if body in (b"one", b"two") else b"long " + body)


def answer(connection: socket.socket) -> bytes:
    """The content of one answer, while the connection stays."""
    received, left = b"", 1
    while left > 0:
        received += connection.recv(65_536)
        head, _, content = received.partition(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head)
        left = int(length[1]) - len(content) if length else 1
    return content


def test_a_defect_in_one_answer_leaves_other_connections_theirs() -> None:
    with speaking(Simple(short)) as port:
        connections = [connect(port) for _ in range(8)]
        for number, connection in enumerate(connections):
            connection.sendall(post(b"defect" if number % 2 else b"one", head=LAST))
        received = [rest(connection).partition(b"\r\n\r\n")[2] for connection in connections]
        for connection in connections:
            connection.close()
    # Those of a turn with a defect may all be the app's.
    assert [each.removeprefix(b"long ") for each in received] == [b"one", b"defect"] * 4
    assert received[1::2] == [b"long defect"] * 4


def test_what_is_not_to_be_answered_at_once_is_the_apps() -> None:
    with speaking(Simple(None)) as port:
        assert httpx2.post(f"http://127.0.0.1:{port}/segment", content=b"one").content == b"long one"


def test_those_of_one_turn_are_answered_together_and_after_a_defect_by_the_app() -> None:
    answers, told = Simple(short), list[bytes | None]()
    at_once, loop = RequestBatcher(answers), asyncio.new_event_loop()
    for bodies in ((b"one", b"odd", b"two"), (b"one", b"defect", b"two")):
        for body in bodies:
            asked = FastRequest(short, {}, body)
            at_once.soon(loop, asked, lambda answer: told.append(answer and answer.content), lambda: False)
        assert len(answers.asked) == len(told)
        loop.run_until_complete(asyncio.sleep(0))
    loop.close()
    assert told == [b"one", None, b"two", None, None, None]


def test_a_body_that_comes_a_moment_after_its_head_is_answered_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "LATE_SECONDS", SLACK)
    with speaking(Simple(short)) as port, connect(port) as connection:
        for pieces in ((b"one",), (b"o", b"n", b"e")):
            head, _, _ = post(b"one").partition(b"one")
            connection.sendall(head)
            for piece in pieces:
                time.sleep(0.01)
                connection.sendall(piece)
            assert answer(connection) == b"one"


def test_a_body_that_does_not_come_soon_is_left_to_the_app() -> None:
    with speaking(Simple(short)) as port, connect(port) as connection:
        request = post(b"one")
        connection.sendall(request[:-1])
        time.sleep(LATE_SECONDS * 3)
        connection.sendall(request[-1:])
        assert answer(connection) == b"long one"


def test_a_long_body_that_comes_in_pieces_is_left_to_the_app(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "LATE_SECONDS", SLACK)
    body = b"x" * (LATE_BYTES * 3)
    with speaking(Simple(short)) as port, connect(port) as connection:
        request = post(body)
        connection.sendall(request[: LATE_BYTES * 2])
        time.sleep(0.05)
        connection.sendall(request[LATE_BYTES * 2 :])
        assert answer(connection) == b"long " + body


def test_who_waits_for_a_word_before_sending_gets_it_from_the_app() -> None:
    with speaking(Simple(short)) as port, connect(port) as connection:
        connection.sendall(post(b"one", head=b"expect: 100-continue\r\n"))
        received = b""
        while not received.endswith(b"long one"):
            piece = connection.recv(65_536)
            assert piece
            received += piece
        assert received.startswith(b"HTTP/1.1 100 ")


def test_who_goes_before_the_body_is_whole_is_forgotten() -> None:
    asked_app: list[bytes] = []
    with speaking(Simple(short), asked_app) as port:
        with connect(port) as connection:
            connection.sendall(post(b"one")[:-1])
        time.sleep(LATE_SECONDS * 3)
    assert asked_app == []


def test_a_second_request_that_comes_with_the_first_and_without_its_body_is_not_held_for_ever() -> None:
    with speaking(Simple(short)) as port, connect(port) as connection:
        connection.sendall(post(b"one") + post(b"two")[:-3])
        assert answer(connection) == b"one"
        # The app's watch over slow bodies has begun.
        assert rest(connection).startswith(b"HTTP/1.1 408 ")


def test_whom_nothing_can_be_written_to_is_not_answered_at_once() -> None:
    answers = Simple(short)
    with speaking(answers) as port, connect(port) as connection:
        connection.sendall(post(b"one") + b"no HTTP at all\r\n\r\n")
        assert b"400" in rest(connection)
    assert answers.asked == []
