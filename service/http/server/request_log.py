"""The outermost layer around every request, in plain ASGI: request id, metrics, and one access log record."""

import logging
import random
import re
import time
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.observability.logs import request_id
from service.observability.metrics import Metrics

log = logging.getLogger("service.access")

_SAFE_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
# Ids need not be unpredictable, only different: each process seeds itself once, without a system call for each id.
_random_bits = random.Random().getrandbits
UNMATCHED = "unmatched"
CLIENT_DISCONNECTED = 499
NO_SNIFFING = (b"x-content-type-options", b"nosniff")


@dataclass(slots=True)
class _Outcome:
    """The status of a response; 0 until it starts."""

    status: int = 0


class RequestLog:
    """Gives every request an id and an access log record, and counts it."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        own_id = safe_request_id(_sent_id(scope))
        token = request_id.set(own_id)
        self._metrics.in_flight.inc()
        outcome = _Outcome()
        try:
            await self._app(scope, receive, _recording(send, outcome))
        finally:
            self._metrics.in_flight.dec()
            route = getattr(scope.get("route"), "path", UNMATCHED)
            status = outcome.status or CLIENT_DISCONNECTED
            seconds = time.perf_counter() - started
            self._metrics.observe_request(scope["method"], route, status, seconds)
            log_request(own_id, scope["method"], route, status, seconds)
            request_id.reset(token)


def log_request(own_id: str, method: str, route: str, status: int, seconds: float) -> None:
    """Write the access log record of a request; `own_id`: its request id."""
    if log.isEnabledFor(logging.INFO):
        fields = {
            "request_id": own_id,
            "method": method[:16],
            "route": route,
            "status": status,
            "duration_ms": round(seconds * 1_000, 3),
        }
        # Made here, as `log.info` would look up the calling line of code, which is always this one.
        record = logging.LogRecord(log.name, logging.INFO, __file__, 0, "answered", (), None)
        record.fields = fields
        log.handle(record)


def safe_request_id(sent: bytes) -> str:
    """The id that the client sent if it is safe to log, else a new one."""
    return sent.decode("ascii") if _SAFE_ID.fullmatch(sent) else f"{_random_bits(128):032x}"


def _sent_id(scope: Scope) -> bytes:
    return next((value for name, value in scope["headers"] if name == b"x-request-id"), b"")


def _recording(send: Send, outcome: _Outcome) -> Send:
    """`send` that records the status and adds the request id and `nosniff` to the headers."""

    async def send_recording(message: Message) -> None:
        if message["type"] == "http.response.start":
            outcome.status = message["status"]
            own_headers = ((b"x-request-id", request_id.get().encode("ascii")), NO_SNIFFING)
            message = {**message, "headers": [*message.get("headers", ()), *own_headers]}
        await send(message)

    return send_recording
