"""Responses of `/imports`."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from service.http.path_prefix import public_path
from service.paging import Page
from service.store.ports.jobs import Job, JobStatus


class ImportRequest(BaseModel):
    """What was sent."""

    model_config = ConfigDict(frozen=True)

    format: Literal["ndjson", "csv", "parquet"]
    mapping: str | None = Field(description="The mapping, below the data folder.")
    bytes: int = Field(description="The size of the file.")


class ImportBody(BaseModel):
    """An import: its progress, and how it ended. What is stored stays stored, however it ends."""

    model_config = ConfigDict(frozen=True)

    id: str
    status: JobStatus
    progress: float = Field(description="The share of the file that is read, 0–1.")
    rows_read: int
    rows_stored: int
    rows_refused: int
    refused_by_reason: Annotated[
        dict[str, int],
        Field(description="The number of refused rows by reason; `ERASED`: the user was erased."),
    ]
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    error: str | None = Field(description="Why it failed or was cancelled.")
    request: ImportRequest
    requested_by: str | None = Field(description="Who sent the file: a key.")
    links: dict[str, str]

    @classmethod
    def of(cls, job: Job) -> "ImportBody":
        """The body for a job."""
        counts = _counts(job)
        refused = counts.get("refused") or {}
        return cls(
            id=job.id,
            status=job.status,
            progress=job.progress,
            rows_read=counts.get("rows_read", 0),
            rows_stored=counts.get("rows_stored", 0),
            rows_refused=sum(refused.values()),
            refused_by_reason=refused,
            created_at=job.created_at,
            started_at=job.started_at,
            finished_at=job.finished_at,
            error=job.error,
            request=ImportRequest.model_validate(job.request),
            requested_by=job.requested_by,
            links=_links(job),
        )


class ImportList(BaseModel):
    """A page of imports, newest first."""

    model_config = ConfigDict(frozen=True)

    items: list[ImportBody]
    next_cursor: str | None

    @classmethod
    def of(cls, page: Page[Job]) -> "ImportList":
        """The body for a page."""
        return cls(items=[ImportBody.of(job) for job in page.items], next_cursor=page.next_cursor)


def import_path(job_id: str) -> str:
    """The path of an import's resource."""
    return public_path(f"/imports/{job_id}")


def _counts(job: Job) -> Mapping[str, Any]:
    """The counts at the end, or those of the latest heartbeat."""
    if job.result is not None:
        return job.result
    latest: Mapping[str, Any] = job.steps[-1] if job.steps else {}
    counts: Mapping[str, Any] = latest.get("counts") or {}
    return counts


def _links(job: Job) -> dict[str, str]:
    path = import_path(job.id)
    links = {"self": path, "refused": f"{path}/refused"}
    return links if job.status.ended else links | {"cancel": f"{path}/cancel"}
