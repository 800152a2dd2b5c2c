"""Idempotency keys in a dictionary."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from threading import RLock

from service.store.memory.clock import Clock, process_clock
from service.store.ports.idempotency import Claim, ClaimLost, StoredResponse


@dataclass
class MemoryIdempotency:
    """An `IdempotencyStore` that is not durable."""

    clock: Clock = process_clock
    _claims: dict[str, tuple[datetime, StoredResponse]] = field(default_factory=dict, init=False, repr=False)
    _lock: RLock = field(default_factory=RLock, init=False, repr=False)

    def claim(self, key: str, digest: str, lifetime: float, abandoned_after: float) -> Claim | StoredResponse:
        """See `IdempotencyStore`."""
        with self._lock:
            now = self.clock()
            expired_before = now - timedelta(seconds=lifetime)
            abandoned_before = now - timedelta(seconds=abandoned_after)
            self._claims = {
                name: (claimed_at, response)
                for name, (claimed_at, response) in self._claims.items()
                if claimed_at >= (expired_before if _has_outcome(response) else abandoned_before)
                and claimed_at >= expired_before
            }
            if key in self._claims:
                return self._claims[key][1]
            self._claims[key] = (now, StoredResponse(digest))
            return Claim(key, now)

    def complete(self, claim: Claim, status: int, headers: Mapping[str, str], body: str) -> None:
        """See `IdempotencyStore`."""
        with self._lock:
            if (stored := self._held(claim)) is not None:
                completed = replace(stored, status=status, headers=dict(headers), body=body)
                self._claims[claim.key] = (claim.at, completed)

    def release(self, claim: Claim) -> None:
        """See `IdempotencyStore`."""
        with self._lock:
            stored = self._held(claim)
            if stored is not None and stored.job_id is None:
                del self._claims[claim.key]

    def record_job(self, claim: Claim, job_id: str) -> None:
        """Store the job that a request has started. Raises `ClaimLost`."""
        with self._lock:
            stored = self._held(claim)
            if stored is None:
                raise ClaimLost
            self._claims[claim.key] = (claim.at, replace(stored, job_id=job_id))

    def started_jobs(self) -> set[str]:
        """The ids of the jobs that keys name."""
        with self._lock:
            return {stored.job_id for _, stored in self._claims.values() if stored.job_id is not None}

    def _held(self, claim: Claim) -> StoredResponse | None:
        """What is stored under a claim; None if it is lost."""
        claimed_at, stored = self._claims.get(claim.key, (None, None))
        return stored if claimed_at == claim.at else None


def _has_outcome(response: StoredResponse) -> bool:
    return response.status is not None or response.job_id is not None
