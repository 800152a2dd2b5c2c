"""Many connections from one process: python -m benchmarks.resilience.harness.crowd_child KIND COUNT PORT SECONDS.

Prints `ready` once all are connected, and the numbers of their responses by status at the end.
"""

import asyncio
import random
import sys
from collections import Counter

HEAD = (
    "POST /segment HTTP/1.1\r\nHost: localhost\r\n"
    "Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
)
BODY = b'{"age": 30, "hobbies": ["gaming"]}'
PUT = (
    "PUT /users/{user}/profile HTTP/1.1\r\nHost: localhost\r\n"
    "Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
)


class Crowd:
    """Connections of one kind, and the counts of their outcomes."""

    def __init__(self, kind: str, count: int, port: int, seconds: float) -> None:
        self.kind, self.count, self.port, self.seconds = kind, count, port, seconds
        self.counts: Counter[str] = Counter()
        self.connected = 0
        self.all_connected = asyncio.Event()
        self.connecting = asyncio.Semaphore(200)
        self.finish = asyncio.Event()

    async def run(self) -> None:
        """Connect all, stay for `seconds`, and disconnect."""
        clients = [asyncio.create_task(self._one()) for _ in range(self.count)]
        await self.all_connected.wait()
        print("ready", flush=True)
        await asyncio.sleep(self.seconds)
        self.finish.set()
        await asyncio.wait(clients, timeout=60)
        print(" ".join(f"{name}={number}" for name, number in sorted(self.counts.items())), flush=True)

    async def _one(self) -> None:
        try:
            async with self.connecting:
                reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
                await self._greet(writer)
            self._count_connected()
            await getattr(self, f"_{self.kind}")(reader, writer)
            writer.close()
        except OSError:
            self.counts["lost"] += 1
            self._count_connected()

    def _count_connected(self) -> None:
        self.connected += 1
        if self.connected == self.count:
            self.all_connected.set()

    async def _greet(self, writer: asyncio.StreamWriter) -> None:
        if self.kind in ("drip", "held"):
            length = 3_600 if self.kind == "drip" else len(BODY)
            writer.write(HEAD.format(length=length).encode() + BODY[:1])
            await writer.drain()

    async def _idle(self, *_: object) -> None:
        await self.finish.wait()
        self.counts["idle"] += 1

    async def _busy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request a second, at a random phase."""
        await asyncio.sleep(random.random())
        while not self.finish.is_set():
            await asyncio.sleep(1.0)
            writer.write(HEAD.format(length=len(BODY)).encode() + BODY)
            await self._status(reader)

    async def _put(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Write users of its own, without a pause."""
        own, number = id(writer), 0
        while not self.finish.is_set():
            await self._write_user(f"crowd-{own}-{number % 50}", reader, writer)
            number += 1

    async def _put_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Write the one user that all of these connections write, without a pause."""
        while not self.finish.is_set():
            await self._write_user("crowd-shared", reader, writer)

    async def _write_user(self, user: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(PUT.format(user=user, length=len(BODY)).encode() + BODY)
        await self._status(reader)

    async def _drip(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One byte of the body a second, until the server responds."""
        response = asyncio.create_task(self._status(reader))
        while not self.finish.is_set() and not response.done():
            writer.write(b" ")
            await asyncio.wait([response], timeout=1.0)
        await response

    async def _held(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Send all of the body except its end; send the end together with all others."""
        await self.finish.wait()
        writer.write(BODY[1:])
        await self._status(reader)

    async def _status(self, reader: asyncio.StreamReader) -> None:
        """Read one response and count its status."""
        head = await reader.readuntil(b"\r\n\r\n") if not reader.at_eof() else b""
        length = next(
            (int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0
        )
        await reader.readexactly(length)
        self.counts[head[9:12].decode() or "closed"] += 1


def main() -> None:
    """Run the crowd of the command line."""
    kind, count, port, seconds = sys.argv[1:]

    async def run() -> None:
        await Crowd(kind, int(count), int(port), float(seconds)).run()

    asyncio.run(run())


if __name__ == "__main__":
    main()
