"""Heads and trailers without end, pipelines, upgrades, and bodies that go on after a refusal."""

import json
import re
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx2
import pytest

from models.storage.registry import Registry
from service.http.server.lingering import MAX_DISCARDED_BYTES
from service.http.server.reading import MAX_DRAINED_BYTES, MAX_HEAD_BYTES
from testkit.server import Server, serving
from testkit.small_model import write_small_model
from tests.support.sockets import CLIENT_TIMEOUT, LAST, connect, post, rest, statuses

# What the kernel's buffers of a connection hold, at most.
BUFFERED_BYTES = 16 * 2**20
MAX_GROWTH_KB = 20_000
LIVEZ = b"GET /livez HTTP/1.1\r\nhost: localhost\r\n"
UPGRADE = b"connection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\nhttp2-settings: AAEAAEAAAAIAAAAB\r\n"
CHUNKED = (
    b"POST /segment HTTP/1.1\r\nhost: localhost\r\n"
    b"content-type: application/json\r\ntransfer-encoding: chunked\r\n"
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("reading")
    registry = Registry(folder / "artifacts")
    registry.activate(write_small_model(registry.root).name)
    settings = {"CLIENT_SECONDS": str(CLIENT_TIMEOUT), "KEEP_ALIVE_SECONDS": "1", "MAX_IN_FLIGHT": "1"}
    with serving(folder, registry.root, **settings) as server:
        yield server
        assert httpx2.post(f"{server.url}/segment", json={}).status_code == 200
        assert "Traceback" not in server.log.read_text()


def resident_kb(server: Server) -> int:
    assert server.process is not None
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(re.findall(r"VmRSS:\s+(\d+) kB", status)[0])


def sent_before_the_server_stops_reading(connection: socket.socket, piece: bytes) -> int:
    """How many bytes the server, or a buffer on the way, accepts."""
    sent = 0
    connection.settimeout(CLIENT_TIMEOUT / 2)
    with suppress(TimeoutError, ConnectionError):
        while sent <= 4 * BUFFERED_BYTES:
            sent += connection.send(piece)
    return sent


def problem_of(received: bytes) -> dict[str, object]:
    """The problem of the last response."""
    head, _, content = re.split(rb"HTTP/1\.1 \d", received)[-1].partition(b"\r\n\r\n")
    assert b"content-type: application/problem+json" in head
    assert b"connection: close" in head
    problem: dict[str, object] = json.loads(content)
    assert f"x-request-id: {problem['request_id']}".encode() in head
    return problem


# --- heads, trailers, pipelines --------------------------------------------------------------------


@pytest.mark.parametrize("piece", [b"x-long: " + b"x" * 50_000 + b"\r\n", b"x" * 50_000])
def test_pipelined_head_without_an_end_takes_no_memory(server: Server, piece: bytes) -> None:
    before = resident_kb(server)
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        connection.connect(("127.0.0.1", server.port))
        page = b"GET /static/docs/swagger-ui-bundle.js HTTP/1.1\r\nhost: localhost\r\n\r\n"
        connection.sendall(page * 5 + LIVEZ + b"x-long: ")
        assert sent_before_the_server_stops_reading(connection, piece) < BUFFERED_BYTES
        assert resident_kb(server) < before + MAX_GROWTH_KB


def test_head_over_the_size_limit_gets_431_after_the_response_to_the_request_before(server: Server) -> None:
    with connect(server.port) as connection:
        connection.sendall(LIVEZ + b"\r\n" + LIVEZ + b"x-long: " + b"x" * (MAX_HEAD_BYTES * 2))
        received = rest(connection)
    assert statuses(received) == [b"200", b"431"]
    assert problem_of(received)["type"] == "urn:segments:problem:head-too-large"


@pytest.mark.parametrize(
    ("start", "piece"),
    [
        (b"0\r\n", b"x-long: " + b"x" * 8_000 + b"\r\n"),
        (b"2\r\n{}\r\n0\r\n", b"x-long: " + b"x" * 8_000 + b"\r\n"),
        (b"0\r\nx-long: ", b"x" * 8_000),
        (b"2;extension=", b"x" * 8_000),
    ],
    ids=["fields", "fields after a chunk", "one field", "extension of a chunk"],
)
def test_trailer_over_the_size_limit_gets_431(server: Server, start: bytes, piece: bytes) -> None:
    with connect(server.port) as connection:
        connection.sendall(CHUNKED + b"\r\n" + start)
        for _ in range(MAX_HEAD_BYTES // len(piece) + 3):
            connection.sendall(piece)
        received = rest(connection)
    assert statuses(received) == [b"431"]


def test_trailer_field_is_no_header(server: Server) -> None:
    with connect(server.port) as connection:
        connection.sendall(CHUNKED + LAST + b"\r\n2\r\n{}\r\n0\r\nx-request-id: of-the-trailer\r\n\r\n")
        received = rest(connection)
    assert statuses(received) == [b"200"]
    assert b"of-the-trailer" not in received


def test_pipelined_requests_wait_for_their_turn_and_not_for_the_worker(server: Server) -> None:
    personas = b"GET /personas HTTP/1.1\r\nhost: localhost\r\n"
    with connect(server.port) as connection:
        connection.sendall((personas + b"\r\n") * 300 + personas + LAST + b"\r\n")
        # MAX_IN_FLIGHT is 1: more that waited would be refused.
        assert statuses(rest(connection)) == [b"200"] * 301


@pytest.mark.parametrize("cut", [1, 2, 3, 4, 5])
def test_pipelined_requests_may_be_cut_anywhere(server: Server, cut: int) -> None:
    first, second = post(b'{"age": 20}'), post(b'{"age": 21}', head=LAST)
    chunked = CHUNKED + b'\r\nb\r\n{"age": 22}\r\n0\r\n\r\n'
    for text in (first + second, chunked + second, LIVEZ + b"\r\n" + chunked + second):
        end = len(text) - len(second) - cut
        with connect(server.port) as connection:
            connection.sendall(text[:end])
            time.sleep(0.02)
            connection.sendall(text[end:])
            assert set(statuses(rest(connection))) == {b"200"}


def test_bytes_after_a_request_that_are_no_request_get_400_after_its_response(server: Server) -> None:
    with connect(server.port) as connection:
        connection.sendall(LIVEZ + b"\r\n" + b"no HTTP at all\r\n")
        received = rest(connection)
    assert statuses(received) == [b"200", b"400"]
    assert problem_of(received)["type"] == "urn:segments:problem:malformed-request"


def test_broken_chunk_gets_one_response(server: Server) -> None:
    with connect(server.port) as connection:
        connection.sendall(CHUNKED + b"\r\nno length\r\n")
        assert statuses(rest(connection)) == [b"400"]


def test_responses_of_the_protocol_are_counted(server: Server) -> None:
    with connect(server.port) as connection:
        connection.sendall(b"no HTTP at all\r\n")
        assert statuses(rest(connection)) == [b"400"]
    counted = 'segments_http_requests_total{method="OTHER",route="unmatched",status="400"}'
    assert counted in httpx2.get(f"{server.url}/metrics").text


# --- upgrades --------------------------------------------------------------------------------------


@pytest.mark.parametrize("pieces", [["head", "body"], ["headbody"]], ids=["apart", "together"])
@pytest.mark.parametrize("is_chunked", [False, True])
def test_upgrade_is_ignored(server: Server, pieces: list[str], is_chunked: bool) -> None:
    body = b'{"age": 24, "hobbies": ["value_1"]}'
    head = CHUNKED + UPGRADE + b"\r\n" if is_chunked else post(b" " * len(body), head=UPGRADE)[: -len(body)]
    sent = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body) if is_chunked else body
    with connect(server.port) as connection:
        for piece in pieces:
            connection.sendall(piece.encode().replace(b"head", head).replace(b"body", sent))
            time.sleep(0.02)
        connection.sendall(LIVEZ + LAST + b"\r\n")
        received = rest(connection)
    assert statuses(received) == [b"200", b"200"]
    assert b'"answered_count":2' in received or b'"persona"' in received


@pytest.mark.parametrize("pause", [0.0, 0.05])
def test_body_after_an_upgrade_is_no_request(server: Server, pause: float) -> None:
    inner = b"GET /models HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with connect(server.port) as connection:
        connection.sendall(post(inner, head=UPGRADE)[: -len(inner)])
        time.sleep(pause)
        connection.sendall(inner)
        received = rest(connection)
    assert statuses(received) == [b"400"]
    assert b"malformed-json" in received


def test_connect_is_refused_and_what_follows_dropped(server: Server) -> None:
    with connect(server.port) as connection:
        connection.sendall(b"CONNECT /segment HTTP/1.1\r\nhost: localhost\r\n\r\n" + LIVEZ + b"\r\n")
        received = rest(connection)
    assert len(statuses(received)) == 1
    assert statuses(received)[0].startswith(b"4")


# --- bodies that go on after a refusal -------------------------------------------------------------


def refused(length: int, head: bytes = b"") -> bytes:
    """The head of a request that is refused before its body is read."""
    lines = (
        b"POST /segment HTTP/1.1\r\nhost: localhost\r\ncontent-type: text/plain\r\n%bcontent-length: %d\r\n\r\n"
    )
    return lines % (head, length)


def test_short_body_of_a_refused_request_is_drained(server: Server) -> None:
    with connect(server.port) as connection:
        connection.sendall(refused(MAX_DRAINED_BYTES))
        assert statuses(connection.recv(65_536)) == [b"415"]
        for _ in range(8):
            connection.sendall(b"x" * (MAX_DRAINED_BYTES // 8))
            time.sleep(0.005)
        connection.sendall(post(b"{}", head=LAST))
        assert statuses(rest(connection)) == [b"200"]


@pytest.mark.parametrize("length", [MAX_DRAINED_BYTES + 1, 1_000_000, 4_000_000])
def test_long_body_of_a_refused_request_gets_one_response_and_no_reset(server: Server, length: int) -> None:
    with connect(server.port) as connection:
        connection.sendall(refused(length))
        received = connection.recv(65_536)
        connection.sendall(b"x" * length)
        received += rest(connection)
    assert statuses(received) == [b"415"]
    assert b"connection: close" in received


def test_bodies_of_refused_requests_are_released_with_their_connections(server: Server) -> None:
    before = resident_kb(server)
    for _ in range(400):
        with connect(server.port) as connection:
            connection.sendall(refused(100_000) + b"x" * 100_000)
            connection.shutdown(socket.SHUT_WR)
            assert statuses(rest(connection)) == [b"415"]
    assert resident_kb(server) - before < MAX_GROWTH_KB


def test_body_over_the_limit_gets_413_that_can_be_read(server: Server) -> None:
    length = 6_000_000
    for sent in (
        post(b" " * length),
        CHUNKED + b"\r\n%x\r\n%b\r\n0\r\n\r\n" % (length, b" " * length),
    ):
        with connect(server.port) as connection:
            connection.sendall(sent)
            assert statuses(rest(connection)) == [b"413"]


def test_body_without_an_end_is_dropped_up_to_a_limit(server: Server) -> None:
    limit = MAX_DISCARDED_BYTES + BUFFERED_BYTES
    with connect(server.port) as connection:
        connection.sendall(
            post(b"{}", head=b"x: y\r\n").replace(b"content-length: 2", b"content-length: 999999999")
        )
        assert statuses(connection.recv(65_536)) == [b"413"]
        with suppress(ConnectionError):
            while limit > 0:
                limit -= connection.send(b"x" * 65_536)
    assert limit > 0


def test_body_that_stops_after_a_refusal_gets_no_second_response(server: Server) -> None:
    with connect(server.port) as connection:
        connection.sendall(refused(1_000) + b"x")
        assert statuses(rest(connection)) == [b"415"]


def test_client_that_waits_for_100_continue_gets_a_refusal_that_closes(server: Server) -> None:
    with connect(server.port) as connection:
        connection.sendall(refused(10, b"expect: 100-continue\r\n"))
        received = rest(connection)
    assert statuses(received) == [b"415"]
    assert b"connection: close" in received


# --- a client that closes its side -----------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 3])
def test_client_that_closes_its_side_gets_the_responses_to_whole_requests(server: Server, count: int) -> None:
    body = b'{"age": 30}'
    put = post(body, path=b"/users/half-closed/profile").replace(b"POST", b"PUT")
    with connect(server.port) as connection:
        connection.sendall(put * count)
        connection.shutdown(socket.SHUT_WR)
        received = rest(connection)
    assert [status[:2] for status in statuses(received)] == [b"20"] * count


def test_client_that_closes_its_side_within_a_request_gets_nothing(server: Server) -> None:
    with connect(server.port) as connection:
        connection.sendall(post(b'{"age": 30}')[:-3])
        connection.shutdown(socket.SHUT_WR)
        assert rest(connection) == b""
