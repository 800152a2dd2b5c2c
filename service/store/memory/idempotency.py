"""Idempotency keys in a dictionary."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from threading import RLock

from service.store.ports.idempotency import StoredResponse


@dataclass
class MemoryIdempotency:
    """An `IdempotencyStore` that is not durable."""

    _claims: dict[str, tuple[datetime, StoredResponse]] = field(default_factory=dict, init=False, repr=False)
    _lock: RLock = field(default_factory=RLock, init=False, repr=False)

    def claim(
        self, key: str, digest: str, at: datetime, expired_before: datetime, abandoned_before: datetime
    ) -> StoredResponse | None:
        """See `IdempotencyStore`."""
        with self._lock:
            self._claims = {
                claimed_key: (claimed_at, response)
                for claimed_key, (claimed_at, response) in self._claims.items()
                if claimed_at >= (abandoned_before if response.status is None else expired_before)
                and claimed_at >= expired_before
            }
            if key in self._claims:
                return self._claims[key][1]
            self._claims[key] = (at, StoredResponse(digest))
            return None

    def complete(self, key: str, status: int, headers: Mapping[str, str], body: str) -> None:
        """See `IdempotencyStore`."""
        with self._lock:
            if key in self._claims:
                claimed_at, claim = self._claims[key]
                self._claims[key] = (claimed_at, StoredResponse(claim.digest, status, dict(headers), body))

    def release(self, key: str) -> None:
        """See `IdempotencyStore`."""
        with self._lock:
            self._claims.pop(key, None)
