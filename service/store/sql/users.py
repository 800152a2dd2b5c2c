"""Users in SQLite or PostgreSQL."""

from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import nullcontext
from datetime import datetime
from itertools import chain
from typing import Any

from sqlalchemy import Select, bindparam, func, select

from service.store.ports.errors import WouldBlock
from service.store.ports.personas import ChangeCause
from service.store.ports.texts import is_id, require_storable
from service.store.ports.users import (
    AssignedUser,
    AssignmentTally,
    AssignmentUpdate,
    StoredAssignment,
    StoredRecipient,
    StoredUser,
    UserErased,
    in_batches,
)
from service.store.sql.connections.database import Database
from service.store.sql.connections.deadline import within
from service.store.sql.connections.group_commit import GroupCommit, outcome_of
from service.store.sql.people.assignment_writes import update_assignments
from service.store.sql.people.non_blocking_reads import NonBlockingReads, read_assignments, read_assignments_after
from service.store.sql.people.profile_writes import ProfileWrites
from service.store.sql.people.recipients import RecipientWrites, read_recipients
from service.store.sql.people.tombstones import Tombstones
from service.store.sql.people.user_records import USER_COLUMNS, user_of
from service.store.sql.tables import users

_GET = select(*USER_COLUMNS).where(users.c.user_id == bindparam("of_user"))


def _model_versions() -> Select[str]:
    """The model versions that occur, each found by one look-up in the index."""
    versions = select(func.min(users.c.model_version).label("version")).cte("versions", recursive=True)
    higher = select(func.min(users.c.model_version)).where(users.c.model_version > versions.c.version)
    versions = versions.union_all(select(higher.scalar_subquery()).where(versions.c.version.is_not(None)))
    return select(versions.c.version).where(versions.c.version.is_not(None))


MODEL_VERSIONS = _model_versions()


def users_of_version(version: str | None, after: str, limit: int) -> Select[*tuple[Any, ...]]:
    """Users by id whose assignment is by that model, or with None missing, by one scan of the index.

    Without those who have opted out.
    """
    statement = select(*USER_COLUMNS).where(users.c.model_version == version, users.c.user_id > after)
    statement = statement.where(users.c.opted_out.is_(False))
    return statement.order_by(users.c.user_id).limit(limit)


def members_after(persona_id: str, after: str, limit: int) -> Select[*tuple[Any, ...]]:
    """Members of a persona by id, by one scan of the index."""
    statement = select(*USER_COLUMNS).where(users.c.persona_id == persona_id, users.c.user_id > after)
    return statement.order_by(users.c.user_id).limit(limit)


class SqlUsers:
    """A `UserStore` in a database. `writer`: the same one, over a connection for the writes of profiles."""

    def __init__(self, database: Database, writer: Database, tombstones: Tombstones) -> None:
        self._database = database
        self._profiles = ProfileWrites(tombstones)
        self._recipients = RecipientWrites(database.insert, tombstones)
        self._non_blocking = NonBlockingReads(database.path) if database.is_sqlite else None
        self.writers = GroupCommit(writer.writing, self._profiles.put)

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

    def put_many(self, writes: Sequence[StoredUser]) -> list[StoredUser | UserErased]:
        """See `UserStore`."""
        for user in writes:
            require_storable(user.user_id, user.profile_json or "")
        if not writes:
            return []
        with self._database.writing() as connection:
            return self._profiles.put(connection, writes)

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

    def assignments_after(self, user_id: str, limit: int) -> list[AssignedUser]:
        """See `UserStore`."""
        with self._database.reading() as connection:
            return read_assignments_after(connection, user_id, limit)

    def update_assignments(
        self,
        updates: Sequence[AssignmentUpdate],
        cause: ChangeCause = ChangeCause.MODEL_CHANGED,
        seconds: float | None = None,
    ) -> int:
        """See `UserStore`."""
        latest = {update.user_id: update for update in updates if is_id(update.user_id)}
        if not latest:
            return 0
        limit = nullcontext() if seconds is None else within(seconds)
        with limit, self._database.writing() as connection:
            return update_assignments(connection, latest, cause)

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

    def members(self, persona_id: str, after: str, limit: int) -> list[StoredUser]:
        """See `UserStore`."""
        with self._database.reading() as connection:
            return [user_of(record) for record in connection.execute(members_after(persona_id, after, limit))]

    def put_recipient(self, user_id: str, recipient_id: str, profile_json: str, at: datetime) -> StoredRecipient:
        """See `UserStore`."""
        require_storable(user_id, profile_json)
        require_storable(recipient_id, profile_json)
        with self._database.writing() as connection:
            return self._recipients.put(connection, user_id, recipient_id, profile_json, at)

    def remove_recipient(self, user_id: str, recipient_id: str, at: datetime) -> bool:
        """See `UserStore`."""
        if not is_id(user_id) or not is_id(recipient_id):
            return False
        with self._database.writing() as connection:
            return self._recipients.remove(connection, user_id, recipient_id, at)

    def recipients(self, user_ids: Sequence[str]) -> dict[str, list[StoredRecipient]]:
        """See `UserStore`."""
        with self._database.reading() as connection:
            return read_recipients(connection, [user_id for user_id in user_ids if is_id(user_id)])

    def opt_out(self, user_id: str, at: datetime) -> bool:
        """See `UserStore`."""
        require_storable(user_id, "")
        with self._database.writing() as connection:
            return self._recipients.opt_out(connection, user_id, at)

    def opt_in(self, user_id: str, at: datetime) -> bool:
        """See `UserStore`."""
        if not is_id(user_id):
            return False
        with self._database.writing() as connection:
            return self._recipients.opt_in(connection, user_id, at)

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
