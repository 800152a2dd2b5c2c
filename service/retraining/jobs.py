"""Use cases: request, read, list and cancel retrains. One runs at a time among all workers.

The slot is taken in the store before anything starts; `service.retraining.supervisor` then runs the job to its
end.
"""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from uuid import uuid4

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    model_validator,
)

from models.errors import SegmentsError
from models.profile.value_forms import WHOLE_NUMBER
from service.paging import ExpiredCursor, Page, UnusableCursor, decode_cursor
from service.personas.texts import By
from service.store.ports.idempotency import Claim
from service.store.ports.jobs import Job, JobKind, JobNotFound, JobStatus, JobStore
from service.store.ports.users import UserStore

_JOB_ID = re.compile(r"[0-9a-f]{32}")

Activation = Literal["auto", "never", "always"]


class UnusableDataFile(SegmentsError):
    """The path of a data file names none that may be used."""


class NothingToTrainOn(SegmentsError):
    """No profiles are stored."""


class JobEnded(SegmentsError):
    """A job that has ended cannot be cancelled."""


def _persona_count(value: object, validate: ValidatorFunctionWrapHandler) -> int | Literal["auto"]:
    """One sentence at `/k`: pydantic would have one a branch, with pointers that are not in the body."""
    try:
        count: int | Literal["auto"] = validate(value)
    except ValidationError:
        raise ValueError("'k' is a whole number from 1 to 50, or 'auto'") from None
    return count


PersonaCount = Annotated[
    Annotated[int, Field(ge=1, le=50), WHOLE_NUMBER] | Literal["auto"],
    WrapValidator(_persona_count),
]


def _mapping(value: object, validate: ValidatorFunctionWrapHandler) -> str | dict[str, Any]:
    """One sentence at `/mapping`, as for `/k`."""
    try:
        mapping: str | dict[str, Any] = validate(value)
    except ValidationError:
        raise ValueError(
            "'mapping' is a path below the data folder, or an object with a member for each field"
        ) from None
    return mapping


MappingOrPath = Annotated[
    Annotated[str, Field(min_length=1, max_length=1_000)]
    | Annotated[dict[str, Any], Field(min_length=1, max_length=200)],
    WrapValidator(_mapping),
]


class RetrainRequest(BaseModel):
    """What to train on, and what to do with the result."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    source: Literal["users", "simulated", "file"] = Field(
        description="Stored profiles, simulated ones, or a file below the data folder.", examples=["simulated"]
    )
    path: Annotated[str, Field(min_length=1, max_length=1_000)] | None = Field(
        default=None,
        description="The file, relative to the data folder; for source 'file' alone.",
        examples=["survey.csv"],
    )
    mapping: MappingOrPath | None = Field(
        default=None,
        description="How the file's columns become fields: the path of a mapping in TOML or JSON, relative to the "
        "data folder, or its tables as an object; for source 'file' alone.",
    )
    rows: Annotated[int, Field(ge=100, le=5_000_000), WHOLE_NUMBER] | None = Field(
        default=None,
        description="How many profiles to simulate; for source 'simulated' alone.",
        examples=[20_000],
    )
    k: PersonaCount = Field(default="auto", description="How many personas; 'auto' lets training choose.")
    seed: Annotated[int, Field(ge=0, le=2**32 - 1), WHOLE_NUMBER] = Field(
        default=0, description="Seed of everything random.", examples=[0]
    )
    activate: Activation = Field(
        default="auto",
        description="'auto' activates the model only if no check of it failed; 'always' needs `models:promote`.",
    )
    by: By | None = Field(default=None, description="For whom; a note. The record names the key.")

    @model_validator(mode="after")
    def _options_fit_the_source(self) -> Self:
        if (self.path is None) == (self.source == "file"):
            raise ValueError("'path' is needed with source 'file', and only there")
        if self.mapping is not None and self.source != "file":
            raise ValueError("'mapping' is for source 'file' alone")
        if self.rows is not None and self.source != "simulated":
            raise ValueError("'rows' is for source 'simulated' alone")
        return self


def queued(request: RetrainRequest, owner: str, actor: str) -> Job:
    """A new job. `owner`: the process that runs it; `actor`: who requests it, for the record."""
    now = datetime.now(UTC)
    return Job(
        id=uuid4().hex,
        status=JobStatus.QUEUED,
        request=request.model_dump(mode="json"),
        owner=owner,
        created_at=now,
        heartbeat_at=now,
        requested_by=actor,
    )


def start(jobs: JobStore, users: UserStore, data_dir: Path, job: Job, claim: Claim | None) -> Job:
    """Check that a retrain can be run, and take the one slot for it; the job as it is stored.

    `claim`: of the request's idempotency key.

    Raises `UnusableDataFile`, `NothingToTrainOn`, `JobRunning`, `ClaimLost` or `StoreUnavailable`.
    """
    request = RetrainRequest.model_validate(job.request)
    if request.path is not None:
        data_file(data_dir, request.path, or_folder=True)
    if isinstance(request.mapping, str):
        data_file(data_dir, request.mapping)
    if request.source == "users" and not users.count():
        raise NothingToTrainOn(
            "No profiles are stored yet. PUT /users/{user_id}/profile stores one; source 'simulated' needs none."
        )
    return jobs.start(job, claim)


def get(jobs: JobStore, job_id: str) -> Job:
    """One job. Raises `JobNotFound`, also for an id that no job could have."""
    job = jobs.get(job_id) if _JOB_ID.fullmatch(job_id) else None
    if job is None or job.kind is not JobKind.RETRAIN:
        raise JobNotFound(job_id)
    return job


def list_jobs(jobs: JobStore, limit: int, cursor: str | None) -> Page[Job]:
    """A page of retrains, the newest first. Raises `UnusableCursor` or `ExpiredCursor`."""
    return jobs_of_kind(jobs, JobKind.RETRAIN, limit, cursor)


def jobs_of_kind(jobs: JobStore, kind: JobKind, limit: int, cursor: str | None) -> Page[Job]:
    """A page of jobs of a kind, the newest first. Raises `UnusableCursor` or `ExpiredCursor`."""
    before = None if cursor is None else _before(cursor)
    latest = jobs.latest(limit + 1, before, kind)
    if before is not None:
        _require_stored(jobs, before[1])
    return Page[Job].cut(latest, limit, lambda job: (job.created_at.isoformat(), job.id))


def cancel(jobs: JobStore, job_id: str) -> Job:
    """Ask for a job to be stopped. Raises `JobNotFound` or `JobEnded`."""
    job = get(jobs, job_id)
    if job.status.ended:
        raise JobEnded(f"This retrain has ended already: it is {job.status}.")
    return jobs.request_cancel(job_id)


def data_file(data_dir: Path, path: str, or_folder: bool = False) -> Path:
    """The file of that path below the data folder, links followed; `or_folder`: or a folder of files, as Spark
    writes one. Raises `UnusableDataFile`.
    """
    try:
        root = data_dir.resolve()
        file = (root / path).resolve(strict=True)
        inside = file.is_relative_to(root)
    except (OSError, ValueError, RuntimeError):
        # Loops of links, names with NUL or beyond the file system's length.
        inside = False
    if not inside or not (file.is_file() or (or_folder and file.is_dir() and file != root)):
        raise UnusableDataFile("There is no file of this path below the data folder (setting DATA_DIR).")
    return file


def _require_stored(jobs: JobStore, job_id: str) -> None:
    """Raise `ExpiredCursor` unless a job is stored: the oldest are removed first, so none after it was missing."""
    try:
        jobs.get(job_id)
    except JobNotFound as error:
        raise ExpiredCursor from error


def _before(cursor: str) -> tuple[datetime, str]:
    created_at, job_id = decode_cursor(cursor, 2)
    try:
        moment = datetime.fromisoformat(created_at)
        if moment.tzinfo is None or not _JOB_ID.fullmatch(job_id):
            raise UnusableCursor
        return moment.astimezone(UTC), job_id
    except (ValueError, OverflowError) as error:
        # A forged time may lie before the year 1, or after 9999, in UTC.
        raise UnusableCursor from error
