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
    Double,
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

from service.store.ports.keys import StoredKey
from service.store.ports.store import Job, JobStatus, StoredAssignment, StoredUser
from service.store.ports.upkeep import ChangeCause, PersonaChange, PersonaEdit


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
SCHEMA = "0004"
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
    Column("manual", Boolean),
    Column("told_values", Integer),
    Column("unknown_values", Integer),
    # What the last write of the profile replaced, told back by the statement that replaces it.
    Column("previous_persona_id", Text),
    Column("previous_model_version", Text),
    Column("confidence", Double),
    Column("runner_up_id", Text),
    Column("margin", Double),
    Column("typicality", Double),
)
# To find users of other models; with all that `tally` counts, which it would slow down otherwise.
Index(
    "users_by_model",
    users.c.model_version,
    users.c.user_id,
    users.c.persona_id,
    users.c.told_values,
    users.c.unknown_values,
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
    Column("steps", JsonText),
)

persona_changes = Table(
    "persona_changes",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("user_id", id_type(), nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    Column("cause", Enum(ChangeCause, native_enum=False, length=16), nullable=False),
    Column("from_persona_id", Text, nullable=False),
    Column("to_persona_id", Text, nullable=False),
    Column("from_model_version", Text, nullable=False),
    Column("to_model_version", Text, nullable=False),
)
Index("persona_changes_by_user", persona_changes.c.user_id, persona_changes.c.id)

persona_edits = Table(
    "persona_edits",
    metadata,
    Column("persona_id", Text, primary_key=True),
    Column("name", Text),
    Column("sentence", Text),
    Column("note", Text),
    Column("revision", Integer, nullable=False),
    Column("edited_at", UtcDateTime, nullable=False),
    Column("edited_by", Text, nullable=False),
)

leases = Table(
    "leases",
    metadata,
    Column("name", Text, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("state", JsonText, nullable=False),
)

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("key", Text, primary_key=True),
    Column("digest", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("status", Integer),
    Column("headers", JsonText),
    Column("body", Text),
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
ASSIGNMENT_COLUMNS = tuple(users.c[field.name] for field in fields(StoredAssignment))
USER_COLUMNS = (
    users.c.user_id,
    users.c.profile_json,
    users.c.revision,
    users.c.profile_updated_at,
    *ASSIGNMENT_COLUMNS,
)
JOB_COLUMNS = tuple(jobs.c[field.name] for field in fields(Job))
CHANGE_COLUMNS = tuple(persona_changes.c[field.name] for field in fields(PersonaChange))
EDIT_COLUMNS = tuple(persona_edits.c[field.name] for field in fields(PersonaEdit))
KEY_COLUMNS = tuple(keys.c[field.name] for field in fields(StoredKey))


def user_of(record: AnyRow) -> StoredUser:
    """The user of a record of `USER_COLUMNS`."""
    user_id, profile_json, revision, updated_at, *values = record
    return StoredUser(user_id, profile_json, revision, updated_at, assignment_of(*values))


def assignment_of(
    persona_id: str,
    model_version: str,
    assigned_at: datetime | None,
    manual: bool | None,
    told_values: int | None,
    unknown_values: int | None,
    confidence: float | None,
    runner_up_id: str | None,
    margin: float | None,
    typicality: float | None,
) -> StoredAssignment | None:
    """The assignment of `ASSIGNMENT_COLUMNS`; None where all of them are empty."""
    if assigned_at is None:
        return None
    return StoredAssignment(
        persona_id,
        model_version,
        assigned_at,
        bool(manual),
        told_values or 0,
        unknown_values or 0,
        confidence,
        runner_up_id,
        margin,
        typicality,
    )


def change_of(record: AnyRow) -> PersonaChange:
    """The change of a record of `CHANGE_COLUMNS`."""
    return PersonaChange(*record)


def edit_of(record: AnyRow) -> PersonaEdit:
    """The edit of a record of `EDIT_COLUMNS`."""
    return PersonaEdit(*record)


def edit_values(edit: PersonaEdit) -> dict[str, Any]:
    """The columns of an edit."""
    return {column.name: getattr(edit, column.name) for column in EDIT_COLUMNS}


def change_values(
    user_id: str,
    at: datetime,
    cause: ChangeCause,
    old: tuple[str | None, str | None],
    new: StoredAssignment | None,
) -> list[dict[str, Any]]:
    """The columns of a change from an old persona and model to a new assignment; none where nothing changes."""
    if old[0] is None or new is None or old[0] == new.persona_id:
        return []
    return [
        {
            "user_id": user_id,
            "changed_at": at,
            "cause": cause,
            "from_persona_id": old[0],
            "to_persona_id": new.persona_id,
            "from_model_version": old[1] or "",
            "to_model_version": new.model_version,
        }
    ]


def job_of(record: AnyRow) -> Job:
    """The job of a record of `JOB_COLUMNS`, which stand in the order of the fields."""
    return Job(*record)


def assignment_values(assignment: StoredAssignment | None) -> dict[str, Any]:
    """The columns of an assignment, or of none."""
    return {
        column.name: None if assignment is None else getattr(assignment, column.name)
        for column in ASSIGNMENT_COLUMNS
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
