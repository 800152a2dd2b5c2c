"""Responses of the fast path that wait for the store: no task each, and one call of the event loop for many.

A group commit ends many writes in another thread at the same moment. The first of them wakes the event loop, which
then makes every response that is due.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple, Protocol

from service.http.responses import RenderedResponse
from service.http.server.early_response import FastRequest, FastResponse


class Awaited(NamedTuple):
    """What a route returns for a response that waits: work in another thread, and what renders its result."""

    work: Future[Any]
    render: Callable[[Any], RenderedResponse]


class Deferred(NamedTuple):
    """A request whose response waits, with its id. `started`: by `time.perf_counter`."""

    request: FastRequest
    own_id: str
    started: float
    awaited: Awaited


class Finisher(Protocol):
    """What makes deferred responses (`service.fastpath.dispatcher.FastPath`)."""

    def finish(self, deferred: Sequence[Deferred]) -> Sequence[FastResponse]:
        """The responses to requests whose work has ended or takes too long, in their order."""


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting:
    """A deferred response on its connection."""

    deferred: Deferred
    respond: Callable[[FastResponse | None], None]
    is_gone: Callable[[], bool]


@dataclass(slots=True, eq=False)
class _Group:
    """The responses that were deferred in one iteration of the event loop, and their common timeout."""

    waiting: set[_Waiting]
    timeout: asyncio.TimerHandle | None = None


class DeferredResponses:
    """Sends responses once their work has ended, or after `seconds`. For one event loop."""

    def __init__(self, finisher: Finisher, seconds: float) -> None:
        self._finisher = finisher
        self._seconds = seconds
        self._done: deque[tuple[_Group, _Waiting]] = deque()
        self._is_scheduled = False

    def add(
        self,
        loop: asyncio.AbstractEventLoop,
        responses: Sequence[tuple[Deferred, Callable[[FastResponse | None], None], Callable[[], bool]]],
    ) -> None:
        """Send these responses when they are due; of each the deferred one, `respond` and `is_gone`."""
        group = _Group({_Waiting(*response) for response in responses})
        group.timeout = loop.call_later(self._seconds, self._time_out, group)
        for waiting in tuple(group.waiting):
            waiting.deferred.awaited.work.add_done_callback(partial(self._note_done, loop, group, waiting))

    def _note_done(
        self, loop: asyncio.AbstractEventLoop, group: _Group, waiting: _Waiting, _: Future[Any]
    ) -> None:
        """In the thread that ends the work."""
        self._done.append((group, waiting))
        # Cleared before the responses are taken: at worst the event loop is woken once too often.
        if not self._is_scheduled:
            self._is_scheduled = True
            loop.call_soon_threadsafe(self._finish_done)

    def _finish_done(self) -> None:
        self._is_scheduled = False
        due: list[_Waiting] = []
        while self._done:
            group, waiting = self._done.popleft()
            # Not what has timed out.
            if waiting in group.waiting:
                group.waiting.discard(waiting)
                due.append(waiting)
            if not group.waiting and group.timeout is not None:
                group.timeout.cancel()
                group.timeout = None
        self._respond(due)

    def _time_out(self, group: _Group) -> None:
        due, group.waiting, group.timeout = [*group.waiting], set(), None
        self._respond(due)

    def _respond(self, due: Sequence[_Waiting]) -> None:
        responses = self._finisher.finish([waiting.deferred for waiting in due])
        for waiting, response in zip(due, responses, strict=True):
            # The work is done: without a client, nobody else must do it again.
            if not waiting.is_gone():
                waiting.respond(response)
