"""A proxy for a PostgreSQL socket that can be slow, silent or gone."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import parse_qs, urlsplit


class Proxy:
    """Listens on loopback; `mode` says what happens to responses: pass, slow (a second each), silent, or gone."""

    def __init__(self, target: str) -> None:
        self._target = target
        self.mode = "pass"
        self.port = 0
        self._open: set[asyncio.StreamWriter] = set()

    async def serve(self) -> asyncio.Server:
        """Listen."""
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        return server

    def cut(self) -> None:
        """Abort all connections."""
        for writer in list(self._open):
            writer.transport.abort()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.mode == "gone":
            writer.transport.abort()
            return
        try:
            back, to = await asyncio.open_unix_connection(self._target)
        except OSError:
            writer.transport.abort()
            return
        self._open |= {writer, to}
        await asyncio.gather(self._pump(reader, to, False), self._pump(back, writer, True))
        self._open -= {writer, to}

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, responses: bool) -> None:
        with suppress(OSError):
            while piece := await reader.read(65_536):
                if responses and self.mode == "slow":
                    await asyncio.sleep(1.0)
                while responses and self.mode == "silent":
                    await asyncio.sleep(0.05)
                writer.write(piece)
                await writer.drain()
        writer.close()


@contextmanager
def before(url: str) -> Iterator[tuple[Proxy, str]]:
    """The proxy of a database on a socket, in a thread; and the URL through the proxy."""
    parts = urlsplit(url)
    [folder] = parse_qs(parts.query)["host"]
    proxy, loop, started = Proxy(f"{folder}/.s.PGSQL.5432"), asyncio.new_event_loop(), threading.Event()

    def run() -> None:
        loop.run_until_complete(proxy.serve())
        started.set()
        loop.run_forever()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    started.wait(10)
    user = parts.username or "postgres"
    try:
        yield proxy, f"postgresql://{user}@127.0.0.1:{proxy.port}{parts.path}"
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
