"""Responses of `/retrain`."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from service.http.path_prefix import public_path
from service.paging import Page
from service.store.ports.jobs import Job, JobStatus


class JobStep(BaseModel):
    """One step of a retrain."""

    model_config = ConfigDict(frozen=True)

    name: str = Field(description="What the step does, in words.")
    at: datetime = Field(description="When it began.")
    progress: float = Field(description="The share of the whole retrain that was done at the last report, 0–1.")


class JobResult(BaseModel):
    """The outcome of a retrain."""

    model_config = ConfigDict(frozen=True)

    model_version: str | None = None
    activated: bool = Field(default=False, description="Whether the model was activated.")
    reason: str | None = Field(default=None, description="Why it was activated, or why not.")
    about_data: list[str] | None = Field(
        default=None,
        description="How the file was read, in sentences: columns that were not used, words that were read as "
        "missing answers, rows that were refused.",
    )
    last_output: list[str] | None = Field(default=None, description="The last lines of a failed training.")


class JobBody(BaseModel):
    """A retrain: its progress, and how it ended."""

    model_config = ConfigDict(frozen=True)

    id: str
    status: JobStatus
    stage: str = Field(description="The current step, in words; of an ended retrain how it ended.")
    progress: float = Field(description="The share that is done, 0–1.")
    steps: list[JobStep] = Field(description="The steps so far, in order.")
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    error: str | None = Field(description="Why it failed or was cancelled.")
    result: JobResult | None
    request: dict[str, Any] = Field(description="The body of the request that started it.")
    requested_by: str | None = Field(description="Who started it: a key, or the schedule.")
    links: dict[str, str]

    @classmethod
    def of(cls, job: Job) -> "JobBody":
        """The body for a job."""
        return cls(
            id=job.id,
            status=job.status,
            stage=_stage(job),
            progress=job.progress,
            steps=[JobStep.model_validate(step) for step in job.steps or ()],
            created_at=job.created_at,
            started_at=job.started_at,
            finished_at=job.finished_at,
            error=job.error,
            result=None if job.result is None else JobResult.model_validate(job.result),
            request=job.request,
            requested_by=job.requested_by,
            links=_links(job),
        )


class JobProgress(BaseModel):
    """How far a retrain is, as an event: what changes while it runs."""

    model_config = ConfigDict(frozen=True)

    id: str
    status: JobStatus
    stage: str = Field(description="The current step, in words.")
    progress: float = Field(description="The share that is done, 0–1.")
    at: datetime | None = Field(description="When the step began; null before the first one.")

    @classmethod
    def of(cls, job: Job) -> "JobProgress":
        """The progress of a job."""
        latest = None if not job.steps else JobStep.model_validate(job.steps[-1])
        return cls(
            id=job.id,
            status=job.status,
            stage=_stage(job),
            progress=job.progress,
            at=None if latest is None else latest.at,
        )


class JobList(BaseModel):
    """A page of retrains, newest first."""

    model_config = ConfigDict(frozen=True)

    items: list[JobBody]
    next_cursor: str | None

    @classmethod
    def of(cls, page: Page[Job]) -> "JobList":
        """The body for a page."""
        return cls(items=[JobBody.of(job) for job in page.items], next_cursor=page.next_cursor)


def job_event(job: Job) -> str:
    """The data of an event: of a running retrain its progress, of an ended one the whole body, as JSON."""
    return (JobBody.of(job) if job.status.ended else JobProgress.of(job)).model_dump_json()


def job_path(job_id: str) -> str:
    """The path of a job's resource."""
    return public_path(f"/retrain/{job_id}")


def _stage(job: Job) -> str:
    during = f" during “{job.stage}”" if job.stage else ""
    match job.status:
        case JobStatus.SUCCEEDED:
            return "finished"
        case JobStatus.FAILED:
            return f"failed{during}"
        case JobStatus.CANCELLED:
            return f"cancelled{during}"
        case _:
            return job.stage


def _links(job: Job) -> dict[str, str]:
    path = job_path(job.id)
    links = {"self": path, "events": f"{path}/events"}
    return links if job.status.ended else links | {"cancel": f"{path}/cancel"}
