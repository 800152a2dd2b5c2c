"""Use case: a retrain as a stream of events (server-sent, WHATWG HTML 9.2), until it ends.

The store is looked at, not the job: any worker tells of any retrain. A stream is bounded in time, and there are
so many at once and no more; whoever is cut off asks again and is told where the job stands.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic

from models.errors import SegmentsError
from service.store.ports.errors import StoreUnavailable
from service.store.ports.jobs import Job

HEARTBEAT = ": still here\n\n"


class TooManyStreams(SegmentsError):
    """As many streams as are allowed are open."""


@dataclass
class Streams:
    """The streams of a worker. `most` at once, each of at most `seconds`; the store is asked every `poll`."""

    most: int
    seconds: float
    poll: float = 0.5
    heartbeat: float = 10.0
    open: int = 0

    @contextmanager
    def place(self) -> Iterator[None]:
        """A place for one stream. Raises `TooManyStreams`."""
        self.require_place()
        self.open += 1
        try:
            yield
        finally:
            self.open -= 1

    def require_place(self) -> None:
        """Raise `TooManyStreams` where there is none."""
        if self.open >= self.most:
            raise TooManyStreams("Too many retrains are being watched here; GET /retrain/{job_id} works as well.")

    async def events(self, look: Callable[[], Job], tell: Callable[[Job], str]) -> AsyncIterator[str]:
        """An event each time that the job has changed, the last when it has ended. `tell` makes its data."""
        with self.place():
            until, told, spoke = monotonic() + self.seconds, "", monotonic()
            while monotonic() < until:
                job = await self._look(look)
                data = tell(job) if job is not None else told
                if data != told:
                    yield _event(data, ended=job is not None and job.status.ended)
                    told, spoke = data, monotonic()
                elif monotonic() - spoke >= self.heartbeat:
                    yield HEARTBEAT
                    spoke = monotonic()
                if job is not None and job.status.ended:
                    return
                await asyncio.sleep(self.poll)

    async def _look(self, look: Callable[[], Job]) -> Job | None:
        try:
            return await asyncio.to_thread(look)
        except StoreUnavailable:
            # It may be back before whoever listens has given up.
            return None


def _event(data: str, *, ended: bool) -> str:
    return f"event: {'end' if ended else 'progress'}\ndata: {data}\n\n"
