"""Jobs in SQLite or PostgreSQL; a partial unique index admits one of a kind at a time."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, delete, func, select, tuple_, update

from service.store.ports.idempotency import Claim
from service.store.ports.jobs import Job, JobKind, JobNotFound, JobRunning, JobStatus
from service.store.ports.texts import is_id, legible
from service.store.sql.clock import Clock, database_clock
from service.store.sql.connections.database import Database
from service.store.sql.idempotency import record_job
from service.store.sql.tables import UNENDED, AnyRow, idempotency_keys, jobs

# The slot of a job is its kind.
_COLUMNS = tuple(jobs.c["slot" if field.name == "kind" else field.name] for field in fields(Job))


class SqlJobs:
    """A `JobStore` in a database. `heartbeats`: the same one, over a connection that requests do not use."""

    def __init__(self, database: Database, heartbeats: Database, clock: Clock = database_clock) -> None:
        self._database, self._heartbeats, self._clock = database, heartbeats, clock
        attempt = database.insert(jobs).on_conflict_do_nothing(index_elements=[jobs.c.slot], index_where=UNENDED)
        self._take_slot = attempt.returning(*_COLUMNS)

    def start(self, job: Job, claim: Claim | None = None) -> Job:
        """See `JobStore`."""
        while True:
            now = self._clock(0)
            values = asdict(job) | {"created_at": now, "heartbeat_at": now}
            values["slot"] = values.pop("kind").value
            with self._database.writing() as connection:
                if started := connection.execute(self._take_slot.values(values)).one_or_none():
                    if claim is not None:
                        record_job(connection, claim, job.id)
                    return _job_of(started)
                if holder := connection.execute(select(*_COLUMNS).where(UNENDED, _of(job.kind))).one_or_none():
                    raise JobRunning(_job_of(holder))
            # The job that had the slot has ended between the two statements: try again.

    def get(self, job_id: str) -> Job:
        """See `JobStore`."""
        with self._database.reading() as connection:
            return _get(connection, job_id)

    def latest(
        self, limit: int, before: tuple[datetime, str] | None = None, kind: JobKind = JobKind.RETRAIN
    ) -> list[Job]:
        """See `JobStore`."""
        age = tuple_(jobs.c.created_at, jobs.c.id)
        statement = select(*_COLUMNS).where(_of(kind))
        statement = statement.order_by(jobs.c.created_at.desc(), jobs.c.id.desc()).limit(limit)
        with self._database.reading() as connection:
            records = connection.execute(statement if before is None else statement.where(age < before))
            return [_job_of(record) for record in records]

    def heartbeat(
        self,
        job_id: str,
        owner: str,
        stage: str,
        progress: float,
        steps: Sequence[Mapping[str, Any]] = (),
    ) -> Job:
        """See `JobStore`."""
        now = self._clock(0)
        values = {
            "status": JobStatus.RUNNING,
            "heartbeat_at": now,
            "started_at": func.coalesce(jobs.c.started_at, now),
            "stage": legible(stage),
            "progress": progress,
            "steps": [dict(step) for step in steps] or None,
        }
        return self._change(self._heartbeats, job_id, values, jobs.c.owner == owner)

    def finish(
        self,
        job_id: str,
        status: JobStatus,
        error: str | None = None,
        result: dict[str, Any] | None = None,
    ) -> Job:
        """See `JobStore`."""
        values = {
            "status": status,
            "finished_at": self._clock(0),
            "error": error and legible(error),
            "result": result,
        }
        return self._change(self._heartbeats, job_id, values)

    def request_cancel(self, job_id: str) -> Job:
        """See `JobStore`."""
        return self._change(self._database, job_id, {"cancel_requested": True})

    def expire(self, seconds: float, error: str, kind: JobKind = JobKind.RETRAIN) -> list[Job]:
        """See `JobStore`."""
        overdue = update(jobs).where(UNENDED, _of(kind), jobs.c.heartbeat_at < self._clock(-seconds))
        values = {"status": JobStatus.FAILED, "finished_at": self._clock(0), "error": legible(error)}
        with self._heartbeats.writing() as connection:
            records = connection.execute(overdue.values(values).returning(*_COLUMNS))
            return [_job_of(record) for record in records]

    def remove_ended(self, seconds: float, limit: int) -> int:
        """See `JobStore`."""
        named = select(idempotency_keys.c.job_id).where(idempotency_keys.c.job_id == jobs.c.id)
        old = select(jobs.c.id).where(
            jobs.c.finished_at < self._clock(-seconds),
            ~named.exists(),
            *(jobs.c.id.not_in(_newest(kind)) for kind in JobKind),
        )
        old = old.order_by(jobs.c.created_at, jobs.c.id).limit(limit)
        with self._database.writing() as connection:
            return connection.execute(delete(jobs).where(jobs.c.id.in_(old))).rowcount

    def seconds_since_latest(self) -> float | None:
        """See `JobStore`."""
        statement = select(func.max(jobs.c.created_at), self._clock(0)).where(_of(JobKind.RETRAIN))
        with self._database.reading() as connection:
            created_at, now = connection.execute(statement).one()
            return None if created_at is None else (now - created_at).total_seconds()

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


def _of(kind: JobKind) -> ColumnElement[bool]:
    return jobs.c.slot == kind.value


def _newest(kind: JobKind) -> Select[str]:
    return select(jobs.c.id).where(_of(kind)).order_by(jobs.c.created_at.desc(), jobs.c.id.desc()).limit(1)


def _get(connection: Connection, job_id: str) -> Job:
    """Raises `JobNotFound`."""
    statement = select(*_COLUMNS).where(jobs.c.id == job_id)
    record = connection.execute(statement).one_or_none() if is_id(job_id) else None
    if record is None:
        raise JobNotFound(job_id)
    return _job_of(record)


def _job_of(record: AnyRow) -> Job:
    values = dict(record._mapping)
    return Job(kind=JobKind(values.pop("slot")), **values)
