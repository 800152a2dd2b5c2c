"""Runs the retrains of this worker, and fails those whose worker is gone."""

import logging
import threading
import time

from service.background.periodic_task import PeriodicTask
from service.observability.metrics import Metrics
from service.retraining import jobs
from service.retraining.heartbeat import Ending, JobLost
from service.retraining.jobs import RetrainRequest
from service.retraining.run import RetrainContext, RetrainRun
from service.store.ports.errors import StoreError
from service.store.ports.idempotency import Claim
from service.store.ports.jobs import Job, JobNotFound, JobStatus

log = logging.getLogger("service.supervision")

ABANDONED = "The process that ran this retrain gave no sign of life any more; start it again."


class Supervisor:
    """Runs each job in a thread; the reaper, in every worker, ends the jobs that other workers abandoned."""

    def __init__(self, context: RetrainContext, metrics: Metrics) -> None:
        self._context = context
        self._metrics = metrics
        self._threads: list[threading.Thread] = []
        self._reaper = PeriodicTask(
            name="retrain-reaper",
            interval=context.timing.lease / 5,
            work=self.reap,
            log=log,
            immediately=True,
            stopping=context.stopping,
        )

    @property
    def owner(self) -> str:
        """The owner of the jobs that this worker runs."""
        return self._context.owner

    def start(self) -> None:
        """Start the reaper."""
        self._reaper.start()

    def stop(self, timeout: float) -> None:
        """End the jobs that run; returns when they have ended or after `timeout` seconds."""
        deadline = time.monotonic() + timeout
        self._context.stopping.set()
        self._reaper.stop(timeout)
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def start_retrain(self, request: RetrainRequest, actor: str, claim: Claim | None = None) -> Job:
        """Start a retrain in the background; its job.

        `actor`: who requests it, for the record; `claim`: of the request's idempotency key.
        Raises `UnusableDataFile`, `NothingToTrainOn`, `JobRunning`, `ClaimLost` or `StoreUnavailable`: nothing has
        started.
        """
        context = self._context
        queued = jobs.queued(request, context.owner, actor)
        job = jobs.start(context.jobs, context.users, context.data_dir, queued, claim)
        self._start(job)
        return job

    def _start(self, job: Job) -> None:
        self._threads = [thread for thread in self._threads if thread.is_alive()]
        thread = threading.Thread(target=self._supervise, args=(job,), name=f"retrain-{job.id[:8]}", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _supervise(self, job: Job) -> None:
        """Run a job to its end. Never raises."""
        try:
            ending = RetrainRun(self._context, job).run()
        except JobLost:
            log.warning("a retrain was lost to its lease", extra={"fields": {"job": job.id}})
            return
        except Exception as error:
            log.exception("a retrain failed", extra={"fields": {"job": job.id}})
            ending = Ending(JobStatus.FAILED, f"Something went wrong here ({type(error).__name__}).")
        self._finish(job, ending)

    def reap(self) -> None:
        """Mark abandoned jobs FAILED, and remove the files of jobs that have ended."""
        for job in self._context.jobs.expire(self._context.timing.lease, ABANDONED):
            self._metrics.retrains.labels(JobStatus.FAILED).inc()
            log.error("a retrain was abandoned", extra={"fields": {"job": job.id}})
        self._context.exports.sweep(self._has_ended)

    def _has_ended(self, job_id: str) -> bool:
        try:
            return self._context.jobs.get(job_id).status.ended
        except JobNotFound:
            return True

    def _finish(self, job: Job, ending: Ending) -> None:
        """Store the ending. If the store stays away for the whole lease, a reaper will end the job."""
        timing = self._context.timing
        deadline = time.monotonic() + timing.lease
        while True:
            try:
                self._context.jobs.finish(job.id, ending.status, error=ending.error, result=ending.result)
                break
            except StoreError:
                if time.monotonic() > deadline:
                    log.exception("the end of a retrain could not be stored")
                    return
                time.sleep(timing.heartbeat)
        self._metrics.retrains.labels(ending.status).inc()
        log.info("a retrain ended", extra={"fields": {"job": job.id, "status": ending.status}})
