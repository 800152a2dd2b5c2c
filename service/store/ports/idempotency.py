"""Idempotency keys with the responses to replay."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class StoredResponse:
    """The digest of the first request under an idempotency key, and its response; `status` is None until then."""

    digest: str
    status: int | None = None
    headers: Mapping[str, str] | None = None
    body: str | None = None


class IdempotencyStore(Protocol):
    """Idempotency keys. Every method is one transaction and may raise `StoreUnavailable`."""

    def claim(
        self, key: str, digest: str, at: datetime, expired_before: datetime, abandoned_before: datetime
    ) -> StoredResponse | None:
        """Claim a key for a request: None, or what is stored under the key if it was claimed before.

        Keys claimed before `expired_before` are free again, and so are those claimed before `abandoned_before`
        that have no response.
        """

    def complete(self, key: str, status: int, headers: Mapping[str, str], body: str) -> None:
        """Store the response to the request that claimed the key."""

    def release(self, key: str) -> None:
        """Free a claimed key, because its request was not carried out."""
