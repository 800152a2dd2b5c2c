"""The maintenance of a worker: jobs that repeat, one after another in one background thread.

Several workers run the same jobs; a lease in the store, or the one slot for a retrain, lets one at a time do the
work. No request waits for a job.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from models.errors import SegmentsError
from service.background.periodic_task import PeriodicTask

log = logging.getLogger("service.upkeep")


@dataclass(frozen=True, slots=True, kw_only=True)
class MaintenanceJob:
    """A job, and the seconds from one start of it to the next; 0: it runs in each iteration of the loop."""

    name: str
    work: Callable[[], object]
    interval: float = 0.0


class Maintenance:
    """Looks every `interval` seconds which jobs are due, and runs these in their order."""

    def __init__(self, interval: float, jobs: Sequence[MaintenanceJob], stopping: threading.Event) -> None:
        self._due_at = dict.fromkeys(jobs, 0.0)
        self._task = PeriodicTask(
            name="maintenance", interval=interval, work=self._run_due_jobs, log=log, stopping=stopping
        )

    def start(self) -> None:
        """Start the loop."""
        self._task.start()

    def stop(self) -> None:
        """Begin no further job, and wait a moment for the one that runs."""
        self._task.stop()

    def _run_due_jobs(self) -> None:
        for job, due_at in self._due_at.items():
            now = time.monotonic()
            if now >= due_at:
                self._due_at[job] = now + job.interval
                _run(job)


def _run(job: MaintenanceJob) -> None:
    try:
        job.work()
    except SegmentsError as error:
        # The store or the folder may be out of reach for a while; the job is due again later.
        log.warning("maintenance waits (%s): %s", job.name, error)
    except Exception:
        log.exception("maintenance failed (%s)", job.name)
