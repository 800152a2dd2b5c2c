"""The feed of changes in SQLite or PostgreSQL, and the counts that go with it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Select, delete, func, insert, select, union_all

from service.store.ports.feed import FeedEntry, Movement, PairCount
from service.store.ports.personas import ChangeCause
from service.store.sql.connections.database import Database
from service.store.sql.people.feed_rows import removed_through
from service.store.sql.people.movements import lock_feed
from service.store.sql.tables import (
    IN_FEED,
    AnyRow,
    model_movements,
    persona_changes,
    persona_counts,
    persona_movements,
    users,
)


def entries_after(after: int, limit: int) -> Select[*tuple[Any, ...]]:
    """Entries of the feed after an id, in order, by one scan of the index."""
    statement = select(persona_changes).where(IN_FEED, persona_changes.c.id > after)
    return statement.order_by(persona_changes.c.id).limit(limit)


class SqlFeed:
    """A `FeedStore` in a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def entries(self, after: int | None, limit: int) -> Sequence[FeedEntry] | None:
        """See `FeedStore`."""
        with self._database.reading() as connection:
            records = connection.execute(entries_after(after or 0, limit)).all()
        if after is None:
            return [_entry(record) for record in records]
        # Read afterwards: what was removed before the entries were read is known by then.
        with self._database.reading() as connection:
            if after < removed_through(connection):
                return None
        return [_entry(record) for record in records]

    def latest(self) -> int:
        """See `FeedStore`."""
        with self._database.reading() as connection:
            highest = select(func.max(persona_changes.c.id)).where(IN_FEED)
            return max(connection.scalar(highest) or 0, removed_through(connection))

    def record_model_change(self, at: datetime) -> int:
        """See `FeedStore`."""
        with self._database.writing() as connection:
            lock_feed(connection)
            by_models: dict[tuple[str, str], list[AnyRow]] = {}
            for record in connection.execute(select(model_movements)):
                by_models.setdefault((record.from_model_version, record.to_model_version), []).append(record)
            connection.execute(delete(model_movements))
            for models in sorted(by_models):
                _enter(connection, at, models, by_models[models])
            return len(by_models)

    def users_by_persona(self) -> Mapping[str, int]:
        """See `FeedStore`."""
        statement = select(persona_counts.c.persona_id, persona_counts.c.users).where(persona_counts.c.users > 0)
        with self._database.reading() as connection:
            return {record.persona_id: record.users for record in connection.execute(statement)}

    def movements(self, first: date, last: date) -> list[Movement]:
        """See `FeedStore`."""
        columns = persona_movements.c
        statement = select(persona_movements).where(columns.day.between(first, last)).order_by(*columns)
        with self._database.reading() as connection:
            return [_movement(record) for record in connection.execute(statement)]

    def sizes(self, day: date) -> Mapping[str, int]:
        """See `FeedStore`."""
        columns = persona_movements.c
        entered = select(columns.to_persona_id.label("persona_id"), columns.users).where(columns.day <= day)
        left = select(columns.from_persona_id, -columns.users).where(columns.day <= day)
        both = union_all(entered, left).subquery()
        total = func.sum(both.c.users)
        statement = select(both.c.persona_id, total).where(both.c.persona_id != "").group_by(both.c.persona_id)
        with self._database.reading() as connection:
            records = connection.execute(statement.having(total != 0))
            return {persona_id: int(users) for persona_id, users in records}

    def counted_from_scratch(self) -> Mapping[str, int]:
        """See `FeedStore`."""
        statement = select(users.c.persona_id, func.count()).where(users.c.persona_id.is_not(None))
        with self._database.reading() as connection:
            records = connection.execute(statement.group_by(users.c.persona_id))
            return {record[0]: record[1] for record in records}


def _enter(connection: Connection, at: datetime, models: tuple[str, str], records: Iterable[AnyRow]) -> None:
    counts = sorted((record.from_persona_id, record.to_persona_id, record.users) for record in records)
    values = {
        "user_id": "",
        "changed_at": at,
        "cause": ChangeCause.MODEL_CHANGED,
        "from_model_version": models[0],
        "to_model_version": models[1],
        "counts": counts,
    }
    connection.execute(insert(persona_changes), values)


def _entry(record: AnyRow) -> FeedEntry:
    counts = record.counts
    return FeedEntry(
        id=record.id,
        at=record.changed_at,
        cause=record.cause,
        from_model_version=record.from_model_version,
        to_model_version=record.to_model_version,
        user_id=record.user_id or None,
        from_persona_id=record.from_persona_id,
        to_persona_id=record.to_persona_id,
        counts=counts
        and tuple(PairCount(before or None, after or None, users) for before, after, users in counts),
    )


def _movement(record: AnyRow) -> Movement:
    return Movement(
        day=record.day,
        cause=record.cause,
        from_persona_id=record.from_persona_id or None,
        to_persona_id=record.to_persona_id or None,
        from_model_version=record.from_model_version,
        to_model_version=record.to_model_version,
        users=record.users,
    )
