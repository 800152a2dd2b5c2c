"""The store in SQLite or PostgreSQL, by the same statements."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Any

from sqlalchemy import (
    URL,
    ColumnElement,
    Connection,
    func,
    literal,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from service.store.ports.store import (
    AssignedUser,
    AssignmentUpdate,
    Job,
    JobNotFound,
    JobRunning,
    JobStatus,
    SchemaNotCurrent,
    StoredAssignment,
    StoredUser,
    StoreUnavailable,
    WouldBlock,
    in_batches,
    is_id,
    legible,
    require_storable,
)
from service.store.ports.upkeep import ChangeCause
from service.store.sql import profiles
from service.store.sql.deadline import seconds_left, within
from service.store.sql.engine import PATIENCE, POOL_SIZE, open_engine, our_errors, reading, schema_of, writing
from service.store.sql.group_commit import GroupCommit, IndependentCommits, outcome_of
from service.store.sql.keys import SqlKeys
from service.store.sql.non_blocking_reads import NonBlockingReads, read_assignments
from service.store.sql.statements import GET_USER, KEEP_ASSIGNMENT, VERSIONS, of_version, take_slot
from service.store.sql.tables import (
    JOB_COLUMNS,
    SCHEMA,
    UNENDED,
    USER_COLUMNS,
    UtcDateTime,
    assignment_values,
    change_values,
    job_of,
    job_values,
    jobs,
    user_of,
    users,
)
from service.store.sql.upkeep import SqlUpkeep, record_changes


class SqlStore(SqlUpkeep):
    """Users and jobs in a database that `migrate` has prepared; connects when it is first used.

    `patience` bounds each call, in seconds; then it is `StoreUnavailable`. Raises `UnusableDatabaseUrl`.
    """

    def __init__(self, url: str | URL, patience: float = PATIENCE, pool_size: int = POOL_SIZE) -> None:
        self._patience = patience
        self._engine = open_engine(url, patience, pool_size)
        self._reader, self._writer = reading(self._engine), writing(self._engine)
        self._is_sqlite = self._engine.dialect.name == "sqlite"
        insert = sqlite.insert if self._is_sqlite else postgresql.insert
        self._take_slot = take_slot(insert)
        self.keys = SqlKeys(self._reading, self._writing, insert)
        self._reads_now = NonBlockingReads(Path(self._engine.url.database or "")) if self._is_sqlite else None
        # PostgreSQL lets its connections share flushes by itself.
        self._writers = (
            GroupCommit(self._writing) if self._is_sqlite else IndependentCommits(self._writing, pool_size)
        )
        # SQLite lets its writers sleep and try again; here those of one process stand in a queue.
        self._turn = threading.Lock()

    def check(self) -> None:
        """See `Store`."""
        with self._reading() as connection:
            _require_current_schema(connection)

    def close(self) -> None:
        """See `Store`."""
        if self._reads_now is not None:
            self._reads_now.close()
        self._writers.close()
        self._engine.dispose()

    def put_user(
        self, user_id: str, profile_json: str, at: datetime, assignment: StoredAssignment | None
    ) -> StoredUser:
        """See `Store`."""
        with within(self._patience):
            return outcome_of(self.submit_user(user_id, profile_json, at, assignment))

    def submit_user(
        self, user_id: str, profile_json: str, at: datetime, assignment: StoredAssignment | None
    ) -> Future[StoredUser]:
        """See `Store`."""
        require_storable(user_id, profile_json)
        user = StoredUser(user_id, profile_json, 1, at, assignment)
        with within(self._patience):
            return self._writers.submit(lambda connection: profiles.put_user(connection, user))

    def get_user(self, user_id: str) -> StoredUser | None:
        """See `Store`."""
        if not is_id(user_id):
            return None
        with self._reading() as connection:
            record = connection.execute(GET_USER, {"of_user": user_id}).one_or_none()
        return user_of(record) if record else None

    def get_users(self, user_ids: Sequence[str]) -> dict[str, StoredUser]:
        """See `Store`."""
        possible = {user_id for user_id in user_ids if is_id(user_id)}
        statement = select(*USER_COLUMNS).where(users.c.user_id.in_(possible))
        with self._reading() as connection:
            found = connection.execute(statement).all()
        return {record.user_id: user_of(record) for record in found}

    def get_assignments(self, user_ids: Sequence[str]) -> dict[str, AssignedUser]:
        """See `Store`."""
        possible = [user_id for user_id in user_ids if is_id(user_id)]
        with self._reading() as connection:
            return read_assignments(connection, possible)

    def get_assignments_nowait(self, user_ids: Sequence[str]) -> dict[str, AssignedUser]:
        """See `Store`."""
        if self._reads_now is None:
            raise WouldBlock("PostgreSQL is asked over a network, which takes its time.")
        return self._reads_now.get([user_id for user_id in user_ids if is_id(user_id)])

    def update_assignments(
        self, updates: Sequence[AssignmentUpdate], cause: ChangeCause = ChangeCause.MODEL_CHANGED
    ) -> int:
        """See `Store`."""
        possible = {update.user_id: update for update in updates if is_id(update.user_id)}
        if not possible:
            return 0
        # Locked in one order everywhere: two processes that update the same users never wait for each other.
        seen = select(users.c.user_id, users.c.revision, users.c.persona_id, users.c.model_version)
        seen = seen.where(users.c.user_id.in_(possible)).order_by(users.c.user_id).with_for_update()
        with self._writing() as connection:
            found = [
                (possible[user_id], (persona_id, model))
                for user_id, revision, persona_id, model in connection.execute(seen)
                if possible[user_id].revision == revision
            ]
            if found:
                connection.execute(KEEP_ASSIGNMENT, [_update_values(update) for update, _ in found])
            for update, old in found:
                new = update.assignment
                record_changes(connection, change_values(update.user_id, new.assigned_at, cause, old, new))
            return len(found)

    def stale_users(self, model_version: str, after: str, limit: int) -> list[StoredUser]:
        """See `Store`.

        No index answers "another model's"; so each other version that occurs, a few at most, is looked for itself.
        """
        with self._reading() as connection:
            versions = [None, *connection.scalars(VERSIONS)]
            found = [
                connection.execute(of_version(version, after, limit)).all()
                for version in versions
                if version != model_version
            ]
        first = sorted(chain.from_iterable(found), key=lambda record: record.user_id)[:limit]
        return [user_of(record) for record in first]

    def iterate_users(self, batch_size: int) -> Iterator[list[StoredUser]]:
        """See `Store`."""
        return in_batches(self._users_after, batch_size)

    def _users_after(self, user_id: str, limit: int) -> list[StoredUser]:
        statement = select(*USER_COLUMNS).where(users.c.user_id > user_id)
        with self._reading() as connection:
            found = connection.execute(statement.order_by(users.c.user_id).limit(limit))
            return [user_of(record) for record in found]

    def count_users(self) -> int:
        """See `Store`."""
        with self._reading() as connection:
            return connection.scalars(select(func.count()).select_from(users)).one()

    def start_job(self, job: Job) -> Job:
        """See `Store`."""
        while True:
            with self._writing() as connection:
                if started := connection.execute(self._take_slot, job_values(job)).one_or_none():
                    return job_of(started)
                if holder := connection.execute(select(*JOB_COLUMNS).where(UNENDED)).one_or_none():
                    raise JobRunning(job_of(holder))
            # The one that had the slot has ended since: try again.

    def get_job(self, job_id: str) -> Job:
        """See `Store`."""
        with self._reading() as connection:
            return _job(connection, job_id)

    def list_jobs(self, limit: int, before: tuple[datetime, str] | None = None) -> list[Job]:
        """See `Store`."""
        age = tuple_(jobs.c.created_at, jobs.c.id)
        statement = select(*JOB_COLUMNS).order_by(jobs.c.created_at.desc(), jobs.c.id.desc()).limit(limit)
        with self._reading() as connection:
            found = connection.execute(statement if before is None else statement.where(age < before))
            return [job_of(record) for record in found]

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
        values = {
            "status": JobStatus.RUNNING,
            "heartbeat_at": at,
            "started_at": func.coalesce(jobs.c.started_at, literal(at, UtcDateTime)),
            "stage": legible(stage),
            "progress": progress,
            "steps": [dict(step) for step in steps] or None,
        }
        return self._change_job(job_id, values, jobs.c.owner == owner)

    def finish_job(
        self,
        job_id: str,
        status: JobStatus,
        at: datetime,
        error: str | None = None,
        result: dict[str, Any] | None = None,
    ) -> Job:
        """See `Store`."""
        values = {"status": status, "finished_at": at, "error": error and legible(error), "result": result}
        return self._change_job(job_id, values)

    def request_cancel(self, job_id: str) -> Job:
        """See `Store`."""
        return self._change_job(job_id, {"cancel_requested": True})

    def expire_jobs(self, beat_before: datetime, at: datetime, error: str) -> list[Job]:
        """See `Store`."""
        silent = update(jobs).where(UNENDED, jobs.c.heartbeat_at < beat_before)
        values = {"status": JobStatus.FAILED, "finished_at": at, "error": legible(error)}
        with self._writing() as connection:
            found = connection.execute(silent.values(values).returning(*JOB_COLUMNS))
            return [job_of(record) for record in found]

    def _change_job(self, job_id: str, values: dict[str, Any], *conditions: ColumnElement[bool]) -> Job:
        """Change a job if it has not ended and the conditions hold; the job as it now is."""
        if not is_id(job_id):
            raise JobNotFound(job_id)
        statement = update(jobs).where(jobs.c.id == job_id, UNENDED, *conditions).values(values)
        with self._writing() as connection:
            changed = connection.execute(statement.returning(*JOB_COLUMNS)).one_or_none()
            return job_of(changed) if changed else _job(connection, job_id)

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        """A connection for one SELECT."""
        with within(self._patience), our_errors(), self._reader.connect() as connection:
            yield connection

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        """A transaction, committed at the end."""
        with within(self._patience), our_errors(), self._in_turn(), self._writer.begin() as connection:
            yield connection

    @contextmanager
    def _in_turn(self) -> Iterator[None]:
        if not self._is_sqlite:
            yield
            return
        if not self._turn.acquire(timeout=seconds_left()):
            raise StoreUnavailable("Other writes take too long; the same request may work later.")
        try:
            yield
        finally:
            self._turn.release()


def _require_current_schema(connection: Connection) -> None:
    found = schema_of(connection)
    if found != SCHEMA:
        raise SchemaNotCurrent(
            f"The database is at schema {found or 'none'}, this code expects {SCHEMA}. "
            "Run: python -m service migrate"
        )


def _job(connection: Connection, job_id: str) -> Job:
    """Raises `JobNotFound`."""
    statement = select(*JOB_COLUMNS).where(jobs.c.id == job_id)
    record = connection.execute(statement).one_or_none() if is_id(job_id) else None
    if record is None:
        raise JobNotFound(job_id)
    return job_of(record)


def _update_values(update: AssignmentUpdate) -> dict[str, Any]:
    names = {"of_user": update.user_id, "of_revision": update.revision}
    return names | assignment_values(update.assignment)
