"""The API keys that are kept: never a key itself, only what tells it from others and proves it.

    StoreError
    └── KeyNotFound             no key of that prefix

A key that was revoked stays, so that it is known as such, and so that its prefix is never given twice.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from service.store.ports.store import StoreError, legible


@dataclass(frozen=True, slots=True)
class StoredKey:
    """A key: its public prefix, and the sha256 of the whole of it in hex. `last_used_at` lags by some seconds."""

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
    """No key of that prefix."""

    def __init__(self, prefix: str) -> None:
        super().__init__(f"There is no key '{legible(prefix[:20])}'; `python -m service keys list` shows all.")


class KeyStore(Protocol):
    """API keys. Every method is one transaction and may raise `StoreUnavailable`."""

    def changes(self) -> int:
        """A number that differs once any key was added, revoked or given another end; cheap to ask for."""

    def all(self) -> list[StoredKey]:
        """Every key that was ever made, oldest first."""

    def add(self, key: StoredKey) -> bool:
        """Keep a new key; False, and nothing is kept, if one of that prefix is there."""

    def revoke(self, prefix: str, at: datetime) -> StoredKey:
        """End a key for good; one that is revoked stays as it is. Raises `KeyNotFound`."""

    def expire(self, prefix: str, at: datetime) -> StoredKey:
        """Let a key end then; an earlier end that it has stays. Raises `KeyNotFound`."""

    def note_use(self, used: Mapping[str, datetime]) -> None:
        """Keep when keys were last used, by prefix; an older time changes nothing."""
