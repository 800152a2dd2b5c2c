"""Clients that say nothing, that are slow, or that do not listen: each is let go, and nobody waits for them."""

import re
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from models.storage.registry import Registry
from testkit.server import Server, serving
from testkit.small_model import write_small_model
from testkit.waiting import eventually
from tests.support.sockets import GIVEN, LAST, SLACK, connect, post, rest, statuses


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
    with connect(server.port) as connection:
        assert rest(connection) == b""


def test_a_head_that_comes_too_slowly_is_not_waited_for(server: Server) -> None:
    with connect(server.port) as connection:
        connection.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\n")
        assert rest(connection).startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize("piece", [b"X-Drop: 1\r\n", b"\r\n"])
def test_a_head_that_never_ends_is_cut_off(server: Server, piece: bytes) -> None:
    with connect(server.port) as connection:
        connection.sendall(b"" if piece == b"\r\n" else b"GET /livez HTTP/1.1\r\nHost: x\r\n")
        assert drip(connection, piece) == b"hung up"


def test_a_second_head_that_comes_too_slowly_is_not_waited_for(server: Server) -> None:
    with connect(server.port) as connection:
        connection.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
        assert connection.recv(65_536).startswith(b"HTTP/1.1 200 ")
        connection.sendall(b"GET /livez HTT")
        assert b"HTTP/1.1 408 " in rest(connection)


def test_a_head_that_is_too_long_is_refused(server: Server) -> None:
    with connect(server.port) as connection:
        # One write just beyond the limit: the server has read it all when it closes, so that nothing is reset.
        connection.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\nX-Long: " + b"x" * 70_000)
        assert rest(connection).startswith(b"HTTP/1.1 431 ")


def test_a_body_that_comes_too_slowly_is_answered_and_hung_up_on(server: Server) -> None:
    with connect(server.port) as connection:
        head = (
            b"POST /segment HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n"
        )
        connection.sendall(head + b'{"age')
        answer = rest(connection)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"request-too-slow" in answer
    assert re.search(rb"(?i)connection: close", answer)


def test_a_body_after_a_refusal_is_not_waited_for(server: Server) -> None:
    with connect(server.port) as connection:
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
    with connect(server.port) as connection:
        connection.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
        assert rest(connection).startswith(b"HTTP/1.1 200 ")


def test_many_idle_connections_hold_up_nobody(server: Server) -> None:
    connections = [connect(server.port) for _ in range(200)]
    try:
        assert httpx2.post(f"{server.url}/segment", json={}, timeout=2).status_code == 200
    finally:
        for connection in connections:
            connection.close()


# --- answers at once -------------------------------------------------------------------------------


def test_requests_sent_together_are_answered_in_their_order(server: Server) -> None:
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
def test_a_request_may_come_in_pieces(server: Server, pieces: int) -> None:
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
def test_who_wants_no_other_answer_is_hung_up_on(server: Server, head: bytes, version: bytes) -> None:
    with connect(server.port) as connection:
        connection.sendall(post(b"{}", head=head, version=version))
        received = rest(connection)
    assert statuses(received) == [b"200"]
    assert b"connection: close" in received.lower()


def test_who_asks_before_sending_a_body_is_told_to_go_on(server: Server) -> None:
    text = post(b"{}", head=b"expect: 100-continue\r\n" + LAST)
    with connect(server.port) as connection:
        connection.sendall(text[:-2])
        assert connection.recv(1_000).startswith(b"HTTP/1.1 100")
        connection.sendall(text[-2:])
        assert statuses(rest(connection)) == [b"200"]


def test_a_connection_that_idles_after_an_answer_is_closed_without_a_word(server: Server) -> None:
    with connect(server.port) as connection:
        connection.sendall(post(b"{}"))
        received = rest(connection)
    assert statuses(received) == [b"200"]


def test_one_connection_may_ask_again_and_again(server: Server) -> None:
    with connect(server.port) as connection:
        for _ in range(300):
            connection.sendall(post(b'{"occupation": "value_1"}', head=b"x-padding: %b\r\n" % (b"x" * 400)))
            received = b""
            while b"}\n" not in received and not received.endswith(b"[]}"):
                received += connection.recv(65_536)
            assert statuses(received) == [b"200"]


def test_who_has_gone_before_the_answer_disturbs_nobody(server: Server) -> None:
    for _ in range(20):
        with connect(server.port) as connection:
            connection.sendall(post(b"{}"))
    assert httpx2.post(f"{server.url}/segment", json={}).status_code == 200


def test_on_the_wire_both_ways_are_one(server: Server) -> None:
    answers = []
    # A page's origin is what sends a request the long way; no other is told here, so that nothing else changes.
    for origin in (b"", b"origin: https://here.example\r\n"):
        with connect(server.port) as connection:
            connection.sendall(post(b'{"age": 40}', head=LAST + b"x-request-id: mine\r\n" + origin))
            head, _, content = rest(connection).partition(b"\r\n\r\n")
        status, *headers = head.split(b"\r\n")
        answers.append((status, sorted(each for each in headers if not each.startswith(b"date:")), content))
    assert answers[0] == answers[1]


def test_a_head_and_its_body_may_come_one_after_the_other(server: Server) -> None:
    with connect(server.port) as connection:
        text = post(b"{}", head=LAST)
        connection.sendall(text[:-2])
        time.sleep(0.01)
        connection.sendall(text[-2:])
        assert statuses(rest(connection)) == [b"200"]


def test_who_is_asking_while_the_service_stops_is_answered_and_then_let_go(tmp_path: Path) -> None:
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
        eventually(lambda: refuses(server))
        for connection, left in ((idle, text), (head_begun, text[20:]), (body_begun, text[-4:])):
            connection.sendall(left)
        for connection in (idle, head_begun, body_begun):
            received = rest(connection)
            connection.close()
            assert statuses(received) == [b"200"]
            assert b"connection: close" in received.lower()
        assert server.process.wait(30) in (0, -signal.SIGTERM)


def refuses(server: Server) -> bool:
    """Whether nobody new is let in."""
    try:
        socket.create_connection(("127.0.0.1", server.port)).close()
    except ConnectionRefusedError:
        return True
    return False
