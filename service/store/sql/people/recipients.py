"""Recipients and objections, within the caller's transaction. Both write the user's row, too."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, select, update

from service.store.ports.personas import ChangeCause
from service.store.ports.users import (
    MAX_RECIPIENTS,
    StoredRecipient,
    TooManyRecipients,
    UserErased,
)
from service.store.sql.connections.database import Insert
from service.store.sql.people.assignment_writes import mark_outdated, write_assignment
from service.store.sql.people.movements import NO_PERSONA, PersonaState, UserChange, lock_feed, record_changes
from service.store.sql.people.tombstones import Tombstones
from service.store.sql.tables import AnyRow, recipients, users

_COLUMNS = (
    recipients.c.user_id,
    recipients.c.recipient_id,
    recipients.c.profile_json,
    recipients.c.revision,
    recipients.c.profile_updated_at,
)
_USER = (
    users.c.profile_json,
    users.c.persona_id,
    users.c.model_version,
    users.c.recipient_count,
    users.c.opted_out,
)


def read_recipients(connection: Connection, user_ids: Sequence[str]) -> dict[str, list[StoredRecipient]]:
    """The recipients of users, by user id, in the order of their ids."""
    statement = select(*_COLUMNS).where(recipients.c.user_id.in_(user_ids))
    by_user: dict[str, list[StoredRecipient]] = {}
    for record in connection.execute(statement.order_by(recipients.c.user_id, recipients.c.recipient_id)):
        by_user.setdefault(record.user_id, []).append(StoredRecipient(**record._mapping))
    return by_user


class RecipientWrites:
    """Writes recipients and objections. `upsert`: the dialect's, with its upsert."""

    def __init__(self, upsert: Insert, tombstones: Tombstones) -> None:
        self._upsert, self._tombstones = upsert, tombstones

    def put(
        self, connection: Connection, user_id: str, recipient_id: str, profile_json: str, at: datetime
    ) -> StoredRecipient:
        """See `UserStore.put_recipient`."""
        is_new = self._lock_user(connection, user_id, at)
        statement = self._upsert(recipients).values(
            user_id=user_id,
            recipient_id=recipient_id,
            profile_json=profile_json,
            revision=1,
            profile_updated_at=at,
        )
        replaced: dict[str, Any] = {
            "profile_json": statement.excluded.profile_json,
            "profile_updated_at": statement.excluded.profile_updated_at,
            "revision": recipients.c.revision + 1,
        }
        key = [recipients.c.user_id, recipients.c.recipient_id]
        stored = connection.execute(
            statement.on_conflict_do_update(index_elements=key, set_=replaced).returning(*_COLUMNS)
        ).one()
        if self._count(connection, user_id, at) > MAX_RECIPIENTS:
            raise TooManyRecipients
        if is_new:
            self._require_not_erased(connection, user_id)
        return StoredRecipient(**stored._mapping)

    def remove(self, connection: Connection, user_id: str, recipient_id: str, at: datetime) -> bool:
        """See `UserStore.remove_recipient`."""
        user = self._existing_user(connection, user_id)
        if user is None:
            return False
        of_recipient = (recipients.c.user_id == user_id) & (recipients.c.recipient_id == recipient_id)
        if not connection.execute(delete(recipients).where(of_recipient)).rowcount:
            return False
        left = self._count(connection, user_id, at)
        if not left and user.profile_json is None and not user.opted_out:
            self._remove_user(connection, user_id, user, at)
        return True

    def opt_out(self, connection: Connection, user_id: str, at: datetime) -> bool:
        """See `UserStore.opt_out`."""
        is_new = self._lock_user(connection, user_id, at)
        user = self._existing_user(connection, user_id)
        assert user is not None  # just locked
        if user.opted_out:
            return False
        connection.execute(
            update(users).where(users.c.user_id == user_id).values(opted_out=True, revision=users.c.revision + 1)
        )
        write_assignment(connection, user_id, None)
        if is_new:
            self._require_not_erased(connection, user_id)
        before = PersonaState(user.persona_id, user.model_version)
        record_changes(connection, [UserChange(user_id, at, ChangeCause.OPTED_OUT, before, NO_PERSONA)])
        return True

    def opt_in(self, connection: Connection, user_id: str, at: datetime) -> bool:
        """See `UserStore.opt_in`."""
        user = self._existing_user(connection, user_id)
        if user is None or not user.opted_out:
            return False
        if user.profile_json is None and not user.recipient_count:
            self._remove_user(connection, user_id, user, at)
        else:
            connection.execute(
                update(users)
                .where(users.c.user_id == user_id)
                .values(opted_out=False, revision=users.c.revision + 1)
            )
            mark_outdated(connection, user_id)
        return True

    def _lock_user(self, connection: Connection, user_id: str, at: datetime) -> bool:
        """Make the user's row if there is none, and hold it until the transaction ends; whether it is new."""
        statement = (
            self._upsert(users)
            .values(user_id=user_id, revision=0, profile_updated_at=at)
            .on_conflict_do_update(index_elements=[users.c.user_id], set_={"revision": users.c.revision})
        )
        revision: int = connection.scalars(statement.returning(users.c.revision)).one()
        return revision == 0

    def _require_not_erased(self, connection: Connection, user_id: str) -> None:
        """Raise `UserErased` where there is a tombstone of a user just created; the transaction ends with that.

        Last, because all writers share the lock: see `ProfileWrites`.
        """
        lock_feed(connection)
        if self._tombstones.among(connection, [user_id]):
            raise UserErased

    def _count(self, connection: Connection, user_id: str, at: datetime) -> int:
        """Count a user's recipients anew, and mark the assignment as outdated; how many there are."""
        count = connection.scalars(
            select(func.count()).select_from(recipients).where(recipients.c.user_id == user_id)
        ).one()
        values: dict[str, Any] = {"recipient_count": count, "revision": users.c.revision + 1}
        values |= {"profile_updated_at": at, "manual": None, "chosen_persona_id": None}
        connection.execute(update(users).where(users.c.user_id == user_id).values(values))
        mark_outdated(connection, user_id)
        return count

    def _remove_user(self, connection: Connection, user_id: str, user: AnyRow, at: datetime) -> None:
        """Remove a user of whom nothing is left."""
        connection.execute(delete(users).where(users.c.user_id == user_id))
        before = PersonaState(user.persona_id, user.model_version)
        record_changes(connection, [UserChange(user_id, at, ChangeCause.PROFILE_CHANGED, before, NO_PERSONA)])

    def _existing_user(self, connection: Connection, user_id: str) -> AnyRow | None:
        statement = select(*_USER).where(users.c.user_id == user_id).with_for_update()
        return connection.execute(statement).one_or_none()
