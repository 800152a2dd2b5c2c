"""Idle clients, slow clients, and clients that do not read: their connections are closed, and no others."""

import re
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from models.storage.registry import Registry
from service.http.server.reading import MAX_HEAD_BYTES
from testkit.server import Server, serving
from testkit.small_model import write_small_model
from testkit.waiting import eventually
from tests.support.sockets import CLIENT_TIMEOUT, LAST, SLACK, connect, post, rest, statuses


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("protocol")
    registry = Registry(folder / "artifacts")
    registry.activate(write_small_model(registry.root).name)
    with serving(folder, registry.root, CLIENT_SECONDS=str(CLIENT_TIMEOUT), KEEP_ALIVE_SECONDS="1") as server:
        yield server
        assert httpx2.post(f"{server.url}/segment", json={}).status_code == 200
        assert "Traceback" not in server.log.read_text()
        assert "a request failed" not in server.log.read_text()


def is_closed_while_sending(connection: socket.socket, piece: bytes, every: float = 0.05) -> bool:
    """Send a piece again and again until the server closes the connection; whether it did."""
    started = time.monotonic()
    try:
        while time.monotonic() - started < CLIENT_TIMEOUT + SLACK:
            connection.sendall(piece)
            time.sleep(every)
    except (BrokenPipeError, ConnectionResetError):
        return True
    finally:
        assert time.monotonic() - started < CLIENT_TIMEOUT + SLACK
    return False


def test_idle_connection_is_closed_after_timeout(server: Server) -> None:
    with connect(server.port) as connection:
        assert rest(connection) == b""


def test_slow_head_gets_408(server: Server) -> None:
    with connect(server.port) as connection:
        connection.sendall(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n")
        assert rest(connection).startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize("piece", [b"X-Drop: 1\r\n", b"\r\n"])
def test_head_without_an_end_is_cut_off_after_timeout(server: Server, piece: bytes) -> None:
    with connect(server.port) as connection:
        connection.sendall(b"" if piece == b"\r\n" else b"GET /livez HTTP/1.1\r\nHost: localhost\r\n")
        assert is_closed_while_sending(connection, piece)


def test_slow_head_of_a_second_request_gets_408(server: Server) -> None:
    with connect(server.port) as connection:
        connection.sendall(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert connection.recv(65_536).startswith(b"HTTP/1.1 200 ")
        connection.sendall(b"GET /livez HTT")
        assert b"HTTP/1.1 408 " in rest(connection)


def test_head_over_the_size_limit_gets_431(server: Server) -> None:
    line = b"X-Long: " + b"x" * 8_000 + b"\r\n"
    with connect(server.port) as connection:
        connection.sendall(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n")
        # No more than exceeds the limit: closed with unread bytes, a connection loses the response.
        for _ in range(MAX_HEAD_BYTES // len(line) + 1):
            connection.sendall(line)
            time.sleep(0.005)
        assert rest(connection).startswith(b"HTTP/1.1 431 ")


def test_slow_body_gets_408_and_the_connection_is_closed(server: Server) -> None:
    with connect(server.port) as connection:
        head = (
            b"POST /segment HTTP/1.1\r\nHost: localhost\r\n"
            b"Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n"
        )
        connection.sendall(head + b'{"age')
        response = rest(connection)
    assert response.startswith(b"HTTP/1.1 408 ")
    assert b"request-too-slow" in response
    assert re.search(rb"(?i)connection: close", response)


def test_slow_body_of_a_refused_request_does_not_keep_the_connection_open(server: Server) -> None:
    with connect(server.port) as connection:
        connection.sendall(b"POST /nope HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n{")
        assert connection.recv(65_536).startswith(b"HTTP/1.1 404 ")
        assert is_closed_while_sending(connection, b" ")


def test_client_that_does_not_read_is_disconnected_after_timeout(server: Server) -> None:
    body = b'{"profiles": [' + b"{}," * 999 + b"{}]}"
    head = (
        "POST /segment/batch HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        connection.connect(("127.0.0.1", server.port))
        connection.settimeout(CLIENT_TIMEOUT + SLACK)
        for _ in range(12):
            connection.sendall(head.encode() + body)
        # 12 responses of half a megabyte: more than the buffers in between hold.
        time.sleep(CLIENT_TIMEOUT * 3 + 1)
        assert 0 < rest(connection).count(b"HTTP/1.1 207 ") < 12


def test_idle_connection_between_requests_is_closed_after_timeout(server: Server) -> None:
    with connect(server.port) as connection:
        connection.sendall(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert rest(connection).startswith(b"HTTP/1.1 200 ")


def test_many_idle_connections_do_not_delay_other_clients(server: Server) -> None:
    connections = [connect(server.port) for _ in range(200)]
    try:
        assert httpx2.post(f"{server.url}/segment", json={}, timeout=2).status_code == 200
    finally:
        for connection in connections:
            connection.close()


# --- the fast path ---------------------------------------------------------------------------------


def test_pipelined_requests_are_answered_in_order(server: Server) -> None:
    with connect(server.port) as connection:
        long = post(b'{"age": 20}', path=b"/segment?explain=true", head=b"x-request-id: long\r\n")
        first, last = (post(b"{}", head=b"x-request-id: %b\r\n" % name) for name in (b"first", b"last"))
        connection.sendall(first + long + long + first + last[:-2] + b"{}")
        connection.sendall(post(b"{", head=LAST + b"x-request-id: bad\r\n"))
        received = rest(connection)
    assert statuses(received) == [b"200"] * 5 + [b"400"]
    ids = re.findall(rb"x-request-id: (\w+)", received)
    assert ids == [b"first", b"long", b"long", b"first", b"last", b"bad"]


@pytest.mark.parametrize("pieces", [2, 7, 40])
def test_request_may_arrive_in_pieces(server: Server, pieces: int) -> None:
    text = post(b'{"age": 30, "hobbies": ["value_1"]}', head=LAST)
    size = len(text) // pieces + 1
    with connect(server.port) as connection:
        for start in range(0, len(text), size):
            connection.sendall(text[start : start + size])
            time.sleep(0.005)
        received = rest(connection)
    assert statuses(received) == [b"200"]
    assert b'"persona"' in received


@pytest.mark.parametrize(("head", "version"), [(LAST, b"1.1"), (b"", b"1.0")])
def test_connection_is_closed_when_the_client_asks_for_it(server: Server, head: bytes, version: bytes) -> None:
    with connect(server.port) as connection:
        connection.sendall(post(b"{}", head=head, version=version))
        received = rest(connection)
    assert statuses(received) == [b"200"]
    assert b"connection: close" in received.lower()


def test_client_that_expects_100_continue_gets_it(server: Server) -> None:
    text = post(b"{}", head=b"expect: 100-continue\r\n" + LAST)
    with connect(server.port) as connection:
        connection.sendall(text[:-2])
        assert connection.recv(1_000).startswith(b"HTTP/1.1 100")
        connection.sendall(text[-2:])
        assert statuses(rest(connection)) == [b"200"]


def test_connection_idle_after_a_fast_response_is_closed_without_a_further_response(server: Server) -> None:
    with connect(server.port) as connection:
        connection.sendall(post(b"{}"))
        received = rest(connection)
    assert statuses(received) == [b"200"]


def test_one_connection_serves_many_requests(server: Server) -> None:
    with connect(server.port) as connection:
        for _ in range(300):
            connection.sendall(post(b'{"occupation": "value_1"}', head=b"x-padding: %b\r\n" % (b"x" * 400)))
            received = b""
            while b"}\n" not in received and not received.endswith(b"[]}"):
                received += connection.recv(65_536)
            assert statuses(received) == [b"200"]


def test_client_that_disconnects_early_does_not_affect_others(server: Server) -> None:
    for _ in range(20):
        with connect(server.port) as connection:
            connection.sendall(post(b"{}"))
    assert httpx2.post(f"{server.url}/segment", json={}).status_code == 200


def test_both_paths_send_the_same_bytes(server: Server) -> None:
    responses = []
    # The fast path declines a request with an origin, which changes nothing else while no origin is allowed.
    for origin in (b"", b"origin: https://here.example\r\n"):
        with connect(server.port) as connection:
            connection.sendall(post(b'{"age": 40}', head=LAST + b"x-request-id: mine\r\n" + origin))
            head, _, content = rest(connection).partition(b"\r\n\r\n")
        status, *headers = head.split(b"\r\n")
        responses.append((status, sorted(line for line in headers if not line.startswith(b"date:")), content))
    assert responses[0] == responses[1]


def test_body_may_arrive_after_its_head(server: Server) -> None:
    with connect(server.port) as connection:
        text = post(b"{}", head=LAST)
        connection.sendall(text[:-2])
        time.sleep(0.01)
        connection.sendall(text[-2:])
        assert statuses(rest(connection)) == [b"200"]


def test_requests_during_shutdown_are_answered_and_their_connections_closed(tmp_path: Path) -> None:
    registry = Registry(tmp_path / "artifacts")
    registry.activate(write_small_model(registry.root).name)
    with serving(tmp_path, registry.root) as server:
        idle, head_begun, body_begun = (connect(server.port) for _ in range(3))
        text = post(b'{"age": 40}')
        idle.sendall(text)
        assert statuses(idle.recv(65_536)) == [b"200"]
        head_begun.sendall(text[:20])
        body_begun.sendall(text[:-4])
        time.sleep(0.2)
        assert server.process is not None
        server.process.send_signal(signal.SIGTERM)
        eventually(lambda: refuses_connections(server))
        for connection, left in ((idle, text), (head_begun, text[20:]), (body_begun, text[-4:])):
            connection.sendall(left)
        for connection in (idle, head_begun, body_begun):
            received = rest(connection)
            connection.close()
            assert statuses(received) == [b"200"]
            assert b"connection: close" in received.lower()
        assert server.process.wait(30) in (0, -signal.SIGTERM)


def refuses_connections(server: Server) -> bool:
    """Whether new connections are refused."""
    try:
        socket.create_connection(("127.0.0.1", server.port)).close()
    except ConnectionRefusedError:
        return True
    return False
