"""Stored API keys: the public prefix and a digest, never the key itself.

    StoreError
    └── KeyNotFound     no key has that prefix

A revoked key stays stored, so that it is reported as revoked and its prefix is never used again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from service.store.ports.errors import StoreError
from service.store.ports.texts import legible


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredKey:
    """A key: its public prefix, and the SHA-256 of the whole key in hex. `last_used_at` lags by some seconds."""

    prefix: str
    digest: str
    name: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None

    def works_at(self, moment: datetime) -> bool:
        """Whether it is neither revoked nor expired then."""
        return self.revoked_at is None and (self.expires_at is None or moment < self.expires_at)


class KeyNotFound(StoreError):
    """No key has that prefix."""

    def __init__(self, prefix: str) -> None:
        super().__init__(f"There is no key '{legible(prefix[:20])}'; `python -m service keys list` shows all.")


class KeyStore(Protocol):
    """API keys. Every method is one transaction and may raise `StoreUnavailable`."""

    def change_count(self) -> int:
        """A number that grows whenever a key is added, revoked or given another expiry; cheap to read."""

    def all(self) -> list[StoredKey]:
        """Every key ever added, oldest first."""

    def add(self, key: StoredKey) -> bool:
        """Store a new key; False, and no change, if its prefix is taken."""

    def revoke(self, prefix: str, at: datetime) -> StoredKey:
        """Revoke a key for good; a revoked key is not changed. Raises `KeyNotFound`."""

    def expire(self, prefix: str, at: datetime) -> StoredKey:
        """Let a key expire then, unless it expires earlier. Raises `KeyNotFound`."""

    def record_use(self, used: Mapping[str, datetime]) -> None:
        """Store when keys were last used, by prefix; an older time changes nothing."""
