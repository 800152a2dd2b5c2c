"""Use cases: imports as jobs, of which one runs at a time among all workers."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from models.errors import SegmentsError
from service.importing.uploads import Uploads
from service.paging import Page
from service.retraining.jobs import jobs_of_kind
from service.store.ports.jobs import Job, JobKind, JobNotFound, JobStatus, JobStore

_JOB_ID = re.compile(r"[0-9a-f]{32}")
_CHUNK = 256 * 1_024


class ImportRunning(SegmentsError):
    """An import is queued or running already."""

    def __init__(self, job: Job) -> None:
        super().__init__(f"Import {job.id} is {job.status.lower()}; only one runs at a time.")
        self.job = job


class ImportNotFound(SegmentsError):
    """No import has that id."""

    def __init__(self) -> None:
        super().__init__("There is no such import; GET /imports lists those that there are.")


class ImportEnded(SegmentsError):
    """An import that has ended cannot be cancelled."""


def queued(job_id: str, request: dict[str, object], owner: str, actor: str) -> Job:
    """A new job. `owner`: the process that runs it; `actor`: who sent the file."""
    now = datetime.now(UTC)
    return Job(
        id=job_id,
        status=JobStatus.QUEUED,
        request=request,
        owner=owner,
        created_at=now,
        heartbeat_at=now,
        requested_by=actor,
        kind=JobKind.IMPORT,
    )


def get(jobs: JobStore, job_id: str) -> Job:
    """One import. Raises `ImportNotFound`."""
    try:
        job = jobs.get(job_id) if _JOB_ID.fullmatch(job_id) else None
    except JobNotFound:
        job = None
    if job is None or job.kind is not JobKind.IMPORT:
        raise ImportNotFound
    return job


def require_none(jobs: JobStore) -> None:
    """Raise `ImportRunning` while an import is under way."""
    for job in jobs.latest(1, kind=JobKind.IMPORT):
        if not job.status.ended:
            raise ImportRunning(job)


def list_jobs(jobs: JobStore, limit: int, cursor: str | None) -> Page[Job]:
    """A page of imports, the newest first. Raises `UnusableCursor` or `ExpiredCursor`."""
    return jobs_of_kind(jobs, JobKind.IMPORT, limit, cursor)


def cancel(jobs: JobStore, job_id: str) -> Job:
    """Ask for an import to be stopped. Raises `ImportNotFound` or `ImportEnded`."""
    job = get(jobs, job_id)
    if job.status.ended:
        raise ImportEnded(f"This import has ended already: it is {job.status}.")
    return jobs.request_cancel(job_id)


def refused_rows(jobs: JobStore, uploads: Uploads, job_id: str) -> Iterator[bytes]:
    """The list of an import's refused rows so far, in pieces. Raises `ImportNotFound`."""
    return _pieces(uploads.refused(get(jobs, job_id).id))


def _pieces(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            while piece := file.read(_CHUNK):
                yield piece
    except OSError:
        # No row is refused yet, or another machine has the list.
        return
