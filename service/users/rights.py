"""Use cases: what is held of a user, its erasure, and objections.

They need no active model: a right does not depend on what is served.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import Field

from service.audit import RETENTION, Action, record, record_of_user
from service.store.ports.personas import ChangeCause, PersonaChange, PersonaStore
from service.store.ports.store import Store
from service.store.ports.users import StoredAssignment, StoredRecipient, StoredUser
from service.users.profiles import require_user
from service.users.stored_assignment import recipients_of

_CHANGES = 1_000
Answers = Annotated[Mapping[str, Any], Field(description="The profile as it was sent.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Objection:
    """Whether a user objected to being assigned a persona."""

    user_id: str
    opted_out: bool
    since: Annotated[
        datetime | None,
        Field(
            description="When the objection took the persona away; null where there was none to take, or the "
            "change is on record no more."
        ),
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldRecipient:
    """All that is stored of one of the user's recipients."""

    recipient_id: str
    profile: Answers
    revision: int
    profile_updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldUser:
    """All that is stored of a user."""

    user_id: str
    profile: Annotated[
        Mapping[str, Any] | None,
        Field(description="The user's own profile as it was sent; null where only recipients have one."),
    ]
    revision: int
    profile_updated_at: datetime
    recipients: tuple[HeldRecipient, ...]
    assignment: Annotated[
        StoredAssignment | None,
        Field(
            description="The persona that is stored, and what it rests on; null without one. An empty "
            "`model_version`: the profiles have changed since, and the next reader assigns the user."
        ),
    ]
    persona_name: Annotated[str | None, Field(description="By the active model; null where it has none.")]
    history: Annotated[
        tuple[PersonaChange, ...], Field(description="The changes of the persona on record, the latest first.")
    ]
    objection: Objection


@dataclass(frozen=True, slots=True)
class RightsRequest:
    """A request about one user, by an actor, at a time."""

    user_id: str
    actor: str
    now: datetime


def held_user(store: Store, request: RightsRequest, names: Mapping[str, str], action: Action) -> HeldUser:
    """All that is stored of a user, which the audit trail records. `names`: of personas, by id.

    Raises `UserNotFound`.
    """
    user = require_user(store.users, request.user_id)
    recipients = recipients_of(store.users, user)
    history = _history(store.personas, user.user_id)
    record_of_user(store, request.actor, action, user.user_id)
    return HeldUser(
        user_id=user.user_id,
        profile=None if user.profile_json is None else json.loads(user.profile_json),
        revision=user.revision,
        profile_updated_at=user.profile_updated_at,
        recipients=tuple(map(_recipient, recipients)),
        assignment=user.assignment,
        persona_name=names.get(user.assignment.persona_id) if user.assignment else None,
        history=history,
        objection=_objection(user, history[0] if history else None),
    )


def erase_user(store: Store, request: RightsRequest, notice: bool) -> None:
    """Erase a user, whether or not anything is stored, and leave a tombstone. `notice`: tell it in the feed."""
    was_stored = store.rights.erase(request.user_id, request.now, notice)
    record_of_user(store, request.actor, Action.USER_ERASED, request.user_id, was_stored=was_stored)


def expire_users(store: Store, notice: bool, seconds: float, limit: int) -> int:
    """Erase users who were not written for so long, without tombstones: they may come back; how many."""
    count = store.rights.remove_untouched(seconds, limit, datetime.now(UTC), notice)
    if count:
        record(store, RETENTION, Action.USERS_EXPIRED, users=count)
    return count


def remove_tombstone(store: Store, request: RightsRequest) -> None:
    """Let an erased user come back; nothing happens where there is no tombstone."""
    if store.rights.remove_tombstone(request.user_id):
        record_of_user(store, request.actor, Action.TOMBSTONE_REMOVED, request.user_id)


def record_objection(store: Store, request: RightsRequest) -> Objection:
    """Record an objection, also of a stranger: no persona from now on. Raises `UserErased`."""
    if store.users.opt_out(request.user_id, request.now):
        record_of_user(store, request.actor, Action.USER_OPTED_OUT, request.user_id)
    return _stored_objection(store, request.user_id)


def withdraw_objection(store: Store, request: RightsRequest) -> Objection:
    """Withdraw an objection; the next reader, or the maintenance, assigns the user."""
    if store.users.opt_in(request.user_id, request.now):
        record_of_user(store, request.actor, Action.USER_OPTED_IN, request.user_id)
    return _stored_objection(store, request.user_id)


def _stored_objection(store: Store, user_id: str) -> Objection:
    user, changes = store.users.get(user_id), store.personas.changes(user_id, 1)
    if user is None:
        return Objection(user_id=user_id, opted_out=False)
    return _objection(user, changes[0] if changes else None)


def _objection(user: StoredUser, latest: PersonaChange | None) -> Objection:
    took_away = user.opted_out and latest is not None and latest.cause is ChangeCause.OPTED_OUT
    since = latest.changed_at if took_away and latest is not None else None
    return Objection(user_id=user.user_id, opted_out=user.opted_out, since=since)


def _history(personas: PersonaStore, user_id: str) -> tuple[PersonaChange, ...]:
    changes: list[PersonaChange] = []
    before = None
    while page := personas.changes(user_id, _CHANGES, before):
        changes += page
        before = page[-1].id
    return tuple(changes)


def _recipient(recipient: StoredRecipient) -> HeldRecipient:
    return HeldRecipient(
        recipient_id=recipient.recipient_id,
        profile=json.loads(recipient.profile_json),
        revision=recipient.revision,
        profile_updated_at=recipient.profile_updated_at,
    )
