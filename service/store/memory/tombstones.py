"""Tombstones in memory: keyed hashes (HMAC with SHA-256, RFC 2104), as in a database."""

import hashlib
import hmac
from dataclasses import dataclass, field
from secrets import token_bytes


@dataclass
class MemoryTombstones:
    """The keyed hashes of the ids of erased users."""

    _key: bytes = field(default_factory=lambda: token_bytes(32), init=False, repr=False)
    _hashes: set[str] = field(default_factory=set, init=False, repr=False)

    def __contains__(self, user_id: str) -> bool:
        return self.hash_of(user_id) in self._hashes

    def add(self, user_id: str) -> None:
        """Leave a tombstone."""
        self._hashes.add(self.hash_of(user_id))

    def discard(self, user_id: str) -> bool:
        """Remove a tombstone; whether there was one."""
        was_there = user_id in self
        self._hashes.discard(self.hash_of(user_id))
        return was_there

    def hash_of(self, user_id: str) -> str:
        """The keyed hash of an id, in hexadecimal."""
        return hmac.digest(self._key, user_id.encode(), hashlib.sha256).hex()
