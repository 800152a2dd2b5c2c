"""The part of `SqlStore` that `service.store.ports.upkeep` is about."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from service.store.ports.store import is_id
from service.store.ports.upkeep import KeptAnswer, Lease, PersonaChange, PersonaEdit, Tally
from service.store.sql.tables import (
    CHANGE_COLUMNS,
    EDIT_COLUMNS,
    change_of,
    edit_of,
    edit_values,
    idempotency_keys,
    leases,
    persona_changes,
    persona_edits,
    users,
)


class SqlUpkeep(ABC):
    """Changes, edits, leases and answers in a database."""

    _is_sqlite: bool

    @abstractmethod
    def _reading(self) -> AbstractContextManager[Connection]:
        """A connection for one SELECT."""

    @abstractmethod
    def _writing(self) -> AbstractContextManager[Connection]:
        """A transaction, committed at the end."""

    def list_changes(self, user_id: str, limit: int, before: int | None = None) -> list[PersonaChange]:
        """See `UpkeepStore`."""
        if not is_id(user_id):
            return []
        statement = select(*CHANGE_COLUMNS).where(persona_changes.c.user_id == user_id)
        if before is not None:
            statement = statement.where(persona_changes.c.id < before)
        with self._reading() as connection:
            found = connection.execute(statement.order_by(persona_changes.c.id.desc()).limit(limit))
            return [change_of(record) for record in found]

    def tally(self, model_version: str) -> dict[str, Tally]:
        """See `UpkeepStore`."""
        counts = [func.coalesce(func.sum(column), 0) for column in (users.c.told_values, users.c.unknown_values)]
        statement = select(users.c.persona_id, func.count(), *counts).where(users.c.model_version == model_version)
        with self._reading() as connection:
            found = connection.execute(statement.group_by(users.c.persona_id))
            return {persona: Tally(count, int(told), int(unknown)) for persona, count, told, unknown in found}

    def get_edits(self) -> dict[str, PersonaEdit]:
        """See `UpkeepStore`."""
        with self._reading() as connection:
            edits = map(edit_of, connection.execute(select(*EDIT_COLUMNS)))
            return {edit.persona_id: edit for edit in edits}

    def put_edit(self, edit: PersonaEdit) -> bool:
        """See `UpkeepStore`."""
        values = edit_values(edit)
        with self._writing() as connection:
            if edit.revision == 1:
                attempt = self._insert(persona_edits).values(values).on_conflict_do_nothing()
                kept = connection.execute(attempt.returning(persona_edits.c.persona_id))
                return kept.one_or_none() is not None
            known = (persona_edits.c.persona_id == edit.persona_id) & (
                persona_edits.c.revision == edit.revision - 1
            )
            return connection.execute(update(persona_edits).where(known).values(values)).rowcount == 1

    def take_lease(self, name: str, owner: str, now: datetime, until: datetime) -> Lease | None:
        """See `UpkeepStore`."""
        values = {"name": name, "owner": owner, "expires_at": until, "state": {}}
        statement = self._insert(leases).values(values)
        attempt = statement.on_conflict_do_update(
            index_elements=[leases.c.name],
            set_={"owner": owner, "expires_at": until},
            where=or_(leases.c.owner == owner, leases.c.expires_at < now),
        ).returning(leases.c.name, leases.c.owner, leases.c.expires_at, leases.c.state)
        with self._writing() as connection:
            taken = connection.execute(attempt).one_or_none()
            return Lease(*taken) if taken else None

    def keep_state(self, name: str, owner: str, state: Mapping[str, Any]) -> bool:
        """See `UpkeepStore`."""
        mine = (leases.c.name == name) & (leases.c.owner == owner)
        with self._writing() as connection:
            return connection.execute(update(leases).where(mine).values(state=dict(state))).rowcount == 1

    def claim_key(
        self, key: str, digest: str, at: datetime, expired_before: datetime, abandoned_before: datetime
    ) -> KeptAnswer | None:
        """See `UpkeepStore`."""
        keys = idempotency_keys
        abandoned = keys.c.status.is_(None) & (keys.c.created_at < abandoned_before)
        attempt = self._insert(keys).values(key=key, digest=digest, created_at=at).on_conflict_do_nothing()
        with self._writing() as connection:
            connection.execute(delete(keys).where(or_(keys.c.created_at < expired_before, abandoned)))
            if connection.execute(attempt.returning(keys.c.key)).one_or_none():
                return None
            kept = select(keys.c.digest, keys.c.status, keys.c.headers, keys.c.body).where(keys.c.key == key)
            found = connection.execute(kept).one_or_none()
            # Released between the two statements: whoever asks again will find it free.
            return KeptAnswer(*found) if found else KeptAnswer(digest)

    def answer_key(self, key: str, status: int, headers: Mapping[str, str], body: str) -> None:
        """See `UpkeepStore`."""
        mine = update(idempotency_keys).where(idempotency_keys.c.key == key)
        with self._writing() as connection:
            connection.execute(mine.values(status=status, headers=dict(headers), body=body))

    def release_key(self, key: str) -> None:
        """See `UpkeepStore`."""
        with self._writing() as connection:
            connection.execute(delete(idempotency_keys).where(idempotency_keys.c.key == key))

    @property
    def _insert(self) -> Any:
        """An INSERT that knows conflicts; both databases spell it alike."""
        return sqlite.insert if self._is_sqlite else postgresql.insert


def record_changes(connection: Connection, changes: Iterable[Mapping[str, Any]]) -> None:
    """Keep changes of personas, within the transaction that makes them."""
    if values := [dict(change) for change in changes]:
        connection.execute(insert(persona_changes), values)
