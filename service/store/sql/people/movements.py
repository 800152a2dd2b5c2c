"""What a transaction that changes personas records at its end: history, feed and counts.

The feed is in the order of commits. PostgreSQL gives ids when rows are inserted, and transactions commit in
another order; so these records are written under one lock, which ends with the transaction (SQLite has one writer
at a time anyway). To keep that time short, and free of deadlocks, nothing that could wait for a row follows.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, text

from service.store.ports.personas import ChangeCause
from service.store.ports.users import StoredAssignment
from service.store.sql.people.bulk import insert_rows, is_sqlite
from service.store.sql.tables import model_movements, persona_changes, persona_counts, persona_movements

# Any number that nothing else locks in the same database.
_LOCK_FEED = text("SELECT pg_advisory_xact_lock(5209341872067)")


class PersonaState(NamedTuple):
    """A user's persona, and the model that assigned it; None without a persona."""

    persona_id: str | None
    model_version: str | None


NO_PERSONA = PersonaState(None, None)


class UserChange(NamedTuple):
    """What a write made of a user's persona, which may be the same."""

    user_id: str
    at: datetime
    cause: ChangeCause
    before: PersonaState
    after: PersonaState


_Pair = tuple[str, str, str, str]


def state_of(assignment: StoredAssignment | None) -> PersonaState:
    """The persona of an assignment."""
    return NO_PERSONA if assignment is None else PersonaState(assignment.persona_id, assignment.model_version)


def lock_feed(connection: Connection) -> None:
    """Keep every other transaction from recording changes until this one ends."""
    if not is_sqlite(connection):
        connection.execute(_LOCK_FEED)


def record_changes(connection: Connection, changes: Iterable[UserChange]) -> None:
    """Record what has changed, within the transaction that changes it, and as the last that it does."""
    all_changes = list(changes)
    moved = [change for change in all_changes if change.before.persona_id != change.after.persona_id]
    by_model = [change for change in all_changes if _is_by_new_model(change)]
    if not moved and not by_model:
        return
    lock_feed(connection)
    insert_rows(connection, persona_changes, [_history(change) for change in moved])
    _count(connection, moved)
    _add_up(connection, by_model)


def _is_by_new_model(change: UserChange) -> bool:
    """Whether a model assigned the user anew; not the second of two readers that do so at once."""
    return change.cause is ChangeCause.MODEL_CHANGED and change.before != change.after


def _history(change: UserChange) -> dict[str, Any]:
    return {
        "user_id": change.user_id,
        "changed_at": change.at,
        "cause": change.cause.value,
        "from_persona_id": change.before.persona_id,
        "to_persona_id": change.after.persona_id,
        "from_model_version": change.before.model_version or "",
        "to_model_version": change.after.model_version or "",
    }


def _count(connection: Connection, moved: Sequence[UserChange]) -> None:
    counts: Counter[str] = Counter()
    movements: Counter[tuple[date, str, _Pair]] = Counter()
    for change in moved:
        if change.before.persona_id is not None:
            counts[change.before.persona_id] -= 1
        if change.after.persona_id is not None:
            counts[change.after.persona_id] += 1
        movements[change.at.astimezone(UTC).date(), change.cause.value, _pair(change)] += 1
    rows = [{"persona_id": persona_id, "users": users} for persona_id, users in counts.items() if users]
    insert_rows(connection, persona_counts, rows, add_to="users")
    moves = [
        {"day": day.isoformat(), "cause": cause} | _pair_columns(pair) | {"users": users}
        for (day, cause, pair), users in movements.items()
    ]
    insert_rows(connection, persona_movements, moves, add_to="users")


def _add_up(connection: Connection, by_model: Sequence[UserChange]) -> None:
    """For the one entry of the feed about a new model."""
    pairs = Counter(_pair(change) for change in by_model)
    rows = [_pair_columns(pair) | {"users": users} for pair, users in pairs.items()]
    insert_rows(connection, model_movements, rows, add_to="users")


def _pair(change: UserChange) -> _Pair:
    before, after = change.before, change.after
    return before.persona_id or "", after.persona_id or "", before.model_version or "", after.model_version or ""


def _pair_columns(pair: _Pair) -> dict[str, Any]:
    names = ("from_persona_id", "to_persona_id", "from_model_version", "to_model_version")
    return dict(zip(names, pair, strict=True))
