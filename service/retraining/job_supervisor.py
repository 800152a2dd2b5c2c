"""Supervises jobs of one kind: each runs in a thread of its worker; those whose worker is gone are failed."""

import logging
import threading
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass

from prometheus_client import Counter

from service.background.periodic_task import PeriodicTask
from service.retraining.heartbeat import Ending, JobLost, Timing
from service.store.ports.errors import StoreError
from service.store.ports.jobs import Job, JobKind, JobNotFound, JobStatus, JobStore

log = logging.getLogger("service.supervision")

_A = {JobKind.RETRAIN: "a retrain", JobKind.IMPORT: "an import"}


@dataclass(frozen=True, kw_only=True)
class Supervised:
    """What a supervisor needs to know of jobs of one kind.

    `owner`: this process, in the store; `stopping`: set when it ends; `ended`: counts the ends, by status.
    """

    kind: JobKind
    jobs: JobStore
    owner: str
    timing: Timing
    stopping: threading.Event
    ended: Counter

    @property
    def abandoned(self) -> str:
        """The error of a job whose worker is gone."""
        return f"The process that ran this {self.kind} gave no sign of life any more; start it again."


class JobSupervisor(ABC):
    """Runs each job in a thread; the reaper, in every worker, ends the jobs that other workers abandoned."""

    def __init__(self, supervised: Supervised) -> None:
        self._supervised = supervised
        self._threads: list[threading.Thread] = []
        self._reaper = PeriodicTask(
            name=f"{supervised.kind}-reaper",
            interval=supervised.timing.lease / 5,
            work=self.reap,
            log=log,
            immediately=True,
            stopping=supervised.stopping,
        )

    @property
    def owner(self) -> str:
        """The owner of the jobs that this worker runs."""
        return self._supervised.owner

    def start(self) -> None:
        """Start the reaper."""
        self._reaper.start()

    def stop(self, timeout: float) -> None:
        """End the jobs that run; returns when they have ended or after `timeout` seconds."""
        deadline = time.monotonic() + timeout
        self._supervised.stopping.set()
        self._reaper.stop(timeout)
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def reap(self) -> None:
        """Mark abandoned jobs FAILED, and remove the files of jobs that have ended."""
        supervised = self._supervised
        for job in supervised.jobs.expire(supervised.timing.lease, supervised.abandoned, supervised.kind):
            supervised.ended.labels(JobStatus.FAILED).inc()
            log.error("%s was abandoned", _A[job.kind], extra={"fields": {"job": job.id}})
        self.sweep()

    @abstractmethod
    def run(self, job: Job) -> Ending:
        """Run a job; how it ends. Raises `JobLost` where nothing about it may be written any more."""

    @abstractmethod
    def sweep(self) -> None:
        """Remove the files of jobs that have ended."""

    def run_in_background(self, job: Job) -> None:
        """Run a job that has its slot in a thread."""
        self._threads = [thread for thread in self._threads if thread.is_alive()]
        name = f"{job.kind}-{job.id[:8]}"
        thread = threading.Thread(target=self._supervise, args=(job,), name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def has_ended(self, job_id: str) -> bool | None:
        """Whether a job has ended; None where there is none of that id."""
        try:
            return self._supervised.jobs.get(job_id).status.ended
        except JobNotFound:
            return None

    def _supervise(self, job: Job) -> None:
        """Run a job to its end. Never raises."""
        try:
            ending = self.run(job)
        except JobLost:
            log.warning("%s was lost to its lease", _A[job.kind], extra={"fields": {"job": job.id}})
            return
        except Exception as error:
            log.exception("%s failed", _A[job.kind], extra={"fields": {"job": job.id}})
            ending = Ending(JobStatus.FAILED, f"Something went wrong here ({type(error).__name__}).")
        self._finish(job, ending)

    def _finish(self, job: Job, ending: Ending) -> None:
        """Store the ending. If the store stays away for the whole lease, a reaper will end the job."""
        timing = self._supervised.timing
        deadline = time.monotonic() + timing.lease
        while True:
            try:
                self._supervised.jobs.finish(job.id, ending.status, error=ending.error, result=ending.result)
                break
            except StoreError:
                if time.monotonic() > deadline:
                    log.exception("the end of %s could not be stored", _A[job.kind])
                    return
                time.sleep(timing.heartbeat)
        self._supervised.ended.labels(ending.status).inc()
        log.info("%s ended", _A[job.kind], extra={"fields": {"job": job.id, "status": ending.status}})
