"""Clients that abuse HTTP itself, without a key: heads without end, long pipelines, bodies that nobody wants."""

import re
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

from benchmarks.resilience.harness.load import Probe, Writers
from benchmarks.resilience.harness.world import Outcome, World, require
from testkit.server import Server, serving

SECONDS = 8.0
MAX_GROWTH_MB = 20.0
MAX_RATIO = 3.0
MAX_LIVEZ_MS = 50.0
PAGE = b"GET /static/docs/swagger-ui-bundle.js HTTP/1.1\r\nhost: localhost\r\n\r\n"
JSON = b"host: localhost\r\ncontent-type: application/json\r\n"
CHUNKED = b"POST /segment HTTP/1.1\r\n" + JSON + b"transfer-encoding: chunked\r\n\r\n"
FIELD = b"x-long: " + b"x" * 50_000 + b"\r\n"
# What a client sends first, and then without end.
ENDLESS = (
    (b"GET /livez HTTP/1.1\r\nhost: localhost\r\n", FIELD),
    (PAGE * 5 + b"GET /livez HTTP/1.1\r\nhost: localhost\r\n", FIELD),
    (PAGE * 5 + b"GET /livez HTTP/1.1\r\nhost: localhost\r\nx-long: ", b"x" * 50_000),
    (CHUNKED + b"2\r\n{}\r\n0\r\n", FIELD),
    (CHUNKED + b"2;extension=", b"x" * 50_000),
)
LIVEZ = b"GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n"
PIPELINED = 3_000
REFUSED = {
    "404": b"POST /nope HTTP/1.1\r\nhost: localhost\r\n",
    "405": b"POST /personas HTTP/1.1\r\nhost: localhost\r\n",
    "415": b"POST /segment/batch HTTP/1.1\r\nhost: localhost\r\ncontent-type: text/plain\r\n",
}
SIZES = (10_000, 100_000, 1_000_000, 4_000_000)


def heads_without_end(world: World) -> Outcome:
    """10 connections at a time whose heads, fields or trailers never end."""
    folder, connections = world.fresh("heads"), 10
    with serving(folder, world.artifacts(folder)) as server:
        # Once with these requests alone: what they import and cache stays.
        for start, _ in ENDLESS:
            with socket.create_connection(("127.0.0.1", server.port)) as connection:
                connection.sendall(start)
        sent, effects = _attacked(
            server, connections, lambda number, stop: _send_without_end(server.port, number, stop)
        )
    came = f"{sent['bytes'] / 1e6:,.0f} MB were sent on {sent['connections']:,} connections; {effects}"
    done = f"{connections} connections at a time with heads, fields and trailers without end"
    return Outcome(done, f"{SECONDS:.0f} s", came)


def long_pipelines(world: World) -> Outcome:
    """One connection with 3,000 requests in flight, beside clients that write."""
    folder = world.fresh("pipeline")
    with serving(folder, world.artifacts(folder)) as server:
        sent, effects = _attacked(server, 1, lambda _, stop: _pipeline(server.port, stop))
        with _clients(1, lambda _, stop: _pipeline(server.port, stop)), Writers(server) as load:
            time.sleep(SECONDS / 2)
        load.check()
    require(set(load.statuses) <= {200, 201}, f"the other clients got {load.statuses}")
    require(sent["broken"] == 0, f"the pipeline broke: {sent}")
    writes = f"{load.writes:,} writes beside it, none refused"
    came = f"{sent['responses']:,} responses in the pipeline; {writes}; {effects}"
    return Outcome(f"{PIPELINED:,} requests in flight on one connection", f"{SECONDS:.0f} s", came)


def refused_bodies(world: World) -> Outcome:
    """Bodies of up to 6 MB that go on after they were refused."""
    folder = world.fresh("refused")
    with serving(folder, world.artifacts(folder)) as server:
        _refused(server.port, 1)
        counts, effects = _attacked(server, 1, lambda _, stop: _send_refused(server.port, stop))
    require(set(counts) <= {*REFUSED, "413"}, f"the statuses on the connections: {counts}")
    require(set(counts) == {*REFUSED, "413"}, f"not every body was sent: {counts}")
    sizes = f"{len(SIZES)} sizes up to 6 MB"
    came = f"one response each ({counts.total():,}), none reset, no second one; {effects}"
    done = f"Bodies sent on after their refusal with 404, 405, 413 or 415, {sizes}"
    return Outcome(done, f"{SECONDS:.0f} s", came)


def _send_refused(port: int, stop: threading.Event) -> Counter[str]:
    counts = Counter[str]()
    while not stop.is_set():
        counts += _refused(port, len(SIZES))
    return counts


def _refused(port: int, sizes: int) -> Counter[str]:
    """The statuses on connections with refused bodies of so many sizes, and with one that is too long."""
    counts = Counter(_statuses_of(port, head, size) for head in REFUSED.values() for size in SIZES[:sizes])
    counts[_statuses_of(port, REFUSED["415"], 6_000_000)] += 1
    return counts


def _attacked(
    server: Server, clients: int, attack: Callable[[int, threading.Event], Counter[str]]
) -> tuple[Counter[str], str]:
    """Attack with so many threads; what they count, and the effects on memory, on `/livez` and on another client.

    Raises `Broken` where memory grows by more than 20 MB, where `/livez` takes longer than 50 ms at its p99 and
    three times as long as alone, or where the other client's p99 is more than three times as long.
    """
    probe, health = Probe(server.port), Probe(server.port, "/livez")
    probe.measure(2)
    alone, healthy = probe.measure(SECONDS), health.measure(SECONDS / 2)
    before = _resident_mb(server, "VmHWM")
    with _clients(clients, attack) as sent, ThreadPoolExecutor(1) as pool:
        measured = pool.submit(health.measure, SECONDS)
        beside, livez = probe.measure(SECONDS), measured.result()
    growth = _resident_mb(server, "VmHWM") - before
    ratio = beside.quantile(0.99) / alone.quantile(0.99)
    require(
        set(beside.statuses) == set(livez.statuses) == {200}, f"others got {beside.statuses}, {livez.statuses}"
    )
    require(growth <= MAX_GROWTH_MB, f"memory grew by {growth:.0f} MB")
    require(ratio <= MAX_RATIO, f"another client: {alone} alone, {beside} beside them")
    limit = max(MAX_LIVEZ_MS, MAX_RATIO * healthy.quantile(0.99))
    require(livez.quantile(0.99) <= limit, f"`/livez`: {healthy} alone, {livez} beside them")
    effects = (
        f"memory grew by {growth:.0f} MB at most; another client: {alone} alone, {beside} beside them "
        f"({ratio:.1f} ×); `/livez` {livez}"
    )
    return sent, effects


@contextmanager
def _clients(count: int, attack: Callable[[int, threading.Event], Counter[str]]) -> Iterator[Counter[str]]:
    """Attack with so many threads; what they count is complete at the end."""
    totals, stop = Counter[str](), threading.Event()
    threads = [
        threading.Thread(target=lambda number=number: totals.update(attack(number, stop)), daemon=True)
        for number in range(count)
    ]
    for thread in threads:
        thread.start()
    try:
        yield totals
    finally:
        stop.set()
        for thread in threads:
            thread.join(30)


def _send_without_end(port: int, number: int, stop: threading.Event) -> Counter[str]:
    counts, (start, piece) = Counter[str](), ENDLESS[number % len(ENDLESS)]
    while not stop.is_set():
        with socket.socket() as connection, suppress(OSError):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
            connection.settimeout(1.0)
            connection.connect(("127.0.0.1", port))
            counts["connections"] += 1
            connection.sendall(start)
            while not stop.is_set():
                counts["bytes"] += connection.send(piece)
                # At most so fast that the clients do not take the processor from the service.
                time.sleep(0.01)
    return counts


def _pipeline(port: int, stop: threading.Event) -> Counter[str]:
    counts, in_flight = Counter[str](), 0
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.settimeout(10)
        while not stop.is_set():
            if in_flight < PIPELINED:
                connection.sendall(LIVEZ * 100)
                in_flight += 100
            received = connection.recv(65_536)
            answered = len(re.findall(rb"HTTP/1\.1 200", received))
            counts["responses"] += answered
            counts["broken"] += not received
            in_flight -= answered
            if not received:
                break
    return counts


def _statuses_of(port: int, head: bytes, size: int) -> str:
    """Every status that a request with a body of that size gets, and how its connection broke."""
    received = b""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.settimeout(30)
        try:
            connection.sendall(head + b"content-length: %d\r\n\r\n" % size)
            for start in range(0, size, 16_384):
                connection.sendall(b" " * min(16_384, size - start))
            connection.shutdown(socket.SHUT_WR)
            while piece := connection.recv(65_536):
                received += piece
        except OSError as error:
            return f"{error!r} after {received[:20]!r}"
    return " ".join(status.decode() for status in re.findall(rb"HTTP/1\.1 (\d+)", received))


def _resident_mb(server: Server, field: str) -> float:
    require(server.process is not None, "the server is gone")
    assert server.process is not None
    status = Path(f"/proc/{server.process.pid}/status").read_text(encoding="ascii")
    return int(re.findall(rf"{field}:\s+(\d+) kB", status)[0]) / 1e3
