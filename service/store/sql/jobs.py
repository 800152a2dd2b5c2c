"""Retrain jobs in SQLite or PostgreSQL; a partial unique index admits one at a time."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, literal, select, tuple_, update

from service.store.ports.idempotency import Claim
from service.store.ports.jobs import Job, JobNotFound, JobRunning, JobStatus
from service.store.ports.texts import is_id, legible
from service.store.sql.connections.database import Database
from service.store.sql.idempotency import record_job
from service.store.sql.tables import UNENDED, AnyRow, UtcDateTime, jobs

_SLOT = "retrain"
_COLUMNS = tuple(jobs.c[field.name] for field in fields(Job))


class SqlJobs:
    """A `JobStore` in a database. `heartbeats`: the same one, over a connection that requests do not use."""

    def __init__(self, database: Database, heartbeats: Database) -> None:
        self._database, self._heartbeats = database, heartbeats
        attempt = database.insert(jobs).on_conflict_do_nothing(index_elements=[jobs.c.slot], index_where=UNENDED)
        self._take_slot = attempt.returning(*_COLUMNS)

    def start(self, job: Job, claim: Claim | None = None) -> Job:
        """See `JobStore`."""
        values = {"slot": _SLOT} | asdict(job)
        while True:
            with self._database.writing() as connection:
                if started := connection.execute(self._take_slot, values).one_or_none():
                    if claim is not None:
                        record_job(connection, claim, job.id)
                    return _job_of(started)
                if holder := connection.execute(select(*_COLUMNS).where(UNENDED)).one_or_none():
                    raise JobRunning(_job_of(holder))
            # The job that had the slot has ended between the two statements: try again.

    def get(self, job_id: str) -> Job:
        """See `JobStore`."""
        with self._database.reading() as connection:
            return _get(connection, job_id)

    def latest(self, limit: int, before: tuple[datetime, str] | None = None) -> list[Job]:
        """See `JobStore`."""
        age = tuple_(jobs.c.created_at, jobs.c.id)
        statement = select(*_COLUMNS).order_by(jobs.c.created_at.desc(), jobs.c.id.desc()).limit(limit)
        with self._database.reading() as connection:
            records = connection.execute(statement if before is None else statement.where(age < before))
            return [_job_of(record) for record in records]

    def heartbeat(
        self,
        job_id: str,
        owner: str,
        at: datetime,
        stage: str,
        progress: float,
        steps: Sequence[Mapping[str, Any]] = (),
    ) -> Job:
        """See `JobStore`."""
        values = {
            "status": JobStatus.RUNNING,
            "heartbeat_at": at,
            "started_at": func.coalesce(jobs.c.started_at, literal(at, UtcDateTime)),
            "stage": legible(stage),
            "progress": progress,
            "steps": [dict(step) for step in steps] or None,
        }
        return self._change(self._heartbeats, job_id, values, jobs.c.owner == owner)

    def finish(
        self,
        job_id: str,
        status: JobStatus,
        at: datetime,
        error: str | None = None,
        result: dict[str, Any] | None = None,
    ) -> Job:
        """See `JobStore`."""
        values = {"status": status, "finished_at": at, "error": error and legible(error), "result": result}
        return self._change(self._heartbeats, job_id, values)

    def request_cancel(self, job_id: str) -> Job:
        """See `JobStore`."""
        return self._change(self._database, job_id, {"cancel_requested": True})

    def expire(self, heartbeat_before: datetime, at: datetime, error: str) -> list[Job]:
        """See `JobStore`."""
        overdue = update(jobs).where(UNENDED, jobs.c.heartbeat_at < heartbeat_before)
        values = {"status": JobStatus.FAILED, "finished_at": at, "error": legible(error)}
        with self._heartbeats.writing() as connection:
            records = connection.execute(overdue.values(values).returning(*_COLUMNS))
            return [_job_of(record) for record in records]

    def _change(
        self, database: Database, job_id: str, values: dict[str, Any], *conditions: ColumnElement[bool]
    ) -> Job:
        """Change a job if it has not ended and the conditions hold; the job as it now is."""
        if not is_id(job_id):
            raise JobNotFound(job_id)
        statement = update(jobs).where(jobs.c.id == job_id, UNENDED, *conditions).values(values)
        with database.writing() as connection:
            changed = connection.execute(statement.returning(*_COLUMNS)).one_or_none()
            return _job_of(changed) if changed else _get(connection, job_id)


def _get(connection: Connection, job_id: str) -> Job:
    """Raises `JobNotFound`."""
    statement = select(*_COLUMNS).where(jobs.c.id == job_id)
    record = connection.execute(statement).one_or_none() if is_id(job_id) else None
    if record is None:
        raise JobNotFound(job_id)
    return _job_of(record)


def _job_of(record: AnyRow) -> Job:
    return Job(**record._mapping)
