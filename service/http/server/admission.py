"""The gate before all routes, in plain ASGI: under which name, how many at once, and for how long.

A request that would only stand in a queue is turned away before anything is done for it; one whose body does
not come, or whose answer does not, is ended. Whether somebody may do what they ask is
`service.http.guarded_route`'s.
"""

import asyncio
from collections.abc import Sequence

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.http.error_table import TOO_SLOW, UNTRUSTED_HOST, problem_type_of_status
from service.http.exception_handlers import answer_of
from service.http.problems import problem_response
from service.http.server.connection import QUEUED_REQUEST
from service.limits import Overloaded, Queue, QueuedRequest, overloaded

# What is asked whether the service is well must be answered when it is not.
ALWAYS_ANSWERED = frozenset({"/livez", "/readyz"})
_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})


class AdmissionControl:
    """Lets in what is asked under a trusted name (`hosts`; none: any), while at most `max_queued` requests wait.

    A body has `client_seconds` to arrive (408); then the answer has `request_seconds` to start (503).
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
        elif self._hosts and not is_trusted(host_of(scope), self._hosts):
            detail = "Ask under the name that this service was given (setting TRUSTED_HOSTS)."
            await problem_response(UNTRUSTED_HOST, detail, scope["path"])(scope, receive, send)
        else:
            # A server that does not tell when a request is whole (a test's) has nobody waiting.
            arrival = scope.get(QUEUED_REQUEST) or QueuedRequest(Queue())
            try:
                await self._while_there_is_room(arrival, scope, receive, send)
            finally:
                arrival.begin()

    async def _while_there_is_room(
        self, arrival: QueuedRequest, scope: Scope, receive: Receive, send: Send
    ) -> None:
        try:
            if arrival.whole:
                self._begin(arrival, scope)
        except Overloaded as refusal:
            await answer_of(refusal, scope["path"])(scope, receive, send)
        else:
            await self._in_time(arrival, scope, receive, send)

    def _begin(self, arrival: QueuedRequest, scope: Scope) -> None:
        """Begin with a request that is whole. Raises `Overloaded` where too many are, and wait."""
        waiting = arrival.waiting.count
        arrival.begin()
        if waiting > self._max_queued and scope["path"] not in ALWAYS_ANSWERED:
            raise overloaded()

    async def _in_time(self, arrival: QueuedRequest, scope: Scope, receive: Receive, send: Send) -> None:
        arrived = scope["method"] not in _WITH_BODY
        first = self._request_seconds if arrived else self._client_seconds
        try:
            async with asyncio.timeout(first) as limit:

                async def receive_in_time() -> Message:
                    nonlocal arrived
                    message = await receive()
                    if not arrival.begun and arrival.whole:
                        self._begin(arrival, scope)
                    if not arrived and not message.get("more_body") and not limit.expired():
                        arrived = True
                        limit.reschedule(asyncio.get_running_loop().time() + self._request_seconds)
                    return message

                async def send_in_time(message: Message) -> None:
                    # How long an answer may take to be read is the protocol's business.
                    if message["type"] == "http.response.start" and not limit.expired():
                        limit.reschedule(None)
                    await send(message)

                await self._app(scope, receive_in_time, send_in_time)
        except TimeoutError:
            if not limit.expired():
                raise
            await self._too_slow(arrived)(scope, receive, send)

    def _too_slow(self, arrived: bool) -> ASGIApp:
        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            if arrived:
                detail = f"There was no answer within {self._request_seconds:g} s; try again as Retry-After says."
                response = problem_response(TOO_SLOW, detail, scope["path"])
            else:
                detail = (
                    f"The body did not arrive within {self._client_seconds:g} s; send it faster, or less of it."
                )
                kind = problem_type_of_status(408)
                response = problem_response(kind, detail, scope["path"], headers={"Connection": "close"})
            await response(scope, receive, send)

        return answer


def host_of(scope: Scope) -> str:
    """The name that a request was sent to, without the port."""
    host = next((value for name, value in scope["headers"] if name == b"host"), b"").decode("latin-1").lower()
    return host.partition("]")[0] + "]" if host.startswith("[") else host.partition(":")[0]


def is_trusted(host: str, trusted: Sequence[str]) -> bool:
    """Whether a name is one of these; `*.example.org` stands for every name below it, `*` for all."""
    return any(
        name in ("*", host) or (name.startswith("*.") and host.endswith(name[1:].lower())) for name in trusted
    )
