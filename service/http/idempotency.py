"""Use case: idempotency keys. A request is run once, and its stored response is replayed for 24 hours.

The same key with another request is refused; so is a repeated request while the first is in progress. A request
that fails or is refused leaves its key free, and can be sent again. The id of a job that a request starts is
stored with the key in the transaction that starts it: neither a crash nor a store that fails right afterwards lets
the same key start another.
"""

import hashlib
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from models.errors import SegmentsError
from service.store.ports.errors import StoreUnavailable
from service.store.ports.idempotency import Claim, IdempotencyStore

log = logging.getLogger("service.idempotency")

# Seconds, by the clock of the store.
KEY_LIFETIME = 24 * 3_600.0
# A claim that is older, and still without a response, was left by a process that died.
ABANDONED_AFTER = 60.0


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
    responses: IdempotencyStore,
    key: str | None,
    request: str,
    run: Callable[[Claim | None], ReplayableResponse],
    resume: Callable[[str], ReplayableResponse] | None = None,
) -> ReplayableResponse:
    """The response of `run`, or the stored one. `request`: its route and body in canonical text.

    `resume`: makes the response from the id of the job that `run` has started, where none could be stored.
    Raises `KeyReused`, `KeyInProgress`, `StoreUnavailable`, and what `run` raises.
    """
    if key is None:
        return run(None)
    digest = hashlib.sha256(request.encode()).hexdigest()
    stored = responses.claim(key, digest, KEY_LIFETIME, ABANDONED_AFTER)
    if isinstance(stored, Claim):
        return _run_first(responses, stored, run)
    if stored.digest != digest:
        raise KeyReused("This Idempotency-Key was sent with another request within 24 hours; use a new one.")
    if stored.status is not None:
        return ReplayableResponse(stored.status, stored.headers or {}, stored.body or "")
    if stored.job_id is not None and resume is not None:
        return resume(stored.job_id)
    raise KeyInProgress("The first request with this Idempotency-Key is in progress; send it again soon.")


def _run_first(
    responses: IdempotencyStore, claim: Claim, run: Callable[[Claim], ReplayableResponse]
) -> ReplayableResponse:
    try:
        response = run(claim)
    except BaseException:
        # If the store is away, the claim counts as abandoned later.
        with suppress(StoreUnavailable):
            responses.release(claim)
        raise
    try:
        responses.complete(claim, response.status, response.headers, response.body)
    except StoreUnavailable:
        # The request was carried out, which a refusal would deny.
        log.warning("the response to a request with an Idempotency-Key could not be stored")
    return response
