"""Erasures, within the caller's transaction."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Select, delete, or_, select, update

from service.store.ports.personas import ChangeCause
from service.store.sql.people.bulk import insert_rows
from service.store.sql.people.movements import (
    NO_PERSONA,
    PersonaState,
    UserChange,
    lock_feed,
    record_changes,
)
from service.store.sql.tables import ERASURES, AnyRow, persona_changes, recipients, users

_USER = (users.c.user_id, users.c.persona_id, users.c.model_version, users.c.opted_out)


class WrittenMeanwhile(Exception):
    """The user was created while the erasure began, and can be erased by another attempt."""


def untouched_users(before: ColumnElement[datetime], limit: int) -> Select[str]:
    """The ids of users that were last written before a time, the oldest first, by one scan of the index.

    Without those of whom an objection alone is stored.
    """
    age = users.c.profile_updated_at
    return select(users.c.user_id).where(_is_untouched(before)).order_by(age).limit(limit)


def old_notices(before: ColumnElement[datetime], limit: int) -> Select[int]:
    """The ids of notices of erasures before a time, the oldest first, by one scan of the index."""
    age = persona_changes.c.changed_at
    return select(persona_changes.c.id).where(ERASURES, age < before).order_by(age).limit(limit)


def erase_user(connection: Connection, user_id: str, at: datetime, notice: bool) -> bool:
    """Remove a user who has a tombstone since this transaction; whether anything was stored.

    Raises `WrittenMeanwhile`.
    """
    record = connection.execute(select(*_USER).where(users.c.user_id == user_id).with_for_update()).one_or_none()
    # Only what was just locked: a user who is committed between the two statements would be removed uncounted.
    was_stored = record is not None and _remove(connection, [user_id]) > 0
    lock_feed(connection)
    # A write that began before saw no tombstone. Its row may be locked by one that waits for the feed by now.
    if connection.scalar(select(users.c.revision).where(users.c.user_id == user_id)) is not None:
        raise WrittenMeanwhile
    was_stored = _remove_history(connection, [user_id]) > 0 or was_stored
    if was_stored:
        _record(connection, [] if record is None else [record], [user_id], at, notice)
    elif not notice:
        _remove_notices(connection, [user_id])
    return was_stored


def remove_untouched(
    connection: Connection, before: ColumnElement[datetime], limit: int, at: datetime, notice: bool
) -> int:
    """See `RightsStore.remove_untouched`."""
    oldest = list(connection.scalars(untouched_users(before, limit)))
    # In the order of all writers. Nobody is waited for: who is being written is not untouched.
    chosen = select(*_USER).where(users.c.user_id.in_(oldest), _is_untouched(before)).order_by(users.c.user_id)
    records = connection.execute(chosen.with_for_update(skip_locked=True)).all() if oldest else []
    if not records:
        return 0
    user_ids = [record.user_id for record in records]
    objectors = [record.user_id for record in records if record.opted_out]
    connection.execute(
        update(users)
        .where(users.c.user_id.in_(objectors))
        .values(profile_json=None, recipient_count=0, revision=users.c.revision + 1)
    )
    _remove(connection, user_ids, keep=objectors)
    lock_feed(connection)
    _remove_history(connection, user_ids)
    _record(connection, records, user_ids, at, notice)
    return len(records)


def _is_untouched(before: ColumnElement[datetime]) -> ColumnElement[bool]:
    is_more = or_(users.c.opted_out.is_(False), users.c.profile_json.is_not(None), users.c.recipient_count > 0)
    return (users.c.profile_updated_at < before) & is_more


def _remove(connection: Connection, user_ids: Sequence[str], keep: Sequence[str] = ()) -> int:
    """Remove users, but for those to keep, and the recipients of all; how many rows."""
    connection.execute(delete(recipients).where(recipients.c.user_id.in_(user_ids)))
    of_users = users.c.user_id.in_(user_ids) & users.c.user_id.not_in(keep)
    return connection.execute(delete(users).where(of_users)).rowcount


def _remove_history(connection: Connection, user_ids: Sequence[str]) -> int:
    """Remove users' changes from history and feed, but for notices; how many."""
    of_users = persona_changes.c.user_id.in_(user_ids) & (persona_changes.c.cause != ChangeCause.ERASED)
    return connection.execute(delete(persona_changes).where(of_users)).rowcount


def _remove_notices(connection: Connection, user_ids: Sequence[str]) -> None:
    connection.execute(delete(persona_changes).where(persona_changes.c.user_id.in_(user_ids)))


def _record(
    connection: Connection, records: Sequence[AnyRow], user_ids: Sequence[str], at: datetime, notice: bool
) -> None:
    """Count what was removed, and leave one notice a user, whatever persona they had; or none."""
    record_changes(
        connection,
        [
            UserChange(
                record.user_id,
                at,
                ChangeCause.ERASED,
                PersonaState(record.persona_id, record.model_version),
                NO_PERSONA,
            )
            for record in records
        ],
    )
    _remove_notices(connection, user_ids)
    values = {
        "changed_at": at,
        "cause": ChangeCause.ERASED.value,
        "from_model_version": "",
        "to_model_version": "",
    }
    insert_rows(connection, persona_changes, [{"user_id": user_id} | values for user_id in user_ids if notice])
