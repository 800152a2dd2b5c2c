"""Use case: what was asked twice under one key is done once, and answered twice.

A key is kept for 24 hours. Something else under the same key is refused; while the first is under way, so is the
second. What was not done (a refusal, a failure) is not kept, so that it can be asked again.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from models.errors import SegmentsError
from service.store.ports.idempotency import IdempotencyStore

KEPT_FOR = timedelta(hours=24)
# A claim without an answer after so long was left by a process that died.
ABANDONED_AFTER = timedelta(minutes=1)


class KeyReused(SegmentsError):
    """The idempotency key was used for something else."""


class KeyInProgress(SegmentsError):
    """What was first asked under the idempotency key is still under way."""


@dataclass(frozen=True, slots=True)
class Done:
    """An answer: status, headers and body."""

    status: int
    headers: Mapping[str, str]
    body: str


def once(responses: IdempotencyStore, key: str | None, asked: str, work: Callable[[], Done]) -> Done:
    """The answer of `work`, or the kept one. `asked` is what is asked, in canonical text, its route included.

    Raises `KeyReused`, `KeyInProgress`, `StoreUnavailable`, and what `work` raises.
    """
    if key is None:
        return work()
    digest, now = hashlib.sha256(asked.encode()).hexdigest(), datetime.now(UTC)
    kept = responses.claim(key, digest, now, now - KEPT_FOR, now - ABANDONED_AFTER)
    if kept is None:
        return _first(responses, key, work)
    if kept.digest != digest:
        raise KeyReused("This Idempotency-Key was sent with another request within 24 hours; use a new one.")
    if kept.status is None:
        raise KeyInProgress("What was first asked with this Idempotency-Key is still under way; ask again soon.")
    return Done(kept.status, kept.headers or {}, kept.body or "")


def _first(responses: IdempotencyStore, key: str, work: Callable[[], Done]) -> Done:
    try:
        done = work()
    except BaseException:
        responses.release(key)
        raise
    responses.complete(key, done.status, done.headers, done.body)
    return done
