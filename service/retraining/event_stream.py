"""Use case: a retrain as a stream of server-sent events (WHATWG HTML 9.2), until it ends.

The job is read from the store, so that any worker streams any retrain. A stream is bounded in time, and so is the
number of streams; a client that is cut off connects again and gets the present state.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic

from models.errors import SegmentsError
from service.limits import StoreThreads
from service.store.ports.errors import StoreUnavailable
from service.store.ports.jobs import Job

HEARTBEAT = ": still here\n\n"


class TooManyStreams(SegmentsError):
    """As many streams as are allowed are open."""


@dataclass(kw_only=True)
class EventStreams:
    """The streams of a worker: at most `max_open` at once, each for at most `max_seconds`.

    The job is read every `poll` seconds, in `threads`. `heartbeat`: seconds of silence before a comment is sent.
    """

    max_open: int
    max_seconds: float
    threads: StoreThreads
    poll: float = 0.5
    heartbeat: float = 10.0
    open: int = 0

    def require_slot(self) -> None:
        """Raise `TooManyStreams` where no further stream may be opened."""
        if self.open >= self.max_open:
            raise TooManyStreams("Too many retrains are being watched here; GET /retrain/{job_id} works as well.")

    async def events(self, read_job: Callable[[], Job], render: Callable[[Job], str]) -> AsyncIterator[str]:
        """An event each time that the rendered job has changed, the last one when it has ended."""
        with self._slot():
            ends_at, sent, sent_at = monotonic() + self.max_seconds, "", monotonic()
            while monotonic() < ends_at:
                job = await self._read(read_job)
                data = render(job) if job is not None else sent
                if data != sent:
                    yield _event(data, ended=job is not None and job.status.ended)
                    sent, sent_at = data, monotonic()
                elif monotonic() - sent_at >= self.heartbeat:
                    yield HEARTBEAT
                    sent_at = monotonic()
                if job is not None and job.status.ended:
                    return
                await asyncio.sleep(self.poll)

    @contextmanager
    def _slot(self) -> Iterator[None]:
        self.require_slot()
        self.open += 1
        try:
            yield
        finally:
            self.open -= 1

    async def _read(self, read_job: Callable[[], Job]) -> Job | None:
        try:
            return await self.threads.run(read_job)
        except StoreUnavailable:
            # It may be back before the stream ends.
            return None


def _event(data: str, *, ended: bool) -> str:
    return f"event: {'end' if ended else 'progress'}\ndata: {data}\n\n"
