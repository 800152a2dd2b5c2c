"""The keys in the memory of this worker, at most a second behind the store.

A request is checked against memory alone. In the background the store is asked each second whether any key has
changed, and only then for all of them; the times of last use are written back every half minute. While the store
is away, the keys that were read last stay valid, each until it expires.
"""

import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from models.errors import SegmentsError
from service.background.periodic_task import PeriodicTask
from service.limits import TokenBucket
from service.security.open_access import OpenAccess
from service.security.scopes import Scope
from service.store.ports.errors import StoreUnavailable
from service.store.ports.keys import KeyStore, StoredKey

log = logging.getLogger("service.access.keyring")

WRITE_BACK_SECONDS = 30.0
_NEVER = float("inf")


@dataclass(slots=True, kw_only=True)
class CachedKey:
    """A key as requests are checked against it; `expires_at` in seconds since 1970."""

    prefix: str
    name: str
    digest: bytes
    scopes: frozenset[str]
    expires_at: float
    revoked: bool
    bucket: TokenBucket | None
    used: bool = False


@dataclass(frozen=True, slots=True)
class KeySnapshot:
    """All keys by their prefix, as of that number of changes. Empty if no key was ever made."""

    changes: int
    keys: Mapping[bytes, CachedKey]


class Keyring:
    """Follows the keys of the store. `snapshot` never waits once the keys were read.

    `rate`: requests a second that each key may send to this worker, 0 for any number.
    `open_access`: which requests may do everything as long as no key was ever made.
    """

    def __init__(self, store: KeyStore, poll_seconds: float, rate: float, open_access: OpenAccess) -> None:
        self.open_access = open_access
        self._store = store
        self._rate = rate
        self._snapshot: KeySnapshot | None = None
        self._tried = False
        self._last_used: dict[str, datetime] = {}
        self._write_back_at = 0.0
        self._follower = PeriodicTask(name="key-follower", interval=poll_seconds, work=self._follow, log=log)
        self._refreshing = threading.Lock()

    def snapshot(self) -> KeySnapshot:
        """The keys. Raises `StoreUnavailable` while they were never read."""
        if self._snapshot is None and not self._tried:
            self.refresh()
        if self._snapshot is None:
            raise StoreUnavailable(
                "The keys could not be read from the store yet; the same request may work later."
            )
        return self._snapshot

    def start(self) -> None:
        """Read the keys, then follow them in the background."""
        self.refresh()
        self._write_back_at = time.monotonic() + WRITE_BACK_SECONDS
        self._follower.start()

    def stop(self) -> None:
        """Stop following, and write back when keys were last used."""
        self._follower.stop()
        self._write_back()

    def refresh(self) -> None:
        """Ask the store once whether any key has changed, and read all keys if so. Never raises."""
        with self._refreshing:
            self._tried = True
            try:
                changes = self._store.change_count()
                if self._snapshot is None or self._snapshot.changes != changes:
                    self._snapshot = self._read(changes)
            except SegmentsError as error:
                log.warning("keys cannot be followed (%s); those read last stay valid", type(error).__name__)
            except Exception:
                log.exception("keys cannot be followed; those read last stay valid")

    def _read(self, changes: int) -> KeySnapshot:
        # The number was read before the keys: the next refresh sees a change that was made in between.
        cached = self._snapshot.keys if self._snapshot else {}
        keys = (self._cache(key, cached.get(key.prefix.encode())) for key in self._store.all())
        return KeySnapshot(changes, {key.prefix.encode(): key for key in keys})

    def _cache(self, key: StoredKey, previous: CachedKey | None) -> CachedKey:
        return CachedKey(
            prefix=key.prefix,
            name=key.name,
            digest=bytes.fromhex(key.digest),
            scopes=frozenset(Scope) if Scope.ADMIN in key.scopes else frozenset(key.scopes),
            expires_at=key.expires_at.timestamp() if key.expires_at else _NEVER,
            revoked=key.revoked_at is not None,
            bucket=previous.bucket if previous else self._new_bucket(),
            used=previous is not None and previous.used,
        )

    def _new_bucket(self) -> TokenBucket | None:
        return TokenBucket(self._rate, max(1.0, 2 * self._rate)) if self._rate else None

    def _follow(self) -> None:
        self._collect_last_used()
        self.refresh()
        if time.monotonic() >= self._write_back_at:
            self._write_back()
            self._write_back_at = time.monotonic() + WRITE_BACK_SECONDS

    def _collect_last_used(self) -> None:
        now = datetime.now(UTC)
        for key in self._snapshot.keys.values() if self._snapshot else ():
            if key.used:
                key.used = False
                self._last_used[key.prefix] = now

    def _write_back(self) -> None:
        self._collect_last_used()
        if not self._last_used:
            return
        try:
            self._store.record_use(self._last_used)
        except SegmentsError:
            log.warning("when keys were last used could not be stored; it is tried again")
        else:
            self._last_used = {}
