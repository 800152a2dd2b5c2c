"""Use case: idempotency keys. A request is run once, and its stored response is replayed for 24 hours.

The same key with another request is refused; so is a repeated request while the first is in progress. A request
that fails or is refused leaves its key free, and can be sent again.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from models.errors import SegmentsError
from service.store.ports.idempotency import IdempotencyStore

KEY_LIFETIME = timedelta(hours=24)
# A claim that is older, and still without a response, was left by a process that died.
ABANDONED_AFTER = timedelta(minutes=1)


class KeyReused(SegmentsError):
    """The idempotency key was used for another request."""


class KeyInProgress(SegmentsError):
    """The first request with the idempotency key is in progress."""


@dataclass(frozen=True, slots=True)
class ReplayableResponse:
    """A response that can be stored and sent again."""

    status: int
    headers: Mapping[str, str]
    body: str


def run_once(
    responses: IdempotencyStore, key: str | None, request: str, run: Callable[[], ReplayableResponse]
) -> ReplayableResponse:
    """The response of `run`, or the stored one. `request`: its route and body in canonical text.

    Raises `KeyReused`, `KeyInProgress`, `StoreUnavailable`, and what `run` raises.
    """
    if key is None:
        return run()
    digest, now = hashlib.sha256(request.encode()).hexdigest(), datetime.now(UTC)
    stored = responses.claim(key, digest, now, now - KEY_LIFETIME, now - ABANDONED_AFTER)
    if stored is None:
        return _run_first(responses, key, run)
    if stored.digest != digest:
        raise KeyReused("This Idempotency-Key was sent with another request within 24 hours; use a new one.")
    if stored.status is None:
        raise KeyInProgress("The first request with this Idempotency-Key is in progress; send it again soon.")
    return ReplayableResponse(stored.status, stored.headers or {}, stored.body or "")


def _run_first(responses: IdempotencyStore, key: str, run: Callable[[], ReplayableResponse]) -> ReplayableResponse:
    try:
        response = run()
    except BaseException:
        responses.release(key)
        raise
    responses.complete(key, response.status, response.headers, response.body)
    return response
