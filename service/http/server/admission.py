"""Admission control before all routes, in plain ASGI: valid heads, trusted hosts, load shedding, and timeouts.

A request that could only wait in a queue is refused before any work on it; one whose body does not arrive, or
whose response does not start in time, is ended. Authorisation follows later, in `service.http.guarded_route`.
"""

import asyncio
from collections.abc import Sequence

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.http.error_table import TOO_SLOW, problem_type_of_status
from service.http.exception_handlers import response_of
from service.http.problems import problem_response
from service.http.server.body_limit import UPLOADS
from service.http.server.connection import QUEUED_REQUEST
from service.http.server.request_head import refused_head
from service.http.server.request_queue import QueuedRequest, RequestQueue
from service.limits import Overloaded

# Health must be reported under any load.
ALWAYS_ADMITTED = frozenset({"/livez", "/readyz"})
_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})


class AdmissionControl:
    """Admits requests to a trusted host (`hosts`; none: any host) while at most `max_queued` requests wait.

    A body has `client_seconds` to arrive (408), each piece of an upload as long; then the response has
    `request_seconds` to start (503).
    """

    def __init__(
        self, app: ASGIApp, hosts: Sequence[str], max_queued: int, client_seconds: float, request_seconds: float
    ) -> None:
        self._app = app
        self._hosts = hosts
        self._max_queued = max_queued
        self._client_seconds = client_seconds
        self._request_seconds = request_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif (refusal := refused_head(scope, self._hosts)) is not None:
            await refusal(scope, receive, send)
        else:
            # Only our protocol class counts requests; under another server (a test's) none ever waits.
            queued = scope.get(QUEUED_REQUEST) or QueuedRequest(RequestQueue())
            try:
                await self._unless_overloaded(queued, scope, receive, send)
            finally:
                queued.start()

    async def _unless_overloaded(self, queued: QueuedRequest, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            if queued.received:
                self._start(queued, scope)
        except Overloaded as refusal:
            await response_of(refusal, scope["path"])(scope, receive, send)
        else:
            await self._with_timeouts(queued, scope, receive, send)

    def _start(self, queued: QueuedRequest, scope: Scope) -> None:
        """Start a request that was received whole. Raises `Overloaded` where too many wait."""
        waiting = queued.queue.length
        queued.start()
        if waiting > self._max_queued and scope["path"] not in ALWAYS_ADMITTED:
            raise Overloaded

    async def _with_timeouts(self, queued: QueuedRequest, scope: Scope, receive: Receive, send: Send) -> None:
        body_arrived, is_upload = scope["method"] not in _WITH_BODY, scope["path"] in UPLOADS
        first_timeout = self._request_seconds if body_arrived else self._client_seconds
        try:
            async with asyncio.timeout(first_timeout) as timeout:

                async def receive_in_time() -> Message:
                    nonlocal body_arrived
                    message = await receive()
                    if not queued.started and queued.received:
                        self._start(queued, scope)
                    has_arrived = not message.get("more_body")
                    if not body_arrived and (has_arrived or is_upload) and not timeout.expired():
                        body_arrived = has_arrived
                        seconds = self._request_seconds if has_arrived else self._client_seconds
                        timeout.reschedule(asyncio.get_running_loop().time() + seconds)
                    return message

                async def send_in_time(message: Message) -> None:
                    # A response that has started has no timeout here: the protocol limits stalled writes.
                    if message["type"] == "http.response.start" and not timeout.expired():
                        timeout.reschedule(None)
                    await send(message)

                await self._app(scope, receive_in_time, send_in_time)
        except TimeoutError:
            if not timeout.expired():
                raise
            await self._timed_out(scope["path"], body_arrived)(scope, receive, send)

    def _timed_out(self, path: str, body_arrived: bool) -> ASGIApp:
        if body_arrived:
            detail = f"There was no response within {self._request_seconds:g} s; retry as Retry-After says."
            return problem_response(TOO_SLOW, detail, path)
        detail = f"The body did not arrive within {self._client_seconds:g} s; send it faster, or less of it."
        return problem_response(problem_type_of_status(408), detail, path, headers={"Connection": "close"})
