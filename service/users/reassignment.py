"""Use case: after an activation, assign every stored user by the new active model, in the background.

A user who is read before that is assigned at once (`service.users.personas`).
"""

import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from models.storage.artifact import LoadedArtifact
from service.active_model.active_model import ActiveModel
from service.observability.metrics import Metrics
from service.store.ports.feed import FeedStore
from service.store.ports.leases import LeaseStore
from service.store.ports.users import StoredUser, UserStore
from service.users.batch_reassignment import assign_all_again

LEASE = "reassignment"
_LEASE_SECONDS = 15.0
_RETRY_SECONDS = 3.0


@dataclass(kw_only=True)
class Reassignment:
    """Assigns users anew in batches, from where the last holder of the lease stopped.

    When all are assigned, the feed gets one entry for the new model.

    `owner`: this process, for the lease. `recheck_seconds`: how long all users count as assigned, before it looks
    for users whom a worker with an older model has written since. `stopping`: ends a run after its batch.
    """

    users: UserStore
    feed: FeedStore
    leases: LeaseStore
    model: ActiveModel
    metrics: Metrics
    owner: str
    batch_size: int
    recheck_seconds: float
    stopping: threading.Event
    _completed_version: str | None = field(default=None, init=False)
    _recheck_at: float = field(default=0.0, init=False)
    _retry_at: float = field(default=0.0, init=False)

    def run(self) -> None:
        """Assign all users whose assignment is not the active model's, unless another worker does.

        Each batch is followed by a pause as long as it took, which leaves requests half of the time at least.
        """
        loaded = self.model.loaded_if_current()
        if loaded is None or self._is_complete(loaded) or time.monotonic() < self._retry_at:
            return
        state = self._take_lease()
        if state is None:
            self._retry_at = time.monotonic() + _RETRY_SECONDS
            return
        version = loaded.manifest.version
        cursor = state.get("cursor", "") if state.get("version") == version else ""
        self._assign_from(loaded, cursor)

    def _assign_from(self, loaded: LoadedArtifact, cursor: str) -> None:
        version = loaded.manifest.version
        from_first_user = cursor == ""
        while not self.stopping.is_set() and self.model.loaded_if_current() is loaded:
            started = time.monotonic()
            users = self.users.stale(version, cursor, self.batch_size)
            if users:
                self._assign(loaded, users)
                cursor = users[-1].user_id
            elif from_first_user and cursor == "":
                self._completed_version, self._recheck_at = version, time.monotonic() + self.recheck_seconds
                self.feed.record_model_change(datetime.now(UTC))
                return
            else:
                # Once more from the first user, for users whom a slower worker has written meanwhile.
                cursor, from_first_user = "", True
            if self._take_lease() is None or not self._save_cursor(version, cursor):
                return
            self.stopping.wait(time.monotonic() - started)

    def _is_complete(self, loaded: LoadedArtifact) -> bool:
        return self._completed_version == loaded.manifest.version and time.monotonic() < self._recheck_at

    def _assign(self, loaded: LoadedArtifact, users: list[StoredUser]) -> None:
        updates = assign_all_again(self.users, self.model.encoder_of(loaded), users, datetime.now(UTC))
        self.metrics.users_reassigned.inc(self.users.update_assignments(updates))

    def _take_lease(self) -> dict[str, Any] | None:
        """The state of the lease, taken or renewed; None while another worker holds it."""
        lease = self.leases.take(LEASE, self.owner, _LEASE_SECONDS)
        return None if lease is None else dict(lease.state)

    def _save_cursor(self, version: str, cursor: str) -> bool:
        return self.leases.save_state(LEASE, self.owner, {"version": version, "cursor": cursor})
