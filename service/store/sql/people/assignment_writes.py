"""Writing assignments, within the caller's transaction."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, select, update

from service.store.ports.personas import ChangeCause
from service.store.ports.users import OUTDATED, AssignmentUpdate, StoredAssignment
from service.store.sql.people.bulk import array_literal, array_type, is_sqlite, sqlite_value
from service.store.sql.people.movements import PersonaState, UserChange, record_changes, state_of
from service.store.sql.people.user_records import ASSIGNMENT_COLUMNS, assignment_values
from service.store.sql.tables import users

_KEY_COLUMNS = (users.c.user_id, users.c.revision)
_UPDATE_SQLITE = (
    f"UPDATE users SET {', '.join(f'{column.name} = ?' for column in ASSIGNMENT_COLUMNS)} "
    "WHERE user_id = ? AND revision = ?"
)
_UPDATE_POSTGRES = (
    f"UPDATE users SET {', '.join(f'{column.name} = newer.{column.name}' for column in ASSIGNMENT_COLUMNS)} "
    f"FROM unnest({', '.join(f'%s::{array_type(column)}' for column in (*ASSIGNMENT_COLUMNS, *_KEY_COLUMNS))}) "
    f"AS newer({', '.join(column.name for column in (*ASSIGNMENT_COLUMNS, *_KEY_COLUMNS))}) "
    "WHERE users.user_id = newer.user_id AND users.revision = newer.revision"
)
_STATE = select(
    users.c.user_id, users.c.revision, users.c.chosen_persona_id, users.c.persona_id, users.c.model_version
)


def write_assignment(connection: Connection, user_id: str, assignment: StoredAssignment | None) -> None:
    """Replace a user's assignment; the caller records the change."""
    values = assignment_values(assignment)
    connection.execute(update(users).where(users.c.user_id == user_id), values)


def mark_outdated(connection: Connection, user_id: str) -> None:
    """Have a user assigned anew, also one who has no persona yet, unless they have opted out."""
    of_user = (users.c.user_id == user_id) & users.c.opted_out.is_(False)
    connection.execute(update(users).where(of_user).values(model_version=OUTDATED))


def update_assignments(connection: Connection, latest: Mapping[str, AssignmentUpdate], cause: ChangeCause) -> int:
    """Replace assignments, by user id, where they are not void; how many. Records the changes."""
    # Locked in one order everywhere, so that two processes that update the same users cannot deadlock.
    stored = _STATE.where(users.c.user_id.in_(latest), users.c.opted_out.is_(False))
    valid = [
        (latest[user_id], PersonaState(persona_id, model_version))
        for user_id, revision, choice, persona_id, model_version in connection.execute(
            stored.order_by(users.c.user_id).with_for_update()
        )
        if not latest[user_id].is_void(revision, choice, cause)
    ]
    _write(connection, [update for update, _ in valid])
    record_changes(
        connection,
        (
            UserChange(
                update.user_id,
                update.assignment.assigned_at,
                _cause(cause, before),
                before,
                state_of(update.assignment),
            )
            for update, before in valid
        ),
    )
    return len(valid)


def _cause(cause: ChangeCause, before: PersonaState) -> ChangeCause:
    """An outdated assignment changes because of the profile, whatever the model; a choice stays a choice."""
    is_late = before.model_version == OUTDATED and cause is ChangeCause.MODEL_CHANGED
    return ChangeCause.PROFILE_CHANGED if is_late else cause


def _write(connection: Connection, updates: Sequence[AssignmentUpdate]) -> None:
    """Replace the assignments where the revision is still the same; by the driver, a million of them at times."""
    if not updates:
        return
    keys = [column.key for column in ASSIGNMENT_COLUMNS]
    rows = [
        (*(getattr(update.assignment, key) for key in keys), update.user_id, update.revision) for update in updates
    ]
    if is_sqlite(connection):
        driver: Any = connection.connection.driver_connection
        driver.executemany(_UPDATE_SQLITE, [tuple([sqlite_value(value) for value in row]) for row in rows])
    else:
        connection.exec_driver_sql(_UPDATE_POSTGRES, tuple(map(array_literal, zip(*rows, strict=True))))
