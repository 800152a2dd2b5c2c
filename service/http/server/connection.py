"""One connection, with limits on slow and idle clients and on stalled writes; requests are offered to an
`EarlyResponder` before ASGI. What is read is limited in `service.http.server.reading`.

A slow body is limited in ASGI (`service.http.server.admission`), as is its size
(`service.http.server.body_limit`).
"""

import asyncio
import resource
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

from service.http.server.early_response import EarlyResponder, FastRequest, FastResponse
from service.http.server.reading import SequentialProtocol
from service.http.server.request_queue import QueuedRequest

if TYPE_CHECKING:
    from uvicorn._types import ASGI3Application

# In a request's scope: its `QueuedRequest`.
QUEUED_REQUEST = "segments.queued_request"
# In the app's state: the worker's `RequestQueue`, and its `EarlyResponder`.
REQUEST_QUEUE = "request_queue"
EARLY_RESPONDER = "early_responder"

# Of a response, a client must read so many bytes in `client_seconds`; else the write counts as stalled.
MIN_READ_BYTES = 16 * 1_024
# File descriptors that are left for the database, artifacts, logs, and a child's pipes.
RESERVED_DESCRIPTORS = 200
# How long, and up to which size, a body may arrive after its head for the request to stay on the fast path.
BODY_GRACE_SECONDS = 0.05
BODY_GRACE_BYTES = 16 * 1_024
# How long an idle connection still accepts a request once the service is shutting down.
SHUTDOWN_GRACE_SECONDS = 1.0


class _PendingFastRequest(NamedTuple):
    """A request that matched the fast path and whose body is still to arrive; otherwise the app answers it."""

    cycle: RequestResponseCycle
    match: object
    app: "ASGI3Application"


class BoundedProtocol(SequentialProtocol):
    """One connection. Its timers: idle or slow head, a body that the fast path waits for, a stalled write."""

    _head_timeout: asyncio.TimerHandle | None = None
    _body_grace: asyncio.TimerHandle | None = None
    _write_timeout: asyncio.TimerHandle | None = None
    _responding: RequestResponseCycle | None = None
    _pending: _PendingFastRequest | None = None
    _unread_bytes = 0
    _shutting_down = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the idle timeout; where file descriptors run out, abort the connection."""
        super().connection_made(transport)
        if len(self.connections) > resource.getrlimit(resource.RLIMIT_NOFILE)[0] - RESERVED_DESCRIPTORS:
            transport.abort()
            return
        self._start_head_timeout()

    def connection_lost(self, exc: Exception | None) -> None:
        """Cancel the timers, and take the connection's requests out of the queue."""
        self._cancel_head_timeout()
        self._cancel_body_grace()
        self._cancel_write_timeout()
        # The base class notifies the newest request alone, which is another one where several were pipelined.
        if self._responding is not None and not self._responding.response_complete:
            self._responding.disconnected = True
            self._responding.message_event.set()
            _queued(self._responding).start()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse a part of a request; a head that is not complete yet is limited in time."""
        super().data_received(data)
        if self._pending is not None:
            self._limit_body_grace()
        elif self.cycle is None or self.cycle.response_complete:
            self._limit_idleness()

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        queued = QueuedRequest(self.app_state[REQUEST_QUEUE])
        self.scope[QUEUED_REQUEST] = queued  # type: ignore[literal-required]

    def head_received(self) -> None:
        """The head is complete."""
        self._cancel_head_timeout()
        super().head_received()
        if self._shutting_down:
            self.end_after_current()

    def request_received(self) -> None:
        """The request is complete; a pending one is submitted to the fast path."""
        super().request_received()
        # One behind another on its connection does not wait for the worker.
        if self.cycle is self._responding:
            _queued(self.cycle).mark_received()
        if self._pending is not None:
            self._cancel_body_grace()
            (cycle, match, app), self._pending = self._pending, None
            request = FastRequest(match, cycle.scope, bytes(cycle.body))
            respond = partial(self._respond_early, cycle, app)
            self.app_state[EARLY_RESPONDER].submit(self.loop, request, respond, self._cannot_write)
        elif self.is_idle:
            # The rest of a body that was refused before its end.
            self._cancel_head_timeout()

    # --- the fast path -----------------------------------------------------------------------------

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: "ASGI3Application") -> None:
        """Keep a request that matches the fast path until its body has arrived; pass any other to the app."""
        self._responding = cycle
        if not cycle.more_body:
            _queued(cycle).mark_received()
        responder: EarlyResponder | None = self.app_state.get(EARLY_RESPONDER)
        # A pipelined request that waited for its predecessor is complete already: `on_message_complete` is past.
        # `100 Continue`, which a client may wait for before it sends its body, is sent in ASGI.
        eligible = responder is not None and cycle.more_body and not cycle.waiting_for_100_continue
        match = responder.match(cycle.scope) if responder is not None and eligible else None
        if match is None:
            super()._start_asgi_task(cycle, app)
        else:
            self._pending = _PendingFastRequest(cycle, match, app)

    def _limit_body_grace(self) -> None:
        """Limit for how long, and up to which size, a pending request waits for its body."""
        if self._pending is None:
            return
        if len(self._pending.cycle.body) > BODY_GRACE_BYTES:
            self._pass_pending_to_app()
        elif self._body_grace is None:
            self._body_grace = self.loop.call_later(BODY_GRACE_SECONDS, self._pass_pending_to_app)

    def _pass_pending_to_app(self) -> None:
        """Let the app answer the pending request; slow bodies have a timeout in ASGI."""
        self._cancel_body_grace()
        if self._pending is not None:
            pending, self._pending = self._pending, None
            super()._start_asgi_task(pending.cycle, pending.app)

    def _respond_early(
        self, cycle: RequestResponseCycle, app: "ASGI3Application", response: FastResponse | None
    ) -> None:
        """Send a response of the fast path, or let the app answer."""
        try:
            if response is None or self._cannot_write():
                super()._start_asgi_task(cycle, app)
            else:
                self._send(cycle, response)
        except Exception as error:
            # The other requests of the batch must get their responses all the same.
            self.logger.error("a request could not be answered", exc_info=error)
            self.transport.abort()

    def _cannot_write(self) -> bool:
        return self.flow.write_paused or self.transport.is_closing()

    def _send(self, cycle: RequestResponseCycle, response: FastResponse) -> None:
        cycle.response_started = cycle.response_complete = True
        end = b"\r\n" if cycle.keep_alive else b"connection: close\r\n\r\n"
        self.transport.write(
            b"".join((STATUS_LINE[response.status], self.default_headers(), response.head, end, response.content))
        )
        if not cycle.keep_alive:
            self.transport.close()
        self.on_response_complete()

    # --- stalled writes ----------------------------------------------------------------------------

    def on_response_complete(self) -> None:
        """The response is written; where a part of it is still buffered, the client has a timeout to read it."""
        if self._responding is not None:
            # Whoever answered: not every layer knows the queue.
            _queued(self._responding).start()
        super().on_response_complete()
        # The next request may have arrived with this one, in part.
        if self._pending is not None:
            self._limit_body_grace()
        elif self.is_arriving:
            self._limit_idleness()
        if self.transport.get_write_buffer_size():
            self._start_write_timeout()

    def pause_writing(self) -> None:
        """The client reads more slowly than the response is written."""
        super().pause_writing()
        self._start_write_timeout()

    def resume_writing(self) -> None:
        """The client has caught up."""
        self._cancel_write_timeout()
        super().resume_writing()

    def _start_write_timeout(self) -> None:
        self._cancel_write_timeout()
        self._unread_bytes = self.transport.get_write_buffer_size()
        self._write_timeout = self.loop.call_later(self.client_seconds, self._abort_stalled_write)

    def _abort_stalled_write(self) -> None:
        self._write_timeout = None
        unread = self.transport.get_write_buffer_size()
        if unread > max(0, self._unread_bytes - MIN_READ_BYTES):
            self.transport.abort()
        elif unread:
            self._start_write_timeout()

    def _cancel_write_timeout(self) -> None:
        if self._write_timeout is not None:
            self._write_timeout.cancel()
            self._write_timeout = None

    # --- idle connections, slow heads, shutdown ----------------------------------------------------

    def shutdown(self) -> None:
        """Answer the current request, or one that is just arriving, then close the connection."""
        self._shutting_down = True
        if self.transport.is_closing():
            self.transport.abort()
        elif self.is_idle:
            self.loop.call_later(SHUTDOWN_GRACE_SECONDS, self._close_if_idle)
        else:
            self.end_after_current()

    def _close_if_idle(self) -> None:
        if self.is_idle:
            self.transport.close()

    def refuse(self, status: int) -> None:
        """Close the connection, with this status where nothing else was answered."""
        self._cancel_head_timeout()
        self._cancel_body_grace()
        self._pending = None
        super().refuse(status)
        self._start_write_timeout()

    def _limit_idleness(self) -> None:
        """Limit the time until a request begins, and until its head, or a body that was refused, is complete."""
        if not self.is_idle or self.transport.is_closing() or self._head_timeout is not None:
            return
        if self.is_arriving:
            self._unset_keepalive_if_required()
            self._start_head_timeout()
        elif self.timeout_keep_alive_task is None:
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )

    def _end_slow_request(self) -> None:
        self._head_timeout = None
        if self._in_head:
            self.refuse(408)
        else:
            self.transport.close()
            self._start_write_timeout()

    def _start_head_timeout(self) -> None:
        self._head_timeout = self.loop.call_later(self.client_seconds, self._end_slow_request)

    def _cancel_head_timeout(self) -> None:
        if self._head_timeout is not None:
            self._head_timeout.cancel()
            self._head_timeout = None

    def _cancel_body_grace(self) -> None:
        if self._body_grace is not None:
            self._body_grace.cancel()
            self._body_grace = None


def _queued(cycle: RequestResponseCycle) -> QueuedRequest:
    """A request's entry in the queue."""
    queued: QueuedRequest = cycle.scope[QUEUED_REQUEST]  # type: ignore[literal-required]
    return queued
