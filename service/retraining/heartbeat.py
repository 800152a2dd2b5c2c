"""The heartbeat of a running job: tells the store that its worker is alive, and how far training is.

A worker that cannot reach the store for the length of the lease must stop: the others then take the job for dead.
"""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from service.store.ports.errors import StoreError
from service.store.ports.jobs import Job, JobNotFound, JobStatus, JobStore

MAX_STEPS = 100
STOPPED = "The service was stopped before this job had ended; start it again."
CANCELLED = "Cancelled as asked."


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds: between heartbeats, and without one until a job counts as dead."""

    heartbeat: float
    lease: float


@dataclass(frozen=True, slots=True)
class Ending:
    """How a job ends."""

    status: JobStatus
    error: str | None = None
    result: dict[str, Any] | None = None


class JobLost(Exception):
    """The job belongs to this worker no more: another one ended it, or the store was away for the whole lease."""


class Interrupted(Exception):
    """The job must end now, as `ending` says."""

    def __init__(self, ending: Ending) -> None:
        self.ending = ending


class Heartbeat:
    """Sends heartbeats for one job with its stage, its share of the whole (0–1) and its steps so far."""

    def __init__(self, jobs: JobStore, job: Job, owner: str, timing: Timing, stopping: threading.Event) -> None:
        self._jobs = jobs
        self._job = job
        self._owner = owner
        self._timing = timing
        self._stopping = stopping
        self._stage, self._share = "starting", 0.0
        self._counts: Mapping[str, Any] | None = None
        self._steps: list[dict[str, Any]] = []
        self._sent_at = time.monotonic()

    def report(self, stage: str, share: float, counts: Mapping[str, Any] | None = None) -> None:
        """Note how far the job is; the next heartbeat says it. `counts`: of an import's rows."""
        self._stage, self._share, self._counts = stage, share, counts
        self._record_step()

    def send_when_due(self) -> None:
        """Send a heartbeat if it is time. Raises `Interrupted` or `JobLost`."""
        if self._stopping.is_set():
            raise Interrupted(Ending(JobStatus.FAILED, STOPPED))
        if time.monotonic() - self._sent_at >= self._timing.heartbeat:
            self.send()

    def confirm(self) -> None:
        """Send heartbeats until the store has taken one. Raises `Interrupted` or `JobLost`."""
        while not self.send():
            time.sleep(self._timing.heartbeat)

    def send(self) -> bool:
        """Send a heartbeat; False while the store is away. Raises `Interrupted` or `JobLost`."""
        now = time.monotonic()
        self._record_step()
        try:
            job = self._jobs.heartbeat(
                self._job.id,
                self._owner,
                stage=self._stage,
                progress=self._share,
                steps=self._steps,
            )
        except JobNotFound as error:
            raise JobLost from error
        except StoreError as error:
            if now - self._sent_at > self._timing.lease:
                raise JobLost from error
            return False
        self._sent_at = now
        if job.status.ended:
            raise JobLost
        if job.cancel_requested:
            raise Interrupted(Ending(JobStatus.CANCELLED, CANCELLED))
        return True

    def _record_step(self) -> None:
        """Add the stage to the steps, or update the share of the latest step."""
        if not self._steps or self._steps[-1]["name"] != self._stage:
            self._steps = [*self._steps, {"name": self._stage, "at": datetime.now(UTC).isoformat()}][-MAX_STEPS:]
        self._steps[-1]["progress"] = round(self._share, 4)
        if self._counts is not None:
            self._steps[-1]["counts"] = dict(self._counts)
