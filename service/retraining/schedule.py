"""Use case: retrain on the stored users at intervals (setting RETRAIN_EVERY)."""

import logging
import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from service.active_model.active_model import ActiveModel
from service.retraining.jobs import NothingToTrainOn, RetrainRequest
from service.store.ports.jobs import Job, JobRunning, JobStore

log = logging.getLogger("service.upkeep")

SCHEDULER = "the schedule (RETRAIN_EVERY)"


@dataclass(frozen=True, slots=True)
class RetrainSchedule:
    """Calls `start_retrain`, which does as `POST /retrain`, once the last training is `interval` seconds old."""

    jobs: JobStore
    model: ActiveModel
    interval: float
    start_retrain: Callable[[RetrainRequest, str], Job]

    def run(self) -> None:
        """Start a retrain if one is due and can be started."""
        if self._idle_seconds() < self.interval:
            return
        try:
            job = self.start_retrain(RetrainRequest(source="users", by=SCHEDULER), SCHEDULER)
        except (JobRunning, NothingToTrainOn):
            return
        log.info("a scheduled retrain was started", extra={"fields": {"job": job.id}})

    def _idle_seconds(self) -> float:
        """The time since the newest job was created, or since the active model was made if that is shorter."""
        loaded, since_job = self.model.loaded, self.jobs.seconds_since_latest()
        times = [] if since_job is None else [since_job]
        times += [(datetime.now(UTC) - loaded.manifest.created_at).total_seconds()] if loaded else []
        return min(times, default=math.inf)
