"""The keys as this worker knows them: in memory, behind the store by a second at most.

A request is checked against the memory alone. In the background the store is asked each second whether any key
has changed, and only then for all of them; when keys were last used is written back every half minute. While
the store does not answer, what was known last goes on to hold (and every key still ends at its time).
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
from service.security.scopes import Scope
from service.store.ports.errors import StoreUnavailable
from service.store.ports.keys import KeyStore, StoredKey

log = logging.getLogger("service.access.keyring")

NOTE_SECONDS = 30.0
_NEVER = float("inf")


@dataclass(slots=True)
class KnownKey:
    """A key as requests are checked against it; `ends_at` in seconds since 1970."""

    prefix: str
    digest: bytes
    scopes: frozenset[str]
    ends_at: float
    revoked: bool
    bucket: TokenBucket | None
    used: bool = False


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All keys by their prefix, as of that number of changes. Without any, none was ever made."""

    changes: int
    keys: Mapping[bytes, KnownKey]


class Keyring:
    """Follows the keys of the store. `snapshot` never waits once the keys were read.

    `rate`: requests a second that each key may ask of this worker, 0 for any number.
    `open_without_keys`: whether everything is allowed as long as no key was ever made.
    """

    def __init__(self, store: KeyStore, poll_seconds: float, rate: float, open_without_keys: bool) -> None:
        self.open_without_keys = open_without_keys
        self._store = store
        self._rate = rate
        self._snapshot: Snapshot | None = None
        self._tried = False
        self._unnoted: dict[str, datetime] = {}
        self._note_at = 0.0
        self._follower = PeriodicTask(name="key-follower", interval=poll_seconds, work=self._follow, log=log)
        self._refreshing = threading.Lock()

    def snapshot(self) -> Snapshot:
        """The keys. Raises `StoreUnavailable` while they were never read."""
        if self._snapshot is None and not self._tried:
            self.refresh()
        if self._snapshot is None:
            raise StoreUnavailable(
                "The keys could not be read from the store yet; the same request may work later."
            )
        return self._snapshot

    def start(self) -> None:
        """Read the keys, then go on following them in the background."""
        self.refresh()
        self._note_at = time.monotonic() + NOTE_SECONDS
        self._follower.start()

    def stop(self) -> None:
        """Stop following, and keep when keys were last used."""
        self._follower.stop()
        self._note_use()

    def refresh(self) -> None:
        """Ask the store once whether anything has changed, and read it if so. Never raises."""
        with self._refreshing:
            self._tried = True
            try:
                changes = self._store.change_count()
                if self._snapshot is None or self._snapshot.changes != changes:
                    self._snapshot = self._read(changes)
            except SegmentsError as error:
                log.warning("keys cannot be followed (%s); those known last hold", type(error).__name__)
            except Exception:
                log.exception("keys cannot be followed; those known last hold")

    def _read(self, changes: int) -> Snapshot:
        # The number was read before the keys: a change in between is seen again at the next look.
        known = self._snapshot.keys if self._snapshot else {}
        found = (self._known(key, known.get(key.prefix.encode())) for key in self._store.all())
        return Snapshot(changes, {key.prefix.encode(): key for key in found})

    def _known(self, key: StoredKey, before: KnownKey | None) -> KnownKey:
        bucket = before.bucket if before else self._bucket()
        ends_at = key.expires_at.timestamp() if key.expires_at else _NEVER
        used = before is not None and before.used
        return KnownKey(
            key.prefix,
            bytes.fromhex(key.digest),
            frozenset(Scope) if Scope.ADMIN in key.scopes else frozenset(key.scopes),
            ends_at,
            key.revoked_at is not None,
            bucket,
            used,
        )

    def _bucket(self) -> TokenBucket | None:
        return TokenBucket(self._rate, max(1.0, 2 * self._rate)) if self._rate else None

    def _follow(self) -> None:
        self._collect_use()
        self.refresh()
        if time.monotonic() >= self._note_at:
            self._note_use()
            self._note_at = time.monotonic() + NOTE_SECONDS

    def _collect_use(self) -> None:
        now = datetime.now(UTC)
        for key in self._snapshot.keys.values() if self._snapshot else ():
            if key.used:
                key.used = False
                self._unnoted[key.prefix] = now

    def _note_use(self) -> None:
        self._collect_use()
        if not self._unnoted:
            return
        try:
            self._store.record_use(self._unnoted)
        except SegmentsError:
            log.warning("when keys were last used could not be kept; the next time will say it")
        else:
            self._unnoted = {}
