"""Use case: retrain on the stored users at intervals (setting RETRAIN_EVERY)."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

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
        trained_at = self._last_training()
        if trained_at is not None and datetime.now(UTC) - trained_at < timedelta(seconds=self.interval):
            return
        try:
            job = self.start_retrain(RetrainRequest(source="users", by=SCHEDULER), SCHEDULER)
        except (JobRunning, NothingToTrainOn):
            return
        log.info("a scheduled retrain was started", extra={"fields": {"job": job.id}})

    def _last_training(self) -> datetime | None:
        """When the newest job was created or the active model was made, whichever is later."""
        loaded = self.model.loaded
        times = [job.created_at for job in self.jobs.latest(1)]
        times += [loaded.manifest.created_at] if loaded else []
        return max(times, default=None)
