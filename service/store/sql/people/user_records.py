"""Conversion between records of the table `users` and the ports' values."""

from collections.abc import Callable
from dataclasses import fields
from datetime import datetime
from operator import attrgetter
from typing import Any

from service.store.ports.users import Basis, StoredAssignment, StoredUser
from service.store.sql.tables import AnyRow, users

_BASES = {basis.value: basis for basis in Basis}
ASSIGNMENT_COLUMNS = tuple(users.c[field.name] for field in fields(StoredAssignment))
# Those that a write of a profile sets, in the order of `user_row`.
WRITTEN_COLUMNS = (
    users.c.user_id,
    users.c.profile_json,
    users.c.revision,
    users.c.profile_updated_at,
    *ASSIGNMENT_COLUMNS,
)
USER_COLUMNS = (*WRITTEN_COLUMNS, users.c.recipient_count, users.c.opted_out)


def user_of(record: AnyRow) -> StoredUser:
    """The user of a record of `USER_COLUMNS`; without an assignment, all of its columns are NULL."""
    # One function and no intermediate list: it runs for every user of a reassignment.
    (
        user_id,
        profile_json,
        revision,
        profile_updated_at,
        persona_id,
        model_version,
        assigned_at,
        manual,
        answered_count,
        unknown_count,
        confidence,
        runner_up_id,
        margin,
        settled,
        typicality,
        chosen_persona_id,
        basis,
        recipient_count,
        opted_out,
    ) = record
    assignment = None
    if assigned_at is not None:
        assignment = StoredAssignment(
            persona_id=persona_id,
            model_version=model_version,
            assigned_at=assigned_at,
            manual=bool(manual),
            answered_count=answered_count or 0,
            unknown_count=unknown_count or 0,
            confidence=confidence,
            runner_up_id=runner_up_id,
            margin=margin,
            settled=settled,
            typicality=typicality,
            chosen_persona_id=chosen_persona_id,
            basis=basis and _BASES[basis],
        )
    return StoredUser(
        user_id=user_id,
        profile_json=profile_json,
        revision=revision,
        profile_updated_at=profile_updated_at,
        assignment=assignment,
        recipient_count=recipient_count,
        opted_out=bool(opted_out),
    )


_NO_ASSIGNMENT = (None,) * len(ASSIGNMENT_COLUMNS)
_ASSIGNED_AT = ASSIGNMENT_COLUMNS.index(users.c.assigned_at)
_before_time = attrgetter(*(column.key for column in ASSIGNMENT_COLUMNS[:_ASSIGNED_AT]))
_after_time = attrgetter(*(column.key for column in ASSIGNMENT_COLUMNS[_ASSIGNED_AT + 1 :]))


def user_row(
    user: StoredUser, revision: int, as_stored: Callable[[datetime], object] = lambda time: time
) -> tuple[Any, ...]:
    """The values of `WRITTEN_COLUMNS`, in their order; `revision` in place of the user's, times `as_stored`."""
    assigned = user.assignment
    columns = (
        _NO_ASSIGNMENT
        if assigned is None
        else (*_before_time(assigned), as_stored(assigned.assigned_at), *_after_time(assigned))
    )
    return (user.user_id, user.profile_json, revision, as_stored(user.profile_updated_at), *columns)


def assignment_values(assignment: StoredAssignment | None) -> dict[str, Any]:
    """The values of `ASSIGNMENT_COLUMNS`, by column key; all None without an assignment."""
    return {
        column.key: None if assignment is None else getattr(assignment, column.key)
        for column in ASSIGNMENT_COLUMNS
    }
