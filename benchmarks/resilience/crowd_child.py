"""The crowd, in a process of its own: python -m benchmarks.resilience.crowd_child KIND COUNT PORT SECONDS.

Says `ready` once everybody is connected, and how they were answered at the end.
"""

import asyncio
import random
import sys
from collections import Counter

HEAD = (
    "POST /segment HTTP/1.1\r\nHost: crowd\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
)
BODY = b'{"age": 30, "hobbies": ["gaming"]}'


class Crowd:
    """Connections that are all of one kind, and what became of them."""

    def __init__(self, kind: str, count: int, port: int, seconds: float) -> None:
        self.kind, self.count, self.port, self.seconds = kind, count, port, seconds
        self.counts: Counter[str] = Counter()
        self.connected = 0
        self.all_here = asyncio.Event()
        self.arriving = asyncio.Semaphore(200)
        self.finish = asyncio.Event()

    async def run(self) -> None:
        """Everybody comes, stays for `seconds`, and goes."""
        people = [asyncio.create_task(self._one()) for _ in range(self.count)]
        await self.all_here.wait()
        print("ready", flush=True)
        await asyncio.sleep(self.seconds)
        self.finish.set()
        await asyncio.wait(people, timeout=60)
        print(" ".join(f"{name}={number}" for name, number in sorted(self.counts.items())), flush=True)

    async def _one(self) -> None:
        try:
            async with self.arriving:
                reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
                await self._greet(writer)
            self._here()
            await getattr(self, f"_{self.kind}")(reader, writer)
            writer.close()
        except OSError:
            self.counts["lost"] += 1
            self._here()

    def _here(self) -> None:
        self.connected += 1
        if self.connected == self.count:
            self.all_here.set()

    async def _greet(self, writer: asyncio.StreamWriter) -> None:
        if self.kind in ("drip", "held"):
            length = 3_600 if self.kind == "drip" else len(BODY)
            writer.write(HEAD.format(length=length).encode() + BODY[:1])
            await writer.drain()

    async def _idle(self, *_: object) -> None:
        await self.finish.wait()
        self.counts["idle"] += 1

    async def _busy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request a second, each at a moment of its own."""
        await asyncio.sleep(random.random())
        while not self.finish.is_set():
            await asyncio.sleep(1.0)
            writer.write(HEAD.format(length=len(BODY)).encode() + BODY)
            await self._status(reader)

    async def _drip(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One byte of the body a second, until somebody has had enough."""
        answered = asyncio.create_task(self._status(reader))
        while not self.finish.is_set() and not answered.done():
            writer.write(b" ")
            await asyncio.wait([answered], timeout=1.0)
        await answered

    async def _held(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """The body is all but sent; then all of them end at once."""
        await self.finish.wait()
        writer.write(BODY[1:])
        await self._status(reader)

    async def _status(self, reader: asyncio.StreamReader) -> None:
        """Read one answer."""
        head = await reader.readuntil(b"\r\n\r\n") if not reader.at_eof() else b""
        length = next(
            (int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0
        )
        await reader.readexactly(length)
        self.counts[head[9:12].decode() or "closed"] += 1


def main() -> None:
    """See the head of this file."""
    kind, count, port, seconds = sys.argv[1:]

    async def run() -> None:
        await Crowd(kind, int(count), int(port), float(seconds)).run()

    asyncio.run(run())


if __name__ == "__main__":
    main()
