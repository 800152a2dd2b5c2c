"""Retrains and imports: jobs that run in the background of the service."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

JobStatus = Literal["QUEUED", "RUNNING", "SUCCEEDED", "FAILED", "CANCELLED"]
ENDED = frozenset({"SUCCEEDED", "FAILED", "CANCELLED"})


@dataclass(frozen=True, slots=True)
class JobStep:
    """One step of a retrain: what it does, when it began, and the share that was done."""

    name: str
    at: datetime
    progress: float


@dataclass(frozen=True, slots=True, kw_only=True)
class JobResult:
    """The outcome of a retrain."""

    model_version: str | None = None
    activated: bool = False
    reason: str | None = None
    about_data: tuple[str, ...] | None = None
    last_output: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A retrain: its progress, 0–1, and how it ended."""

    id: str
    status: JobStatus
    stage: str
    progress: float
    steps: tuple[JobStep, ...]
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    error: str | None
    result: JobResult | None
    request: Mapping[str, Any]
    requested_by: str | None
    links: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRequest:
    """What was sent: `bytes` in this `format`, read by this `mapping`."""

    format: Literal["ndjson", "csv", "parquet"]
    mapping: str | None
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportJob:
    """An import of users: its progress, 0–1, and how it ended. What is stored stays stored, however it ends."""

    id: str
    status: JobStatus
    progress: float
    rows_read: int
    rows_stored: int
    rows_refused: int
    refused_by_reason: Mapping[str, int]
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    error: str | None
    request: ImportRequest
    requested_by: str | None
    links: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row of an import that was not stored: its line in the file, and why."""

    line: int
    reason: str
