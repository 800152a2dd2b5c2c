"""HTTP as uvicorn speaks it, with bounds that it does not have: on the head of a request, and on clients that
send it slowly, say nothing, or do not take their answer.

A body that does not come soon after its head is bounded in ASGI (`service.http.server.admission`,
`service.http.server.request_log`).
"""

import asyncio
import resource
from functools import lru_cache, partial
from typing import TYPE_CHECKING, NamedTuple

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from service.http.server.early_response import EarlyResponder, FastRequest, FastResponse
from service.limits import QueuedRequest

if TYPE_CHECKING:
    from uvicorn._types import ASGI3Application

# In a request's scope: its `service.limits.QueuedRequest`. In the app's state: whose count of those that wait it
# is, and what answers at once (`service.http.server.early_response`).
QUEUED_REQUEST = "segments.arrival"
WAITING = "waiting"
EARLY_RESPONDER = "at_once"
CLIENT_SECONDS = "client_seconds"
MAX_HEAD_BYTES = 64 * 1_024
# Of an answer, in `client_seconds`: whoever takes less is taken for gone.
MIN_TAKEN_BYTES = 16 * 1_024
# Descriptors for everything that is no connection: the database, artifacts, logs, a child's pipes.
RESERVED = 200
# A body that did not come with its head is waited for so long before the app is asked, unless it is longer.
LATE_SECONDS = 0.05
LATE_BYTES = 16 * 1_024
# How long a connection between two requests may still be used once the service is told to stop.
LAST_CHANCE = 1.0


class _Held(NamedTuple):
    """A request that may be answered at once when it is whole; the app is asked otherwise."""

    cycle: RequestResponseCycle
    found: object
    app: "ASGI3Application"


class BoundedProtocol(HttpToolsProtocol):
    """One connection."""

    _timer: asyncio.TimerHandle | None = None
    _stall: asyncio.TimerHandle | None = None
    _arrival: QueuedRequest
    _answered: RequestResponseCycle | None = None
    _untaken = 0
    _head_bytes = 0
    _stopping = False
    _held: _Held | None = None
    _holding: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a request; where descriptors run out, hang up at once."""
        super().connection_made(transport)
        if len(self.connections) > resource.getrlimit(resource.RLIMIT_NOFILE)[0] - RESERVED:
            transport.abort()
            return
        self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing any more."""
        self._stop_waiting()
        self._stop_holding()
        self._cancel_stall()
        # The base tells the newest request alone, which is another where several were sent at once.
        if self._answered is not None and not self._answered.response_complete:
            self._answered.disconnected = True
            self._answered.message_event.set()
        for cycle, _ in self.pipeline:
            cycle.scope[QUEUED_REQUEST].begin()  # type: ignore[literal-required]
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """A piece of a request; a head that has not ended yet is bounded in bytes and time."""
        super().data_received(data)
        self._watch_held()
        if self.cycle is None or self.cycle.response_complete:
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD_BYTES and not self.transport.is_closing():
                self._hang_up(431)
            elif self._timer is None:
                self._wait_for_head()

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self._arrival = QueuedRequest(self.app_state[WAITING])
        self.scope[QUEUED_REQUEST] = self._arrival  # type: ignore[literal-required]

    def on_headers_complete(self) -> None:
        """The head is here."""
        self._stop_waiting()
        self._head_bytes = 0
        super().on_headers_complete()
        if self._stopping:
            self.cycle.keep_alive = False

    def on_message_complete(self) -> None:
        """The whole request is here."""
        self._arrival.complete()
        super().on_message_complete()
        if self._held is not None:
            self._stop_holding()
            (cycle, found, app), self._held = self._held, None
            asked = FastRequest(found, cycle.scope, bytes(cycle.body))
            take = partial(self._take, cycle, app)
            self.app_state[EARLY_RESPONDER].soon(self.loop, asked, take, self._cannot_write)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: "ASGI3Application") -> None:
        self._answered = cycle
        at_once: EarlyResponder | None = self.app_state.get(EARLY_RESPONDER)
        # One that had to wait for another is whole already, and nobody tells that again. Who waits for a word
        # before sending a body gets it in ASGI.
        held = at_once is not None and cycle.more_body and not cycle.waiting_for_100_continue
        found = at_once.find(cycle.scope) if at_once is not None and held else None
        if found is None:
            super()._start_asgi_task(cycle, app)
        else:
            self._held = _Held(cycle, found, app)

    def _watch_held(self) -> None:
        """See to it that a request whose body is yet to come is not held for long."""
        if self._held is None:
            return
        if len(self._held.cycle.body) > LATE_BYTES:
            self._ask_about_held()
        elif self._holding is None:
            self._holding = self.loop.call_later(LATE_SECONDS, self._ask_about_held)

    def _ask_about_held(self) -> None:
        """Have the app answer a request that is held; a body that comes slowly is watched over in ASGI."""
        self._stop_holding()
        if self._held is not None:
            held, self._held = self._held, None
            super()._start_asgi_task(held.cycle, held.app)

    def _stop_holding(self) -> None:
        if self._holding is not None:
            self._holding.cancel()
            self._holding = None

    def _take(self, cycle: RequestResponseCycle, app: "ASGI3Application", answer: FastResponse | None) -> None:
        """Send an answer that was given at once, or ask the app."""
        try:
            if answer is None or self._cannot_write():
                super()._start_asgi_task(cycle, app)
            else:
                self._send(cycle, answer)
        except Exception as error:
            # The others of this turn are to be answered all the same.
            self.logger.error("a request could not be answered", exc_info=error)
            self.transport.abort()

    def _cannot_write(self) -> bool:
        return self.flow.write_paused or self.transport.is_closing()

    def _send(self, cycle: RequestResponseCycle, answer: FastResponse) -> None:
        cycle.scope[QUEUED_REQUEST].begin()  # type: ignore[literal-required]
        cycle.response_started = cycle.response_complete = True
        ours = _head(tuple(self.server_state.default_headers))
        end = b"\r\n" if cycle.keep_alive else b"connection: close\r\n\r\n"
        self.transport.write(b"".join((STATUS_LINE[answer.status], ours, answer.head, end, answer.content)))
        if not cycle.keep_alive:
            self.transport.close()
        self.on_response_complete()

    def on_response_complete(self) -> None:
        """The answer is written; whether it is also taken is looked at later."""
        super().on_response_complete()
        # The next may have come with this one, without its body.
        self._watch_held()
        if self.transport.get_write_buffer_size():
            self._expect_taking()

    def pause_writing(self) -> None:
        """The client takes its answer slower than we write it."""
        super().pause_writing()
        self._expect_taking()

    def resume_writing(self) -> None:
        """It has caught up."""
        self._cancel_stall()
        super().resume_writing()

    def shutdown(self) -> None:
        """The service stops: the request that may be on its way right now is the last of its connection."""
        self._stopping = True
        if self.cycle is None or self.cycle.response_complete:
            self.loop.call_later(LAST_CHANCE, self._close_if_idle)
        else:
            super().shutdown()

    def _close_if_idle(self) -> None:
        if (self.cycle is None or self.cycle.response_complete) and not self.transport.is_closing():
            self.transport.close()

    def _wait_for_head(self) -> None:
        self._timer = self.loop.call_later(self._client_seconds, self._hang_up, 408)

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _hang_up(self, status: int) -> None:
        """End the connection; who has begun to send a request is told why."""
        self._stop_waiting()
        if self.transport.is_closing():
            return
        if self._head_bytes:
            self.transport.write(STATUS_LINE[status] + b"connection: close\r\ncontent-length: 0\r\n\r\n")
        self.transport.close()
        self._expect_taking()

    def _expect_taking(self) -> None:
        self._cancel_stall()
        self._untaken = self.transport.get_write_buffer_size()
        self._stall = self.loop.call_later(self._client_seconds, self._abort_if_stalled)

    def _abort_if_stalled(self) -> None:
        self._stall = None
        untaken = self.transport.get_write_buffer_size()
        if untaken > max(0, self._untaken - MIN_TAKEN_BYTES):
            self.transport.abort()
        elif untaken:
            self._expect_taking()

    def _cancel_stall(self) -> None:
        if self._stall is not None:
            self._stall.cancel()
            self._stall = None

    @property
    def _client_seconds(self) -> float:
        return float(self.app_state.get(CLIENT_SECONDS, 10.0))


@lru_cache(4)
def _head(headers: tuple[tuple[bytes, bytes], ...]) -> bytes:
    """The lines of headers that change once a second, with the date."""
    return b"".join(b"%b: %b\r\n" % pair for pair in headers)
