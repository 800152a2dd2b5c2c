"""Clients that say nothing, that are slow, or that do not listen: each is let go, and nobody waits for them."""

import re
import socket
import time
from collections.abc import Iterator

import httpx2
import pytest

from models.registry import Registry
from tests.support.server import Server, serving
from tests.support.small_model import write_small_model

GIVEN = 0.6
# How long a client may be kept waiting beyond what it was given, on a busy machine.
SLACK = 4.0


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("protocol")
    registry = Registry(folder / "artifacts")
    registry.activate(write_small_model(registry.root).name)
    with serving(folder, registry.root, CLIENT_SECONDS=str(GIVEN), KEEP_ALIVE_SECONDS="1") as server:
        yield server
        assert httpx2.post(f"{server.url}/segment", json={}).status_code == 200
        assert "Traceback" not in server.log.read_text()
        assert "a request failed" not in server.log.read_text()


def connect(server: Server) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", server.port))
    connection.settimeout(GIVEN + SLACK)
    return connection


def rest(connection: socket.socket) -> bytes:
    """All that comes until the other side hangs up."""
    received = b""
    while piece := connection.recv(65_536):
        received += piece
    return received


def drip(connection: socket.socket, piece: bytes, every: float = 0.05) -> bytes:
    """Send a piece again and again until the other side hangs up; what it said."""
    started = time.monotonic()
    try:
        while time.monotonic() - started < GIVEN + SLACK:
            connection.sendall(piece)
            time.sleep(every)
    except (BrokenPipeError, ConnectionResetError):
        return b"hung up"
    finally:
        assert time.monotonic() - started < GIVEN + SLACK
    return b""


def test_who_says_nothing_is_hung_up_on(server: Server) -> None:
    with connect(server) as connection:
        assert rest(connection) == b""


def test_a_head_that_comes_too_slowly_is_not_waited_for(server: Server) -> None:
    with connect(server) as connection:
        connection.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\n")
        assert rest(connection).startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize("piece", [b"X-Drop: 1\r\n", b"\r\n"])
def test_a_head_that_never_ends_is_cut_off(server: Server, piece: bytes) -> None:
    with connect(server) as connection:
        connection.sendall(b"" if piece == b"\r\n" else b"GET /livez HTTP/1.1\r\nHost: x\r\n")
        assert drip(connection, piece) == b"hung up"


def test_a_second_head_that_comes_too_slowly_is_not_waited_for(server: Server) -> None:
    with connect(server) as connection:
        connection.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
        assert connection.recv(65_536).startswith(b"HTTP/1.1 200 ")
        connection.sendall(b"GET /livez HTT")
        assert b"HTTP/1.1 408 " in rest(connection)


def test_a_head_that_is_too_long_is_refused(server: Server) -> None:
    with connect(server) as connection:
        connection.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\n")
        try:
            for _ in range(40):
                connection.sendall(b"X-Long: " + b"x" * 8_000 + b"\r\n")
                time.sleep(0.005)
            answer = rest(connection)
        except (BrokenPipeError, ConnectionResetError):
            return
        assert answer.startswith(b"HTTP/1.1 431 ")


def test_a_body_that_comes_too_slowly_is_answered_and_hung_up_on(server: Server) -> None:
    with connect(server) as connection:
        head = (
            b"POST /segment HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n"
        )
        connection.sendall(head + b'{"age')
        answer = rest(connection)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"request-too-slow" in answer
    assert re.search(rb"(?i)connection: close", answer)


def test_a_body_after_a_refusal_is_not_waited_for(server: Server) -> None:
    with connect(server) as connection:
        connection.sendall(b"POST /nope HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n{")
        assert connection.recv(65_536).startswith(b"HTTP/1.1 404 ")
        assert drip(connection, b" ") == b"hung up"


def test_who_does_not_take_the_answer_is_hung_up_on(server: Server) -> None:
    body = b'{"profiles": [' + b"{}," * 999 + b"{}]}"
    head = (
        "POST /segment/batch HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        connection.connect(("127.0.0.1", server.port))
        connection.settimeout(GIVEN + SLACK)
        for _ in range(12):
            connection.sendall(head.encode() + body)
        # 12 answers of half a megabyte: more than the buffers between us hold.
        time.sleep(GIVEN * 3 + 1)
        assert 0 < rest(connection).count(b"HTTP/1.1 207 ") < 12


def test_an_idle_connection_is_closed_in_the_end(server: Server) -> None:
    with connect(server) as connection:
        connection.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
        assert rest(connection).startswith(b"HTTP/1.1 200 ")


def test_many_idle_connections_hold_up_nobody(server: Server) -> None:
    connections = [connect(server) for _ in range(200)]
    try:
        assert httpx2.post(f"{server.url}/segment", json={}, timeout=2).status_code == 200
    finally:
        for connection in connections:
            connection.close()
