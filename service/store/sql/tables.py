"""The tables and their column types.

Times are UTC in both databases, where SQLite knows no zones. Ids sort by code points in both, whatever the
database's own collation says: iterating over all users by id depends on it.
"""

import json
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
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
    false,
    text,
)

from service.store.ports.jobs import JobStatus
from service.store.ports.personas import ChangeCause


class UtcDateTime(TypeDecorator[datetime]):
    """An aware time, stored and returned in UTC."""

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
        """From UTC, which SQLite returns without a zone."""
        if value is None:
            return None
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


class JsonText(TypeDecorator[Any]):
    """A JSON value as text: the databases' JSON types refuse the escape of NUL, which JSON allows."""

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


# The newest revision in `migrations`; a test compares the two.
SCHEMA = "0007"
metadata = MetaData()

users = Table(
    "users",
    metadata,
    Column("user_id", id_type(), primary_key=True),
    # NULL for a user who has recipients alone, or an objection alone.
    Column("profile_json", Text),
    Column("revision", Integer, nullable=False),
    Column("profile_updated_at", UtcDateTime, nullable=False),
    Column("persona_id", Text),
    Column("model_version", Text),
    Column("assigned_at", UtcDateTime),
    Column("manual", Boolean),
    Column("told_values", Integer, key="answered_count"),
    Column("unknown_values", Integer, key="unknown_count"),
    # What the last write of the profile replaced; the upsert copies it here, so that RETURNING can give it back.
    Column("previous_persona_id", Text),
    Column("previous_model_version", Text),
    Column("confidence", Double),
    Column("runner_up_id", Text),
    Column("margin", Double),
    Column("settled", Double),
    Column("typicality", Double),
    Column("chosen_persona_id", Text),
    Column("basis", Text),
    Column("recipient_count", Integer, nullable=False, server_default="0"),
    Column("opted_out", Boolean, nullable=False, server_default=false()),
)
# Finds the users of other models; holds every column that `tally` sums, so that it reads the index alone.
Index(
    "users_by_model",
    users.c.model_version,
    users.c.user_id,
    users.c.persona_id,
    users.c.answered_count,
    users.c.unknown_count,
)
# Finds the members of a persona in the order of their ids.
Index("users_by_persona", users.c.persona_id, users.c.user_id)
# Finds users whose answers are so old that they are to be erased.
Index("users_by_age", users.c.profile_updated_at)

recipients = Table(
    "recipients",
    metadata,
    Column("user_id", id_type(), primary_key=True),
    Column("recipient_id", id_type(), primary_key=True),
    Column("profile_json", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("profile_updated_at", UtcDateTime, nullable=False),
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
    Column("requested_by", Text),
)

# The history of users, and the feed: a user's changes by a new model are in the history alone, and one row without
# a user (an empty id) says for the feed how many they are, by pair of personas. NULL is no persona.
persona_changes = Table(
    "persona_changes",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("user_id", id_type(), nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    Column("cause", Enum(ChangeCause, native_enum=False, length=16), nullable=False),
    Column("from_persona_id", Text),
    Column("to_persona_id", Text),
    Column("from_model_version", Text, nullable=False),
    Column("to_model_version", Text, nullable=False),
    Column("counts", JsonText),
    # No id is given twice, also where the row with the highest one was removed.
    sqlite_autoincrement=True,
)
Index("persona_changes_by_user", persona_changes.c.user_id, persona_changes.c.id)
IN_FEED = text("(cause <> 'MODEL_CHANGED' OR user_id = '')")
Index("persona_changes_in_feed", persona_changes.c.id, sqlite_where=IN_FEED, postgresql_where=IN_FEED)
# Finds the notices of erasures.
ERASURES = text("cause = 'ERASED'")
Index("persona_changes_erased", persona_changes.c.changed_at, sqlite_where=ERASURES, postgresql_where=ERASURES)

# One row: the highest id that was removed because of its age.
feed_state = Table(
    "feed_state",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("removed_through", BigInteger, nullable=False),
)

# "" is no persona. Rows are few: personas, and pairs of them by day.
persona_counts = Table(
    "persona_counts",
    metadata,
    Column("persona_id", Text, primary_key=True),
    Column("users", BigInteger, nullable=False),
)
persona_movements = Table(
    "persona_movements",
    metadata,
    Column("day", Date, primary_key=True),
    Column("cause", Enum(ChangeCause, native_enum=False, length=16), primary_key=True),
    Column("from_persona_id", Text, primary_key=True),
    Column("to_persona_id", Text, primary_key=True),
    Column("from_model_version", Text, primary_key=True),
    Column("to_model_version", Text, primary_key=True),
    Column("users", BigInteger, nullable=False),
)
# What reassignments have done since the last entry of the feed about a new model; those who stayed included.
model_movements = Table(
    "model_movements",
    metadata,
    Column("from_persona_id", Text, primary_key=True),
    Column("to_persona_id", Text, primary_key=True),
    Column("from_model_version", Text, primary_key=True),
    Column("to_model_version", Text, primary_key=True),
    Column("users", BigInteger, nullable=False),
)

tombstones = Table(
    "tombstones",
    metadata,
    Column("hash", Text, primary_key=True),
    Column("erased_at", UtcDateTime, nullable=False),
)
# Random secrets of this database, in hexadecimal; made by the migration.
secrets = Table(
    "secrets",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

audit_entries = Table(
    "audit",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("details", JsonText, nullable=False),
    sqlite_autoincrement=True,
)

persona_overrides = Table(
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
    Column("job_id", Text),
)

api_keys = Table(
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

# One row, whose number grows whenever a key is added, revoked or given another expiry.
key_changes = Table(
    "key_changes",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("number", BigInteger, nullable=False),
)

UNENDED = text("status IN ('QUEUED', 'RUNNING')")
Index("jobs_one_unended", jobs.c.slot, unique=True, sqlite_where=UNENDED, postgresql_where=UNENDED)
Index("jobs_by_age", jobs.c.created_at, jobs.c.id)

AnyRow = Row[*tuple[Any, ...]]
