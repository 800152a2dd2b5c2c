"""Use cases: the personas of stored users by the active model, and a persona that a person chooses for a user.

A response never shows the assignment of another model than the active one: such a user is assigned anew from the
stored profile, and the assignment is written back unless the profile has changed since.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from models.errors import SegmentsError
from models.scoring.typicality import is_outlier
from models.storage.artifact import LoadedArtifact
from service.personas.catalogue import get_persona
from service.segmenting.assignment import (
    Confidence,
    IsOutlier,
    Margin,
    PersonaRef,
    RunnerUp,
    Settled,
    Typicality,
    persona_ref,
)
from service.store.ports.errors import StoreUnavailable
from service.store.ports.personas import ChangeCause
from service.store.ports.users import AssignedUser, AssignmentUpdate, UserStore, as_summary
from service.users.profiles import UserNotFound, require_user
from service.users.stored_assignment import assign_again, assign_as_chosen, is_current

log = logging.getLogger("service.users")

_ATTEMPTS = 5

Revision = Annotated[int, Field(description="How often the profile has been written, from 1.")]


class ProfileChanging(SegmentsError):
    """The profile changes each time that an assignment is to be stored with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UserPersona:
    """The persona of a user, by the active model."""

    user_id: str
    persona: PersonaRef
    # The fields of `Segmented`, between others: their order is public.
    # pylint: disable=duplicate-code
    confidence: Confidence
    runner_up: RunnerUp
    margin: Margin
    settled: Settled
    typicality: Typicality
    is_outlier: IsOutlier
    # pylint: enable=duplicate-code
    model_version: str
    assigned_at: datetime
    revision: Revision
    profile_updated_at: datetime
    manual: Annotated[
        bool,
        Field(
            description="Whether a person chose it, which every model that has it uses until the profile changes."
        ),
    ] = False


@dataclass(frozen=True, slots=True)
class FoundPersona:
    """One user of a batch; without a persona when there is no such user."""

    user_id: str
    status: Literal["PRESENT", "NOT_FOUND"]
    persona: PersonaRef | None
    confidence: Confidence


@dataclass(frozen=True, slots=True)
class FoundPersonas:
    """The requested users, in the order of the request, all by one model."""

    items: tuple[FoundPersona, ...]
    model_version: str


def get_persona_of(users: UserStore, loaded: LoadedArtifact, user_id: str, now: datetime) -> UserPersona:
    """The persona of one user. Raises `UserNotFound`."""
    user = _current_users(users, loaded, [user_id], now).get(user_id)
    if user is None:
        raise UserNotFound
    return _user_persona(loaded, user)


def get_personas_nowait(
    users: UserStore, loaded: LoadedArtifact, user_ids: Sequence[str]
) -> dict[str, UserPersona]:
    """The personas of those users, by id, whose stored assignment is current; for an event loop, never blocks.

    For the other users call `get_persona_of` in a thread, and where the store raises `WouldBlock` for all.
    """
    assigned = users.assignments_nowait(user_ids)
    return {user_id: _user_persona(loaded, user) for user_id, user in assigned.items() if is_current(loaded, user)}


def get_personas_of(
    users: UserStore, loaded: LoadedArtifact, user_ids: Sequence[str], now: datetime
) -> FoundPersonas:
    """The personas of many users, in the order of the ids, one of which may stand there several times."""
    current = _current_users(users, loaded, list(dict.fromkeys(user_ids)), now)
    refs = {persona.id: PersonaRef(persona.id, persona.name) for persona in loaded.model.personas}
    items = tuple(_found_persona(refs, user_id, current.get(user_id)) for user_id in user_ids)
    return FoundPersonas(items, loaded.manifest.version)


def choose_persona(
    users: UserStore, loaded: LoadedArtifact, user_id: str, persona_id: str | None, now: datetime
) -> UserPersona:
    """Give a user the persona that a person chose, or with None the model's own again.

    Raises `UserNotFound`, `PersonaNotFound` or `ProfileChanging`.
    """
    if persona_id is not None:
        get_persona(loaded, persona_id)
    for _ in range(_ATTEMPTS):
        user = require_user(users, user_id)
        chosen = assign_as_chosen(loaded, user, persona_id, now)
        if users.update_assignments([AssignmentUpdate(user_id, user.revision, chosen)], ChangeCause.MANUAL):
            return _user_persona(loaded, as_summary(replace(user, assignment=chosen)))
    raise ProfileChanging("The profile of this user changes all the time; try again later.")


def _current_users(
    users: UserStore, loaded: LoadedArtifact, user_ids: Sequence[str], now: datetime
) -> dict[str, AssignedUser]:
    """The users that exist, by id, each with the active model's assignment."""
    assigned = users.assignments(user_ids)
    current = {user_id: user for user_id, user in assigned.items() if is_current(loaded, user)}
    if len(current) == len(assigned):
        return current
    return current | _reassign(users, loaded, list(assigned.keys() - current.keys()), now)


def _reassign(
    users: UserStore, loaded: LoadedArtifact, user_ids: Sequence[str], now: datetime
) -> dict[str, AssignedUser]:
    """Assign users by this model, and write the assignments back."""
    stored = users.get_many(user_ids)
    assignments = {user_id: assign_again(loaded, user, now) for user_id, user in stored.items()}
    _write_back(
        users,
        [AssignmentUpdate(user_id, user.revision, assignments[user_id]) for user_id, user in stored.items()],
    )
    return {
        user_id: as_summary(replace(user, assignment=assignments[user_id])) for user_id, user in stored.items()
    }


def _write_back(users: UserStore, updates: Sequence[AssignmentUpdate]) -> None:
    try:
        users.update_assignments(updates)
    except StoreUnavailable:
        # The response is right all the same, and the next reader will write the assignments back.
        log.warning("assignments could not be written back")


def _user_persona(loaded: LoadedArtifact, user: AssignedUser) -> UserPersona:
    """The response for a user whose assignment is current."""
    personas, persona_id, runner_up_id = loaded.model.by_id, user.persona_id, user.runner_up_id
    assert persona_id is not None
    assert user.model_version is not None
    assert user.assigned_at is not None
    return UserPersona(
        user_id=user.user_id,
        persona=persona_ref(persona_id, personas[persona_id].name),
        confidence=user.confidence,
        runner_up=None if runner_up_id is None else persona_ref(runner_up_id, personas[runner_up_id].name),
        margin=user.margin,
        settled=user.settled,
        typicality=user.typicality,
        is_outlier=is_outlier(user.typicality),
        model_version=user.model_version,
        assigned_at=user.assigned_at,
        revision=user.revision,
        profile_updated_at=user.profile_updated_at,
        manual=user.manual,
    )


def _found_persona(refs: Mapping[str, PersonaRef], user_id: str, user: AssignedUser | None) -> FoundPersona:
    if user is None or user.persona_id is None:
        return FoundPersona(user_id, "NOT_FOUND", None, None)
    return FoundPersona(user_id, "PRESENT", refs[user.persona_id], user.confidence)
