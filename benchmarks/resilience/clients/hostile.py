"""Hostile bodies on both paths: none causes a 5xx, and the fast path answers what the standard path does."""

import asyncio
import json
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from benchmarks.resilience.harness.hostile_bodies import HostileBodies
from benchmarks.resilience.harness.world import Outcome, World, require
from models.profile import Profile
from models.storage.registry import Registry
from testkit.server import serving

BODIES = 100_000
CONNECTIONS = 16
# Different on the two paths, or at each write.
VOLATILE = ("user_id", "profile_updated_at", "assigned_at", "instance")
OTHERS = ("/segment/batch", "/segment/compare", "/segment/next-question", "/users/personas:batchGet")
# The fast path declines the second, which means the same.
FAST, STANDARD = "application/json", "application/json; charset=utf-8"


class Received(NamedTuple):
    """A response."""

    status: int
    content: bytes


@dataclass
class _Client:
    """One connection, whose requests follow each other."""

    port: int
    chance: random.Random
    _streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def send(self, method: str, path: str, media: str, body: bytes) -> Received:
        """Send a request, some of them in two packets; the response."""
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self.port)
        reader, writer = self._streams
        head = (
            f"{method} {path} HTTP/1.1\r\nhost: localhost\r\nx-request-id: mine\r\n"
            f"content-type: {media}\r\ncontent-length: {len(body)}\r\n\r\n"
        ).encode()
        if method == "GET" and media == STANDARD:
            # What makes the fast path decline a request without a body.
            head = head.replace(b"x-request-id", b"origin: null\r\nx-request-id")
        cut = len(head) + self.chance.randrange(len(body) + 1) if self.chance.random() < 0.05 else len(head + body)
        writer.write((head + body)[:cut])
        if cut < len(head + body):
            await asyncio.sleep(0.001)
            writer.write((head + body)[cut:])
        return await self._receive(reader)

    async def _receive(self, reader: asyncio.StreamReader) -> Received:
        lines = (await reader.readuntil(b"\r\n\r\n")).lower().split(b"\r\n")
        length = next(int(line[15:]) for line in lines if line.startswith(b"content-length:"))
        content = await reader.readexactly(length)
        if b"connection: close" in lines:
            await self.close()
        return Received(int(lines[0][9:12]), content)

    async def close(self) -> None:
        """Close the connection; the next request opens another."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


@dataclass
class _Comparison:
    """Sends bodies from all connections, and counts the responses by status and path."""

    port: int
    bodies: HostileBodies
    numbers: Iterator[int]
    counts: Counter[str] = field(default_factory=Counter)

    async def run(self) -> None:
        """Send all."""
        await asyncio.gather(*(self._connection(number) for number in range(CONNECTIONS)))

    async def _connection(self, own: int) -> None:
        clients = [_Client(self.port, self.bodies.chance) for _ in range(2)]
        for _ in self.numbers:
            drawn = self.bodies.chance.random()
            if drawn < 0.55:
                body = self.bodies.body(self.bodies.profile)
                await self._both(clients, "POST", ("/segment", "/segment"), body)
            elif drawn < 0.85:
                body = self.bodies.body(self.bodies.profile)
                await self._both(clients, "PUT", (f"/users/a-{own}/profile", f"/users/b-{own}/profile"), body)
                await self._both(clients, "GET", (f"/users/a-{own}/persona", f"/users/b-{own}/persona"), b"")
            else:
                path = self.bodies.chance.choice(OTHERS)
                received = await clients[0].send("POST", path, FAST, self.bodies.body(lambda: self._made(path)))  # noqa: B023
                self._count(path, received, b"")
        for client in clients:
            await client.close()

    async def _both(self, clients: list[_Client], method: str, paths: tuple[str, str], body: bytes) -> None:
        """Send a request on both paths, and compare."""
        fast, standard = await asyncio.gather(
            *(
                client.send(method, path, media, body)
                for client, path, media in zip(clients, paths, (FAST, STANDARD), strict=True)
            )
        )
        self._count(method, fast, body)
        require(_stable(fast) == _stable(standard), f"{method} {paths[0]} {body[:2_000]!r}: {fast} and {standard}")

    def _count(self, kind: str, received: Received, body: bytes) -> None:
        require(received.status < 500, f"{kind} {body[:2_000]!r}: {received}")
        self.counts["accepted" if received.status < 300 else "refused"] += 1

    def _made(self, path: str) -> Any:
        """A body for one of the other routes."""
        chance, profile = self.bodies.chance, self.bodies.profile
        if path.endswith("batch"):
            return {"profiles": [profile() for _ in range(chance.choice((0, 1, 2, 5, 30)))]}
        if path.endswith("compare"):
            return {"profile": profile(), "changes": profile()}
        if path.endswith("batchGet"):
            return {"user_ids": [self.bodies.value(3) for _ in range(chance.randrange(6))]}
        return profile()


def both_paths(world: World) -> Outcome:
    """Each body twice at the same moment, once so that the fast path may answer and once so that it may not."""
    folder, count = world.fresh("hostile"), world.times(BODIES)
    artifacts = world.artifacts(folder)
    encoder = Registry(artifacts).load_active(Profile).model.encoder
    vocabulary = {encoding.name: tuple(encoding.values) for encoding in encoder.fields if encoding.values}
    with serving(folder, artifacts, LOG_LEVEL="WARNING") as server:
        comparison = _Comparison(server.port, HostileBodies(world.chance, vocabulary), iter(range(count)))
        asyncio.run(comparison.run())
        log = server.log.read_text()
    require("a request failed" not in log, f"a request failed: {log[-3_000:]}")
    counts = comparison.counts
    came = f"no 5xx; both paths answered the same: {counts['accepted']:,} accepted, {counts['refused']:,} refused"
    return Outcome(
        f"Hostile bodies on {CONNECTIONS} connections, on the fast path and beside it", f"{count:,}", came
    )


def _stable(received: Received) -> tuple[int, object]:
    """A response without what may differ."""
    body = json.loads(received.content)
    return received.status, {name: value for name, value in body.items() if name not in VOLATILE}
