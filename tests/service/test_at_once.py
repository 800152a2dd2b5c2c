"""What answers at once may have nothing to say, or a defect: then the app answers, and others get theirs."""

import re
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from threading import Thread
from typing import Any

import httpx2
import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from service.gate import Gate
from service.limits import Waiting
from service.protocol import AT_ONCE, WAITING, Answered, AtOnce, BoundedProtocol
from tests.support.server import free_port
from tests.support.sockets import GIVEN, LAST, SLACK, connect, post, rest
from tests.support.waiting import eventually

Find = Callable[[Any], Callable[[bytes], Answered | None] | None]


@contextmanager
def speaking(find: Find) -> Iterator[int]:
    """The protocol before an app that says `long` and what it was sent; its port. In the end nobody waits."""

    async def long(request: Request) -> Response:
        return Response(b"long " + await request.body())

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[dict[str, object]]:
        yield {WAITING: waiting, AT_ONCE: AtOnce(find)}

    waiting, port = Waiting(), free_port()
    gate = Middleware(Gate, hosts=(), max_queued=64, client_seconds=GIVEN, request_seconds=SLACK)
    app = Starlette(routes=[Route("/segment", long, methods=["POST"])], middleware=[gate], lifespan=lifespan)
    uvicorn_server = uvicorn.Server(uvicorn.Config(app, port=port, http=BoundedProtocol, log_config=None))
    thread = Thread(target=uvicorn_server.run)
    thread.start()
    try:
        eventually(lambda: uvicorn_server.started)
        yield port
        assert waiting.count == 0
    finally:
        uvicorn_server.should_exit = True
        thread.join()


def short(body: bytes) -> Answered | None:
    """Answers what is not called odd, and breaks where it is called so."""
    if body == b"defect":
        raise ZeroDivisionError
    return None if body == b"odd" else Answered(200, [(b"content-length", b"%d" % len(body))], body)


def test_a_defect_in_what_answers_at_once_is_left_to_the_app() -> None:
    with speaking(lambda _: short) as port, connect(port) as connection:
        for body in (b"one", b"defect", b"odd", b"two"):
            # In one piece: a body that comes after its head is the app's in any case.
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
    with speaking(lambda _: short) as port:
        connections = [connect(port) for _ in range(8)]
        for number, connection in enumerate(connections):
            connection.sendall(post(b"defect" if number % 2 else b"one", head=LAST))
        received = [rest(connection).partition(b"\r\n\r\n")[2] for connection in connections]
        for connection in connections:
            connection.close()
    assert received == [b"one", b"long defect"] * 4


def test_what_is_not_to_be_answered_at_once_is_the_apps() -> None:
    with speaking(lambda _: None) as port:
        assert httpx2.post(f"http://127.0.0.1:{port}/segment", content=b"one").content == b"long one"
