"""The tables, and what a record in them means.

Times are UTC in both databases, where SQLite knows no zones. Ids sort by code points in both, whatever the
database's own collation says: walking through all users by id depends on it.
"""

import json
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Enum,
    Float,
    Index,
    Integer,
    MetaData,
    Row,
    Table,
    Text,
    TypeDecorator,
    text,
)

from service.store.base import Job, JobStatus, StoredAssignment, StoredUser
from service.store.keys import StoredKey


class UtcDateTime(TypeDecorator[datetime]):
    """An aware time, kept and given back in UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """To UTC; a time without a zone is refused."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("Times are aware.")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """From UTC, which SQLite gives back without saying so."""
        if value is None:
            return None
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


class JsonText(TypeDecorator[Any]):
    """A JSON value as text: databases' own JSON types refuse what JSON allows (the escape of NUL)."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ARG002
        """To text."""
        return None if value is None else json.dumps(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ARG002
        """From text."""
        return None if value is None else json.loads(value)


def id_type() -> Text:
    """A text that sorts by code points."""
    return Text().with_variant(Text(collation="C"), "postgresql")


# The newest revision in `migrations`; a test holds the two together.
SCHEMA = "0010"
metadata = MetaData()

users = Table(
    "users",
    metadata,
    Column("user_id", id_type(), primary_key=True),
    Column("profile_json", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("profile_updated_at", UtcDateTime, nullable=False),
    Column("persona_id", Text),
    Column("model_version", Text),
    Column("assigned_at", UtcDateTime),
)

jobs = Table(
    "jobs",
    metadata,
    Column("id", id_type(), primary_key=True),
    Column("slot", Text, nullable=False),
    Column("status", Enum(JobStatus, native_enum=False, length=16), nullable=False),
    Column("request", JsonText, nullable=False),
    Column("owner", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("heartbeat_at", UtcDateTime, nullable=False),
    Column("started_at", UtcDateTime),
    Column("finished_at", UtcDateTime),
    Column("stage", Text, nullable=False),
    Column("progress", Float, nullable=False),
    Column("cancel_requested", Boolean, nullable=False),
    Column("error", Text),
    Column("result", JsonText),
)

keys = Table(
    "api_keys",
    metadata,
    Column("prefix", Text, primary_key=True),
    Column("digest", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("scopes", JsonText, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime),
    Column("revoked_at", UtcDateTime),
    Column("last_used_at", UtcDateTime),
)

# One row: how often any key was added, revoked or given another end.
key_changes = Table(
    "key_changes",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("number", BigInteger, nullable=False),
)

SLOT = "retrain"
UNENDED = text("status IN ('QUEUED', 'RUNNING')")
Index("jobs_one_unended", jobs.c.slot, unique=True, sqlite_where=UNENDED, postgresql_where=UNENDED)
Index("jobs_by_age", jobs.c.created_at, jobs.c.id)

AnyRow = Row[*tuple[Any, ...]]
USER_COLUMNS = tuple(users.c)
JOB_COLUMNS = tuple(jobs.c[field.name] for field in fields(Job))
KEY_COLUMNS = tuple(keys.c[field.name] for field in fields(StoredKey))


def user_of(record: AnyRow) -> StoredUser:
    """The user of a record of `USER_COLUMNS`."""
    user_id, profile_json, revision, updated_at, persona_id, model_version, assigned_at = record
    assignment = StoredAssignment(persona_id, model_version, assigned_at) if assigned_at else None
    return StoredUser(user_id, profile_json, revision, updated_at, assignment)


def job_of(record: AnyRow) -> Job:
    """The job of a record of `JOB_COLUMNS`, which stand in the order of the fields."""
    return Job(*record)


def assignment_values(assignment: StoredAssignment | None) -> dict[str, Any]:
    """The columns of an assignment, or of none."""
    return {
        "persona_id": assignment and assignment.persona_id,
        "model_version": assignment and assignment.model_version,
        "assigned_at": assignment and assignment.assigned_at,
    }


def user_values(user: StoredUser) -> dict[str, Any]:
    """The columns of a user."""
    return {
        "user_id": user.user_id,
        "profile_json": user.profile_json,
        "revision": user.revision,
        "profile_updated_at": user.profile_updated_at,
    } | assignment_values(user.assignment)


def job_values(job: Job) -> dict[str, Any]:
    """The columns of a job that takes the slot."""
    return {"slot": SLOT} | {column.name: getattr(job, column.name) for column in JOB_COLUMNS}


def key_of(record: AnyRow) -> StoredKey:
    """The key of a record of `KEY_COLUMNS`, which stand in the order of the fields."""
    prefix, digest, name, scopes, *times = record
    return StoredKey(prefix, digest, name, tuple(scopes), *times)


def key_values(key: StoredKey) -> dict[str, Any]:
    """The columns of a key."""
    return {column.name: getattr(key, column.name) for column in KEY_COLUMNS} | {"scopes": list(key.scopes)}
