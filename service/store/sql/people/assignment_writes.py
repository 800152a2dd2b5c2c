"""Writing assignments, within the caller's transaction."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from service.store.ports.personas import ChangeCause
from service.store.ports.users import OUTDATED, AssignmentUpdate, StoredAssignment
from service.store.sql.people.movements import PersonaState, UserChange, record_changes, state_of
from service.store.sql.people.user_records import assignment_values
from service.store.sql.tables import users

_UPDATE_REVISION = update(users).where(
    users.c.user_id == bindparam("of_user"), users.c.revision == bindparam("of_revision")
)
_STATE = select(users.c.user_id, users.c.revision, users.c.persona_id, users.c.model_version)


def write_assignment(connection: Connection, user_id: str, assignment: StoredAssignment | None) -> None:
    """Replace a user's assignment; the caller records the change."""
    values = assignment_values(assignment)
    connection.execute(update(users).where(users.c.user_id == user_id), values)


def mark_outdated(connection: Connection, user_id: str) -> None:
    """Have a user assigned anew, also one who has no persona yet, unless they have opted out."""
    of_user = (users.c.user_id == user_id) & users.c.opted_out.is_(False)
    connection.execute(update(users).where(of_user).values(model_version=OUTDATED))


def update_assignments(connection: Connection, latest: Mapping[str, AssignmentUpdate], cause: ChangeCause) -> int:
    """Replace assignments, by user id, where the revision is still theirs; how many. Records the changes."""
    # Locked in one order everywhere, so that two processes that update the same users cannot deadlock.
    stored = _STATE.where(users.c.user_id.in_(latest), users.c.opted_out.is_(False))
    valid = [
        (latest[user_id], PersonaState(persona_id, model_version))
        for user_id, revision, persona_id, model_version in connection.execute(
            stored.order_by(users.c.user_id).with_for_update()
        )
        if latest[user_id].revision == revision
    ]
    if valid:
        connection.execute(_UPDATE_REVISION, [_update_values(update) for update, _ in valid])
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


def _update_values(update: AssignmentUpdate) -> dict[str, Any]:
    return {"of_user": update.user_id, "of_revision": update.revision} | assignment_values(update.assignment)
