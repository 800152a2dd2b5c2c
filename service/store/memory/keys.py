"""API keys in a dictionary."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from threading import RLock

from service.store.ports.keys import KeyNotFound, StoredKey


@dataclass
class MemoryKeys:
    """A `KeyStore` that is not durable."""

    _keys: dict[str, StoredKey] = field(default_factory=dict, init=False, repr=False)
    _change_count: int = field(default=0, init=False, repr=False)
    _lock: RLock = field(default_factory=RLock, init=False, repr=False)

    def change_count(self) -> int:
        """See `KeyStore`."""
        return self._change_count

    def all(self) -> list[StoredKey]:
        """See `KeyStore`."""
        with self._lock:
            return sorted(self._keys.values(), key=lambda key: (key.created_at, key.prefix))

    def add(self, key: StoredKey) -> bool:
        """See `KeyStore`."""
        with self._lock:
            if key.prefix in self._keys:
                return False
            self._store(key)
            return True

    def revoke(self, prefix: str, at: datetime) -> StoredKey:
        """See `KeyStore`."""
        with self._lock:
            key = self._get(prefix)
            return self._store(replace(key, revoked_at=key.revoked_at or at))

    def expire(self, prefix: str, at: datetime) -> StoredKey:
        """See `KeyStore`."""
        with self._lock:
            key = self._get(prefix)
            return self._store(replace(key, expires_at=min(key.expires_at or at, at)))

    def record_use(self, used: Mapping[str, datetime]) -> None:
        """See `KeyStore`."""
        with self._lock:
            for prefix, at in used.items():
                key = self._keys.get(prefix)
                if key is not None and (key.last_used_at is None or key.last_used_at < at):
                    self._keys[prefix] = replace(key, last_used_at=at)

    def _get(self, prefix: str) -> StoredKey:
        try:
            return self._keys[prefix]
        except KeyError:
            raise KeyNotFound(prefix) from None

    def _store(self, key: StoredKey) -> StoredKey:
        self._keys[key.prefix] = key
        self._change_count += 1
        return key
