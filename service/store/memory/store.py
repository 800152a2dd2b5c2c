"""A store that forgets when the process ends: for tests, and for trying things out."""

import json
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from service.store.memory.keys import MemoryKeys
from service.store.memory.upkeep import MemoryUpkeep
from service.store.ports.store import (
    AssignedUser,
    AssignmentUpdate,
    Job,
    JobNotFound,
    JobRunning,
    JobStatus,
    StoredAssignment,
    StoredUser,
    StoreError,
    as_summary,
    in_batches,
    legible,
    require_storable,
)
from service.store.ports.upkeep import ChangeCause


@dataclass
class MemoryStore(MemoryUpkeep):
    """Everything in dictionaries; keeps the promises of `Store` except that of lasting."""

    keys: MemoryKeys = field(default_factory=MemoryKeys, init=False, repr=False)
    _jobs: dict[str, Job] = field(default_factory=dict, init=False, repr=False)

    def check(self) -> None:
        """Always answers."""

    def close(self) -> None:
        """Nothing to let go of."""

    def put_user(
        self, user_id: str, profile_json: str, at: datetime, assignment: StoredAssignment | None
    ) -> StoredUser:
        """See `Store`."""
        require_storable(user_id, profile_json)
        with self._lock:
            known = self._users.get(user_id)
            revision = known.revision + 1 if known else 1
            user = StoredUser(user_id, profile_json, revision, at, assignment)
            self._users[user_id] = user
            self._record_change(known, user, at, ChangeCause.PROFILE_CHANGED)
            return user

    def submit_user(
        self, user_id: str, profile_json: str, at: datetime, assignment: StoredAssignment | None
    ) -> Future[StoredUser]:
        """See `Store`."""
        require_storable(user_id, profile_json)
        handed_over: Future[StoredUser] = Future()
        try:
            handed_over.set_result(self.put_user(user_id, profile_json, at, assignment))
        except StoreError as error:
            handed_over.set_exception(error)
        return handed_over

    def get_user(self, user_id: str) -> StoredUser | None:
        """See `Store`."""
        with self._lock:
            return self._users.get(user_id)

    def get_users(self, user_ids: Sequence[str]) -> dict[str, StoredUser]:
        """See `Store`."""
        with self._lock:
            return {user_id: self._users[user_id] for user_id in user_ids if user_id in self._users}

    def get_assignments(self, user_ids: Sequence[str]) -> dict[str, AssignedUser]:
        """See `Store`."""
        with self._lock:
            found = (self._users.get(user_id) for user_id in user_ids)
            return {user.user_id: as_summary(user) for user in found if user is not None}

    def get_assignments_nowait(self, user_ids: Sequence[str]) -> dict[str, AssignedUser]:
        """See `Store`. Every thread is answered."""
        found = (self._users.get(user_id) for user_id in user_ids)
        return {user.user_id: as_summary(user) for user in found if user is not None}

    def update_assignments(
        self, updates: Sequence[AssignmentUpdate], cause: ChangeCause = ChangeCause.MODEL_CHANGED
    ) -> int:
        """See `Store`."""
        with self._lock:
            latest = {update.user_id: update for update in updates}
            return sum(self._update_assignment(update, cause) for update in latest.values())

    def _update_assignment(self, update: AssignmentUpdate, cause: ChangeCause) -> bool:
        user = self._users.get(update.user_id)
        if user is None or user.revision != update.revision:
            return False
        self._users[user.user_id] = replace(user, assignment=update.assignment)
        self._record_change(user, self._users[user.user_id], update.assignment.assigned_at, cause)
        return True

    def stale_users(self, model_version: str, after: str, limit: int) -> list[StoredUser]:
        """See `Store`."""
        with self._lock:
            stale = [
                user
                for user in self._users.values()
                if user.user_id > after
                and (user.assignment is None or user.assignment.model_version != model_version)
            ]
        return sorted(stale, key=lambda user: user.user_id)[:limit]

    def iterate_users(self, batch_size: int) -> Iterator[list[StoredUser]]:
        """See `Store`."""
        return in_batches(self._users_after, batch_size)

    def _users_after(self, user_id: str, limit: int) -> list[StoredUser]:
        with self._lock:
            ids = sorted(self._users)
            start = bisect_right(ids, user_id)
            return [self._users[found] for found in ids[start : start + limit]]

    def count_users(self) -> int:
        """See `Store`."""
        with self._lock:
            return len(self._users)

    def start_job(self, job: Job) -> Job:
        """See `Store`."""
        with self._lock:
            for other in self._jobs.values():
                if not other.status.ended:
                    raise JobRunning(other)
            return self._keep(replace(job, request=_as_json(job.request)))

    def get_job(self, job_id: str) -> Job:
        """See `Store`."""
        with self._lock:
            try:
                return self._jobs[job_id]
            except KeyError:
                raise JobNotFound(job_id) from None

    def list_jobs(self, limit: int, before: tuple[datetime, str] | None = None) -> list[Job]:
        """See `Store`."""
        with self._lock:
            jobs = sorted(self._jobs.values(), key=_age, reverse=True)
        return [job for job in jobs if before is None or _age(job) < before][:limit]

    def beat(
        self,
        job_id: str,
        owner: str,
        at: datetime,
        stage: str,
        progress: float,
        steps: Sequence[Mapping[str, Any]] = (),
    ) -> Job:
        """See `Store`."""
        with self._lock:
            job = self.get_job(job_id)
            if job.status.ended or job.owner != owner:
                return job
            return self._keep(
                replace(
                    job,
                    status=JobStatus.RUNNING,
                    heartbeat_at=at,
                    started_at=job.started_at or at,
                    stage=legible(stage),
                    progress=progress,
                    steps=_as_json([dict(step) for step in steps]) or None,
                )
            )

    def finish_job(
        self,
        job_id: str,
        status: JobStatus,
        at: datetime,
        error: str | None = None,
        result: dict[str, Any] | None = None,
    ) -> Job:
        """See `Store`."""
        with self._lock:
            job = self.get_job(job_id)
            if job.status.ended:
                return job
            return self._keep(
                replace(
                    job,
                    status=status,
                    finished_at=at,
                    error=error and legible(error),
                    result=_as_json(result),
                )
            )

    def request_cancel(self, job_id: str) -> Job:
        """See `Store`."""
        with self._lock:
            job = self.get_job(job_id)
            return job if job.status.ended else self._keep(replace(job, cancel_requested=True))

    def expire_jobs(self, beat_before: datetime, at: datetime, error: str) -> list[Job]:
        """See `Store`."""
        with self._lock:
            silent = [
                job.id for job in self._jobs.values() if not job.status.ended and job.heartbeat_at < beat_before
            ]
            return [self.finish_job(job_id, JobStatus.FAILED, at, error) for job_id in silent]

    def _keep(self, job: Job) -> Job:
        self._jobs[job.id] = job
        return job


def _age(job: Job) -> tuple[datetime, str]:
    return job.created_at, job.id


def _as_json(value: Any) -> Any:
    """A copy that nobody else holds, with lists where there were tuples: what a database would give back."""
    return json.loads(json.dumps(value))
