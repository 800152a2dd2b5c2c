"""What goes on in the background of every worker: users brought up to date, drift, old versions, the schedule.

Several workers do this; a lease in the store, or the retrain's slot, sees to it that one does at a time. Nothing
that is answered waits for it: a user who is read before their turn is assigned there and then
(`service.users.users`).
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from models.errors import SegmentsError
from models.storage.artifact import LoadedArtifact
from models.storage.registry import Registry
from service.active_model.active_model import ActiveModel
from service.observability.metrics import Metrics
from service.retraining.jobs import NothingToTrainOn, RetrainRequest
from service.store.ports.store import AssignmentUpdate, Job, JobRunning, Store, StoredUser
from service.users.stored_assignment import assign_again
from service.versions.versions import active_version
from service.watching.drift import DriftBounds, suggest

log = logging.getLogger("service.upkeep")

LEASE = "reassignment"
_LEASE_SECONDS = 15.0
_TRY_AGAIN = 3.0
SCHEDULED = "the schedule (RETRAIN_EVERY)"


@dataclass(frozen=True, slots=True)
class Intervals:
    """`tick`: seconds between looks for a new model; `round`: between looks at everything else.

    `batch`: users brought up to date at once. `keep`: versions kept. `retrain_every`: seconds, None for never.
    """

    tick: float
    round: float
    batch: int
    keep: int
    retrain_every: float | None


@dataclass
class Maintenance:
    """A thread that keeps a worker's share of the house in order."""

    store: Store
    registry: Registry
    model: ActiveModel
    metrics: Metrics
    rhythm: Intervals
    bounds: DriftBounds
    owner: str
    # Asks for a retrain, as `POST /retrain` does.
    retrain: Callable[[RetrainRequest], Job]
    _stopped: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None
    _reassigned: str | None = None
    _next_round: float = 0.0
    _next_try: float = 0.0

    def start(self) -> None:
        """Begin."""
        self._thread = threading.Thread(target=self._run, name="upkeep", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End, after the batch that is under way."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join(timeout=5)

    def _run(self) -> None:
        while not self._stopped.wait(self.rhythm.tick):
            self._guarded(self.reassign)
            if time.monotonic() >= self._next_round:
                self._next_round = time.monotonic() + self.rhythm.round
                # Somebody may have been assigned by the model before since.
                self._reassigned = None
                for duty in (self.look_for_drift, self.prune, self.retrain_when_due):
                    self._guarded(duty)

    def _guarded(self, duty: Callable[[], object]) -> None:
        try:
            duty()
        except SegmentsError as error:
            # The store or the folder may be away for a while; the next round tries again.
            log.warning("upkeep waits: %s", error)
        except Exception:
            log.exception("upkeep failed")

    # --- users -------------------------------------------------------------------------------------

    def reassign(self) -> None:
        """Bring every stored user up to date with the model in force, if nobody else does, from where it was left.

        Batches are followed by a pause as long as they took, so that answers have half of the time at least.
        """
        loaded = self._followed()
        done = loaded is None or self._reassigned == loaded.manifest.version
        if loaded is None or done or time.monotonic() < self._next_try:
            return
        state = self._lease_state()
        if state is None:
            self._next_try = time.monotonic() + _TRY_AGAIN
            return
        version = loaded.manifest.version
        cursor = state.get("cursor", "") if state.get("version") == version else ""
        since_start = cursor == ""
        while not self._stopped.is_set() and self._followed() is loaded:
            began = time.monotonic()
            users = self.store.stale_users(version, cursor, self.rhythm.batch)
            if users:
                self._bring_up_to_date(loaded, users)
                cursor = users[-1].user_id
            elif since_start and cursor == "":
                self._reassigned = version
                return
            else:
                # Once more from the start, for those whom a slower worker has written meanwhile.
                cursor, since_start = "", True
            if self._lease_state() is None or not self._keep(version, cursor):
                return
            self._stopped.wait(time.monotonic() - began)

    def _bring_up_to_date(self, loaded: LoadedArtifact, users: list[StoredUser]) -> None:
        now = datetime.now(UTC)
        updates = [
            AssignmentUpdate(user.user_id, user.revision, assign_again(loaded, user, now)) for user in users
        ]
        self.metrics.users_reassigned.inc(self.store.update_assignments(updates))

    def _followed(self) -> LoadedArtifact | None:
        """The model that answers here, if it is the one in force: one that lags behind must not undo others."""
        loaded = self.model.loaded
        if loaded is None or loaded.manifest.version != active_version(self.registry):
            return None
        return loaded

    def _lease_state(self) -> dict[str, Any] | None:
        now = datetime.now(UTC)
        lease = self.store.take_lease(LEASE, self.owner, now, now + timedelta(seconds=_LEASE_SECONDS))
        return None if lease is None else dict(lease.state)

    def _keep(self, version: str, cursor: str) -> bool:
        return self.store.keep_state(LEASE, self.owner, {"version": version, "cursor": cursor})

    # --- the rest ----------------------------------------------------------------------------------

    def look_for_drift(self) -> None:
        """Say in the metrics how far the stored users are from the training data."""
        loaded = self._followed()
        if loaded is not None:
            found = suggest(self.store, loaded, self.bounds)
            self.metrics.persona_drift.set(found.drift)
            self.metrics.unknown_share.set(found.unknown_share)
            self.metrics.retrain_suggested.set(found.suggested)

    def prune(self) -> None:
        """Remove old versions."""
        for version in self.registry.prune(self.rhythm.keep):
            log.info("an old model was removed", extra={"fields": {"model_version": version}})

    def retrain_when_due(self) -> None:
        """Start a retrain on the stored users when the last one, or the model in force, is old enough."""
        if self.rhythm.retrain_every is None:
            return
        since = self._last_training()
        if since is not None and datetime.now(UTC) - since < timedelta(seconds=self.rhythm.retrain_every):
            return
        try:
            job = self.retrain(RetrainRequest(source="users", by=SCHEDULED))
        except (JobRunning, NothingToTrainOn):
            return
        log.info("a scheduled retrain was started", extra={"fields": {"job": job.id}})

    def _last_training(self) -> datetime | None:
        jobs = self.store.list_jobs(1)
        loaded = self.model.loaded
        moments = [job.created_at for job in jobs] + ([loaded.manifest.created_at] if loaded else [])
        return max(moments, default=None)
