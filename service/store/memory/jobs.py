"""Jobs in a dictionary."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from threading import RLock
from typing import Any

from service.store.memory.clock import Clock, process_clock
from service.store.memory.idempotency import MemoryIdempotency
from service.store.memory.json_copy import json_copy
from service.store.ports.idempotency import Claim
from service.store.ports.jobs import Job, JobKind, JobNotFound, JobRunning, JobStatus
from service.store.ports.texts import legible


@dataclass
class MemoryJobs:
    """A `JobStore` that is not durable; records in `idempotency` which job a request has started."""

    idempotency: MemoryIdempotency = field(default_factory=MemoryIdempotency)
    clock: Clock = process_clock
    _jobs: dict[str, Job] = field(default_factory=dict, init=False, repr=False)
    _lock: RLock = field(default_factory=RLock, init=False, repr=False)

    def start(self, job: Job, claim: Claim | None = None) -> Job:
        """See `JobStore`."""
        with self._lock:
            for other in self._jobs.values():
                if not other.status.ended and other.kind is job.kind:
                    raise JobRunning(other)
            if claim is not None:
                self.idempotency.record_job(claim, job.id)
            now = self.clock()
            return self._store(replace(job, request=json_copy(job.request), created_at=now, heartbeat_at=now))

    def get(self, job_id: str) -> Job:
        """See `JobStore`."""
        with self._lock:
            try:
                return self._jobs[job_id]
            except KeyError:
                raise JobNotFound(job_id) from None

    def latest(
        self, limit: int, before: tuple[datetime, str] | None = None, kind: JobKind = JobKind.RETRAIN
    ) -> list[Job]:
        """See `JobStore`."""
        with self._lock:
            of_kind = [job for job in self._jobs.values() if job.kind is kind]
        jobs = sorted(of_kind, key=_age, reverse=True)
        return [job for job in jobs if before is None or _age(job) < before][:limit]

    def heartbeat(
        self,
        job_id: str,
        owner: str,
        stage: str,
        progress: float,
        steps: Sequence[Mapping[str, Any]] = (),
    ) -> Job:
        """See `JobStore`."""
        with self._lock:
            job = self.get(job_id)
            if job.status.ended or job.owner != owner:
                return job
            now = self.clock()
            return self._store(
                replace(
                    job,
                    status=JobStatus.RUNNING,
                    heartbeat_at=now,
                    started_at=job.started_at or now,
                    stage=legible(stage),
                    progress=progress,
                    steps=json_copy([dict(step) for step in steps]) or None,
                )
            )

    def finish(
        self,
        job_id: str,
        status: JobStatus,
        error: str | None = None,
        result: dict[str, Any] | None = None,
    ) -> Job:
        """See `JobStore`."""
        with self._lock:
            job = self.get(job_id)
            if job.status.ended:
                return job
            return self._store(
                replace(
                    job,
                    status=status,
                    finished_at=self.clock(),
                    error=error and legible(error),
                    result=json_copy(result),
                )
            )

    def request_cancel(self, job_id: str) -> Job:
        """See `JobStore`."""
        with self._lock:
            job = self.get(job_id)
            return job if job.status.ended else self._store(replace(job, cancel_requested=True))

    def expire(self, seconds: float, error: str, kind: JobKind = JobKind.RETRAIN) -> list[Job]:
        """See `JobStore`."""
        with self._lock:
            heartbeat_before = self.clock() - timedelta(seconds=seconds)
            overdue = [
                job.id
                for job in self._jobs.values()
                if not job.status.ended and job.kind is kind and job.heartbeat_at < heartbeat_before
            ]
            return [self.finish(job_id, JobStatus.FAILED, error) for job_id in overdue]

    def remove_ended(self, seconds: float, limit: int) -> int:
        """See `JobStore`."""
        with self._lock:
            before = self.clock() - timedelta(seconds=seconds)
            newest = {job.id for kind in JobKind for job in self.latest(1, kind=kind)}
            named = self.idempotency.started_jobs() | newest
            old = [
                job
                for job in self._jobs.values()
                if job.finished_at is not None and job.finished_at < before and job.id not in named
            ]
            removed = sorted(old, key=_age)[:limit]
            for job in removed:
                del self._jobs[job.id]
            return len(removed)

    def seconds_since_latest(self) -> float | None:
        """See `JobStore`."""
        latest = self.latest(1)
        return (self.clock() - latest[0].created_at).total_seconds() if latest else None

    def _store(self, job: Job) -> Job:
        self._jobs[job.id] = job
        return job


def _age(job: Job) -> tuple[datetime, str]:
    return job.created_at, job.id
