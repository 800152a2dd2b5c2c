"""The statements that say more than a line does; both databases spell them alike."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, bindparam, func, literal_column, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import ReturningInsert

from service.store.sql.tables import JOB_COLUMNS, UNENDED, USER_COLUMNS, jobs, users

Insert = Callable[[Table], sqlite.Insert] | Callable[[Table], postgresql.Insert]

GET_USER = select(*USER_COLUMNS).where(users.c.user_id == bindparam("of_user"))
KEEP_ASSIGNMENT = update(users).where(
    users.c.user_id == bindparam("of_user"), users.c.revision == bindparam("of_revision")
)


def _versions() -> Select[str]:
    """The model versions that users are of, each found by one look into the index."""
    found = select(func.min(users.c.model_version).label("version")).cte("versions", recursive=True)
    higher = select(func.min(users.c.model_version)).where(users.c.model_version > found.c.version)
    found = found.union_all(select(higher.scalar_subquery()).where(found.c.version.is_not(None)))
    return select(found.c.version).where(found.c.version.is_not(None))


VERSIONS = _versions()


def of_version(version: str | None, after: str, limit: int) -> Select[*tuple[Any, ...]]:
    """Users by id whose assignment is that model's, or that have none, by one walk along the index."""
    statement = select(*USER_COLUMNS).where(users.c.model_version == version, users.c.user_id > after)
    return statement.order_by(users.c.user_id).limit(limit)


def upsert_user(insert: Insert) -> ReturningInsert[*tuple[Any, ...]]:
    """Insert a user, or replace all but the id and count the revision up."""
    statement = insert(users)
    replaced: dict[str, ColumnElement[Any]] = {
        column.name: statement.excluded[column.name] for column in USER_COLUMNS[1:]
    }
    replaced["revision"] = users.c.revision + literal_column("1")
    # A database gives back what a row is now; so what it was is kept in it.
    replaced["previous_persona_id"] = users.c.persona_id
    replaced["previous_model_version"] = users.c.model_version
    upsert = statement.on_conflict_do_update(index_elements=[users.c.user_id], set_=replaced)
    return upsert.returning(users.c.revision, users.c.previous_persona_id, users.c.previous_model_version)


def take_slot(insert: Insert) -> ReturningInsert[*tuple[Any, ...]]:
    """Insert a job, or nothing while another is unended."""
    attempt = insert(jobs).on_conflict_do_nothing(index_elements=[jobs.c.slot], index_where=UNENDED)
    return attempt.returning(*JOB_COLUMNS)
