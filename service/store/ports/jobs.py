"""Jobs, of which one of a kind at a time is queued or running.

StoreError
├── JobRunning      a job is queued or running already (`.job`)
└── JobNotFound     no job has that id
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from service.store.ports.errors import StoreError
from service.store.ports.idempotency import Claim
from service.store.ports.texts import legible


class JobStatus(StrEnum):
    """The state of a job; the last three are final."""

    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"

    @property
    def ended(self) -> bool:
        """Whether the state is final."""
        return self not in (JobStatus.QUEUED, JobStatus.RUNNING)


class JobKind(StrEnum):
    """What a job does. In the database each kind has a slot of its own, which holds these names."""

    RETRAIN = "retrain"
    IMPORT = "import"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One retrain or import. `owner` is the process that runs it, `heartbeat_at` the time of its last heartbeat.

    `requested_by`: the actor that requested it (`service.security.actor`); None for jobs of older releases.

    `steps`: the named steps so far, in order, each with `name`, `progress` (0–1) and `at`.
    """

    id: str
    status: JobStatus
    request: dict[str, Any]
    owner: str
    created_at: datetime
    heartbeat_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    stage: str = ""
    progress: float = 0.0
    cancel_requested: bool = False
    error: str | None = None
    result: dict[str, Any] | None = None
    steps: list[dict[str, Any]] | None = None
    requested_by: str | None = None
    kind: JobKind = JobKind.RETRAIN


class JobRunning(StoreError):
    """A job of the kind is queued or running already."""

    def __init__(self, job: Job) -> None:
        super().__init__(f"{job.kind.capitalize()} {job.id} is {job.status.lower()}; only one runs at a time.")
        self.job = job


class JobNotFound(StoreError):
    """No job has that id."""

    def __init__(self, job_id: str, kind: JobKind = JobKind.RETRAIN) -> None:
        super().__init__(f"There is no {kind} '{legible(job_id[:80])}'.")


class JobStore(Protocol):
    """Jobs, by id. Every method is one transaction and may raise `StoreUnavailable`."""

    def start(self, job: Job, claim: Claim | None = None) -> Job:
        """Take the one slot of its kind and store a new job, whose id is new; the job as it is stored.

        `created_at` and `heartbeat_at` become the store's time. `claim`: of the request's idempotency key, with
        which the job's id is stored in the same transaction.
        Raises `JobRunning` with the job that has the slot, or `ClaimLost`.
        """

    def get(self, job_id: str) -> Job:
        """One job. Raises `JobNotFound`."""

    def latest(
        self, limit: int, before: tuple[datetime, str] | None = None, kind: JobKind = JobKind.RETRAIN
    ) -> list[Job]:
        """Jobs of a kind, newest first by (created_at, id); with `before`, only those older than that pair."""

    def heartbeat(
        self,
        job_id: str,
        owner: str,
        stage: str,
        progress: float,
        steps: Sequence[Mapping[str, Any]] = (),
    ) -> Job:
        """Record that a job's owner is alive; the first heartbeat makes it RUNNING and sets `started_at`.

        Returns the job as it now is, in which the owner finds `cancel_requested` and an end that another process
        gave it. A job that has ended, or that has another owner, is not changed. Raises `JobNotFound`.
        """

    def finish(
        self,
        job_id: str,
        status: JobStatus,
        error: str | None = None,
        result: dict[str, Any] | None = None,
    ) -> Job:
        """End a job with a final status and free the slot; a job that has ended stays as it is.

        Raises `JobNotFound`.
        """

    def request_cancel(self, job_id: str) -> Job:
        """Tell a job's owner to stop it; a job that has ended is not changed. Raises `JobNotFound`."""

    def expire(self, seconds: float, error: str, kind: JobKind = JobKind.RETRAIN) -> list[Job]:
        """Mark FAILED every job of a kind under way whose last heartbeat is longer ago than that; those jobs."""

    def remove_ended(self, seconds: float, limit: int) -> int:
        """Remove up to `limit` jobs that ended longer ago than that, the oldest first; how many.

        The newest job of each kind stays, and so does a job as long as an idempotency key names it.
        """

    def seconds_since_latest(self) -> float | None:
        """The time since the newest retrain was created; None without any."""
