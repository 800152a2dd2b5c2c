"""Users in SQLite or PostgreSQL."""

from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from datetime import datetime
from itertools import chain
from typing import Any

from sqlalchemy import Select, bindparam, func, select, update

from service.store.ports.errors import WouldBlock
from service.store.ports.personas import ChangeCause
from service.store.ports.texts import is_id, require_storable
from service.store.ports.users import (
    AssignedUser,
    AssignmentTally,
    AssignmentUpdate,
    StoredAssignment,
    StoredUser,
    in_batches,
)
from service.store.sql.connections.database import Database
from service.store.sql.connections.group_commit import GroupCommit, outcome_of
from service.store.sql.non_blocking_reads import NonBlockingReads, read_assignments
from service.store.sql.personas import change_values, record_changes
from service.store.sql.profile_writes import put_users
from service.store.sql.tables import users
from service.store.sql.user_records import USER_COLUMNS, assignment_values, user_of

_GET = select(*USER_COLUMNS).where(users.c.user_id == bindparam("of_user"))
_UPDATE_ASSIGNMENT = update(users).where(
    users.c.user_id == bindparam("of_user"), users.c.revision == bindparam("of_revision")
)


def _model_versions() -> Select[str]:
    """The model versions that occur, each found by one look-up in the index."""
    versions = select(func.min(users.c.model_version).label("version")).cte("versions", recursive=True)
    higher = select(func.min(users.c.model_version)).where(users.c.model_version > versions.c.version)
    versions = versions.union_all(select(higher.scalar_subquery()).where(versions.c.version.is_not(None)))
    return select(versions.c.version).where(versions.c.version.is_not(None))


MODEL_VERSIONS = _model_versions()


def users_of_version(version: str | None, after: str, limit: int) -> Select[*tuple[Any, ...]]:
    """Users by id whose assignment is by that model, or with None missing, by one scan of the index."""
    statement = select(*USER_COLUMNS).where(users.c.model_version == version, users.c.user_id > after)
    return statement.order_by(users.c.user_id).limit(limit)


class SqlUsers:
    """A `UserStore` in a database. `writer`: the same one, over a connection for the writes of profiles."""

    def __init__(self, database: Database, writer: Database) -> None:
        self._database = database
        self._non_blocking = NonBlockingReads(database.path) if database.is_sqlite else None
        self.writers = GroupCommit(writer.writing, put_users)

    def close(self) -> None:
        """Finish the submitted writes, and close the connection for non-blocking reads."""
        if self._non_blocking is not None:
            self._non_blocking.close()
        self.writers.close()

    def put(
        self, user_id: str, profile_json: str, at: datetime, assignment: StoredAssignment | None
    ) -> StoredUser:
        """See `UserStore`."""
        with self._database.time_limit():
            return outcome_of(self.submit(user_id, profile_json, at, assignment))

    def submit(
        self, user_id: str, profile_json: str, at: datetime, assignment: StoredAssignment | None
    ) -> Future[StoredUser]:
        """See `UserStore`."""
        require_storable(user_id, profile_json)
        user = StoredUser(
            user_id=user_id, profile_json=profile_json, revision=1, profile_updated_at=at, assignment=assignment
        )
        with self._database.time_limit():
            return self.writers.submit(user)

    def get(self, user_id: str) -> StoredUser | None:
        """See `UserStore`."""
        if not is_id(user_id):
            return None
        with self._database.reading() as connection:
            record = connection.execute(_GET, {"of_user": user_id}).one_or_none()
        return user_of(record) if record else None

    def get_many(self, user_ids: Sequence[str]) -> dict[str, StoredUser]:
        """See `UserStore`."""
        valid_ids = {user_id for user_id in user_ids if is_id(user_id)}
        statement = select(*USER_COLUMNS).where(users.c.user_id.in_(valid_ids))
        with self._database.reading() as connection:
            records = connection.execute(statement).all()
        return {record.user_id: user_of(record) for record in records}

    def assignments(self, user_ids: Sequence[str]) -> dict[str, AssignedUser]:
        """See `UserStore`."""
        valid_ids = [user_id for user_id in user_ids if is_id(user_id)]
        with self._database.reading() as connection:
            return read_assignments(connection, valid_ids)

    def assignments_nowait(self, user_ids: Sequence[str]) -> dict[str, AssignedUser]:
        """See `UserStore`."""
        if self._non_blocking is None:
            raise WouldBlock("A read from PostgreSQL waits for the network.")
        return self._non_blocking.get([user_id for user_id in user_ids if is_id(user_id)])

    def update_assignments(
        self, updates: Sequence[AssignmentUpdate], cause: ChangeCause = ChangeCause.MODEL_CHANGED
    ) -> int:
        """See `UserStore`."""
        latest = {update.user_id: update for update in updates if is_id(update.user_id)}
        if not latest:
            return 0
        # Locked in one order everywhere, so that two processes that update the same users cannot deadlock.
        stored = select(users.c.user_id, users.c.revision, users.c.persona_id, users.c.model_version)
        stored = stored.where(users.c.user_id.in_(latest)).order_by(users.c.user_id).with_for_update()
        with self._database.writing() as connection:
            valid = [
                (latest[user_id], (persona_id, model_version))
                for user_id, revision, persona_id, model_version in connection.execute(stored)
                if latest[user_id].revision == revision
            ]
            if valid:
                connection.execute(_UPDATE_ASSIGNMENT, [_update_values(update) for update, _ in valid])
            for update, before in valid:
                after = update.assignment
                record_changes(connection, change_values(update.user_id, after.assigned_at, cause, before, after))
            return len(valid)

    def stale(self, model_version: str, after: str, limit: int) -> list[StoredUser]:
        """See `UserStore`.

        No index finds "any other version", so each of the few other versions that occur is looked up by itself.
        """
        with self._database.reading() as connection:
            versions = [None, *connection.scalars(MODEL_VERSIONS)]
            records = [
                connection.execute(users_of_version(version, after, limit)).all()
                for version in versions
                if version != model_version
            ]
        first = sorted(chain.from_iterable(records), key=lambda record: record.user_id)[:limit]
        return [user_of(record) for record in first]

    def iterate(self, batch_size: int) -> Iterator[list[StoredUser]]:
        """See `UserStore`."""
        return in_batches(self._users_after, batch_size)

    def count(self) -> int:
        """See `UserStore`."""
        with self._database.reading() as connection:
            return connection.scalars(select(func.count()).select_from(users)).one()

    def tally(self, model_version: str) -> dict[str, AssignmentTally]:
        """See `UserStore`."""
        sums = [func.coalesce(func.sum(column), 0) for column in (users.c.answered_count, users.c.unknown_count)]
        statement = select(users.c.persona_id, func.count(), *sums).where(users.c.model_version == model_version)
        with self._database.reading() as connection:
            records = connection.execute(statement.group_by(users.c.persona_id))
            return {
                persona_id: AssignmentTally(count, int(answered), int(unknown))
                for persona_id, count, answered, unknown in records
            }

    def _users_after(self, user_id: str, limit: int) -> list[StoredUser]:
        statement = select(*USER_COLUMNS).where(users.c.user_id > user_id)
        with self._database.reading() as connection:
            records = connection.execute(statement.order_by(users.c.user_id).limit(limit))
            return [user_of(record) for record in records]


def _update_values(update: AssignmentUpdate) -> dict[str, Any]:
    condition = {"of_user": update.user_id, "of_revision": update.revision}
    return condition | assignment_values(update.assignment)
