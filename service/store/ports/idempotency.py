"""Idempotency keys with the responses to replay.

StoreError
└── ClaimLost       the claim was given up, and another request has claimed the key since
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from service.store.ports.errors import StoreError


class ClaimLost(StoreError):
    """The claim was given up, and another request may have claimed the key since."""

    def __init__(self) -> None:
        super().__init__("This request took so long that another one with its Idempotency-Key has been let in.")


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim of an idempotency key. `at`, by the store's clock, tells it from a later claim of the same key."""

    key: str
    at: datetime


@dataclass(frozen=True, slots=True)
class StoredResponse:
    """The digest of the first request under an idempotency key, and its response; `status` is None until then.

    `job_id`: the job that the request has started.
    """

    digest: str
    status: int | None = None
    headers: Mapping[str, str] | None = None
    body: str | None = None
    job_id: str | None = None


class IdempotencyStore(Protocol):
    """Idempotency keys. Every method is one transaction and may raise `StoreUnavailable`."""

    def claim(self, key: str, digest: str, lifetime: float, abandoned_after: float) -> Claim | StoredResponse:
        """Claim a key for a request: the claim, or what is stored under the key if it was claimed before.

        Keys are free again after `lifetime` seconds, and those that have neither a response nor a job
        (`JobStore.start`) after `abandoned_after` seconds.
        """

    def complete(self, claim: Claim, status: int, headers: Mapping[str, str], body: str) -> None:
        """Store the response to the request that claimed the key; nothing if the claim is lost."""

    def release(self, claim: Claim) -> None:
        """Free a claimed key, because its request was not carried out; not if a job was started under it."""
