"""Around every request, in plain ASGI: its id, its measure, its line in the log, and a bound on its body.

This is also where a defect of ours ends: it is logged by type and place, and answered as a problem.
"""

import logging
import random
import re
import time
from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.http.error_table import INTERNAL, problem_type_of_status
from service.http.problems import problem_response
from service.observability.logs import log_failure, request_id
from service.observability.metrics import Metrics

log = logging.getLogger("service.access")

_SAFE_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
# Ids need only differ: each process has its own seed, and no call of the system is made for each of them.
_bits = random.Random().getrandbits
UNMATCHED = "unmatched"
NO_SNIFFING = (b"x-content-type-options", b"nosniff")


@dataclass(slots=True)
class _Sent:
    """What became of a request; status 0 until its answer starts."""

    status: int = 0


class RequestLog:
    """Gives every request an id and a line in the log, counts it, and answers defects."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        asked = id_of(scope)
        token = request_id.set(asked)
        self._metrics.in_flight.inc()
        answered = _Sent()
        try:
            await self._answer(scope, receive, _noting(send, answered), answered)
        finally:
            self._metrics.in_flight.dec()
            route = getattr(scope.get("route"), "path", UNMATCHED)
            # 499: whoever asked had gone before there was an answer.
            status = answered.status or 499
            seconds = time.perf_counter() - started
            self._metrics.observe_request(scope["method"], route, status, seconds)
            log_answered(asked, scope["method"], route, status, seconds)
            request_id.reset(token)

    async def _answer(self, scope: Scope, receive: Receive, send: Send, answered: _Sent) -> None:
        try:
            await self._app(scope, receive, send)
        except ClientDisconnect:
            # Gone before the body was whole: nobody's fault here, and nobody to answer.
            return
        except Exception as error:
            log_failure(error)
            # Once an answer has begun, the server can only cut it off.
            if not answered.status:
                detail = "This is our fault; the log has it under the request id."
                response = problem_response(INTERNAL, detail, scope["path"])
                await response(scope, receive, send)


def log_answered(asked: str, method: str, route: str, status: int, seconds: float) -> None:
    """Write the line of an answered request; `asked`: its id."""
    if log.isEnabledFor(logging.INFO):
        fields = {
            "request_id": asked,
            "method": method[:16],
            "route": route,
            "status": status,
            "duration_ms": round(seconds * 1_000, 3),
        }
        # Without looking for the line of code that it comes from, which is this one.
        record = logging.LogRecord(log.name, logging.INFO, __file__, 0, "answered", (), None)
        record.fields = fields
        log.handle(record)


class BodyLimit:
    """Refuses a body that is larger than `limit` bytes, before it is read or while it is."""

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self._app = app
        self._limit = limit
        self._detail = f"The body may have at most {limit} bytes; send less, or several requests."

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif _announced(scope) > self._limit:
            kind = problem_type_of_status(413)
            # What follows on this connection is the body that we do not want.
            headers = {"Connection": "close"}
            response = problem_response(kind, self._detail, scope["path"], headers=headers)
            await response(scope, receive, send)
        else:
            await self._app(scope, self._bounded(receive), send)

    def _bounded(self, receive: Receive) -> Receive:
        received = 0

        async def receive_bounded() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self._limit:
                raise HTTPException(413, self._detail, {"Connection": "close"})
            return message

        return receive_bounded


def id_of(scope: Scope) -> str:
    """The id that the request came with if it is a safe one, else a new one."""
    return safe_id(_header(scope, b"x-request-id"))


def safe_id(asked: bytes) -> str:
    """The id that was asked for if it is a safe one, else a new one."""
    return asked.decode("ascii") if _SAFE_ID.fullmatch(asked) else f"{_bits(128):032x}"


def _noting(send: Send, answered: _Sent) -> Send:
    """Sends on, notes the status, and adds the request's id and what holds browsers to the media type."""

    async def send_noting(message: Message) -> None:
        if message["type"] == "http.response.start":
            answered.status = message["status"]
            ours = ((b"x-request-id", request_id.get().encode("ascii")), NO_SNIFFING)
            message = {**message, "headers": [*message.get("headers", ()), *ours]}
        await send(message)

    return send_noting


def _announced(scope: Scope) -> int:
    length = _header(scope, b"content-length")
    return int(length[:20]) if length.isdigit() else 0


def _header(scope: Scope, name: bytes) -> bytes:
    return next((value for key, value in scope["headers"] if key == name), b"")
