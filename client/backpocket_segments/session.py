"""The attempts of one request, without input or output: what to send, when to send it again, and the result."""

import json
import time
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

from backpocket_segments.calls import Call, Pause
from backpocket_segments.decoding import decode
from backpocket_segments.errors import (
    ConnectionFailed,
    NotFound,
    SegmentsError,
    SegmentsProblem,
    UnexpectedResponse,
    problem_of,
)
from backpocket_segments.retries import Retries, may_repeat

T = TypeVar("T")
# Catalogue responses that are remembered by their ETag.
MAX_CACHED = 256


@dataclass(frozen=True)
class Send:
    """Send this call, with these headers besides; leave the body of a success unread where it is `long`."""

    call: Call[Any]
    headers: Mapping[str, str]
    long: bool = False


@dataclass(frozen=True)
class Reply:
    """A response; the names of `headers` are in lower case. The body of a long one is empty."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass
class Session:
    """What the requests of one client have in common: retries, and the catalogue by its ETags."""

    retries: Retries
    clock: Callable[[], float] = time.monotonic
    _cached: dict[str, tuple[str, Any]] = field(default_factory=dict, repr=False)

    def attempts(self, call: Call[T], *, long: bool = False) -> Generator[Send | Pause, Reply, T | None]:
        """Yields what to send, and for how long to pause; returns the result, None of a long response.

        Raises the error of the last attempt.
        """
        ends_at, attempt = self.clock() + self.retries.total_seconds, 0
        cached = self._cached.get(_cache_key(call)) if call.cached else None
        headers = {**call.headers, "If-None-Match": cached[0]} if cached else call.headers
        while True:
            attempt += 1
            error: SegmentsError | None
            try:
                reply = yield Send(call, headers, long)
                error = _error_of(reply)
            except ConnectionFailed as failure:
                error = failure
            if attempt > 1 and call.method == "DELETE" and isinstance(error, NotFound):
                # An attempt before this one did it, though its response was lost.
                return None
            if error is None:
                if cached and reply.status == 304:
                    unchanged: T = cached[1]
                    return unchanged
                return None if long else self._result(call, reply)
            pause = self.retries.pause(attempt, error.retry_after if isinstance(error, SegmentsProblem) else None)
            if attempt == self.retries.attempts or not _may_repeat(call, error) or self.clock() + pause > ends_at:
                raise error
            yield Pause(pause)

    def _result(self, call: Call[T], reply: Reply) -> T:
        result = decode(call.result, reply.body)
        if call.cached and "etag" in reply.headers:
            if len(self._cached) >= MAX_CACHED:
                self._cached.clear()
            self._cached[_cache_key(call)] = (reply.headers["etag"], result)
        return result


def _cache_key(call: Call[Any]) -> str:
    return json.dumps([call.target, sorted(call.parameters.items())])


def _may_repeat(call: Call[Any], error: SegmentsError) -> bool:
    if not call.repeatable:
        return False
    if isinstance(error, SegmentsProblem):
        return may_repeat(error.status, error.name, call.idempotent)
    return isinstance(error, ConnectionFailed) and call.idempotent


def _error_of(reply: Reply) -> SegmentsError | None:
    if 200 <= reply.status < 300 or reply.status == 304:
        return None
    if reply.status < 400:
        return UnexpectedResponse(f"{reply.status}: is the address that of the service?")
    return problem_of(_problem_details(reply), seconds_of(reply.headers.get("retry-after")))


def _problem_details(reply: Reply) -> Mapping[str, Any]:
    """The problem details of a refusal; of one that a proxy made, its status alone."""
    try:
        body = json.loads(reply.body)
    except ValueError:
        body = None
    if isinstance(body, dict) and "type" in body and isinstance(body.get("status"), int):
        return body
    request_id = reply.headers.get("x-request-id", "")
    detail = "The response has no problem details; a proxy may have sent it."
    return {"status": reply.status, "type": "about:blank", "detail": detail, "request_id": request_id}


def seconds_of(retry_after: str | None, now: Callable[[], float] = time.time) -> float | None:
    """A `Retry-After` (RFC 9110, 10.2.3) in seconds from now; None where it says nothing."""
    if retry_after is None:
        return None
    if retry_after.strip().isdecimal():
        return float(retry_after)
    try:
        return max(0.0, parsedate_to_datetime(retry_after).timestamp() - now())
    except ValueError:
        return None
