"""Use cases: a user's profile kept and assigned; the persona of one user or of many, from the model in force.

What is stored is the profile as it was sent. An assignment by another model than the one in force is never
told: it is made again from the stored profile, told, and written back unless the profile has changed since.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from models.errors import SegmentsError
from models.profile import Profile
from models.scoring.imputation import is_outlier
from models.storage.artifact import LoadedArtifact
from service.paging import Page, cursor_number, decode_cursor
from service.personas.catalogue import get_persona
from service.segmenting.assignment import (
    LONG,
    AnswerWarning,
    Confidence,
    IsOutlier,
    Margin,
    PersonaRef,
    RunnerUp,
    Segmented,
    Typicality,
    assign,
    unknown_by_field,
)
from service.store.ports.errors import StoreUnavailable
from service.store.ports.personas import ChangeCause, PersonaChange, PersonaStore
from service.store.ports.users import AssignedUser, AssignmentUpdate, StoredUser, UserStore, as_summary
from service.users.stored_assignment import assign_again, assign_as_chosen, is_current, stored_assignment

log = logging.getLogger("service.users")

_ATTEMPTS = 5

Revision = Annotated[int, Field(description="How often the profile has been written, from 1.")]


class UserNotFound(SegmentsError):
    """No profile is stored for that user."""


class ProfileChanging(SegmentsError):
    """The profile is written anew each time that something is to be kept with it."""


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """A stored profile's persona; none while no model is in force."""

    user_id: str
    revision: Revision
    profile_updated_at: datetime
    persona: PersonaRef | None
    model_version: str | None
    assigned_at: datetime | None
    confidence: Confidence
    probabilities: Annotated[
        dict[str, float] | None,
        Field(description="Persona id → the chance that the complete profile would be that persona, 0–1."),
    ]
    runner_up: RunnerUp
    margin: Margin
    typicality: Typicality
    is_outlier: IsOutlier
    distances: dict[str, float]
    missing_fields: tuple[str, ...]
    warnings: tuple[AnswerWarning, ...]


@dataclass(frozen=True, slots=True)
class UserPersona:
    """The persona of a user, by the model in force."""

    user_id: str
    persona: PersonaRef
    confidence: Confidence
    runner_up: RunnerUp
    margin: Margin
    typicality: Typicality
    is_outlier: IsOutlier
    model_version: str
    assigned_at: datetime
    revision: Revision
    profile_updated_at: datetime
    manual: Annotated[
        bool, Field(description="Whether a person chose it; it then stays until the profile changes.")
    ] = False


@dataclass(frozen=True, slots=True)
class ChangePage(Page[PersonaChange]):
    """A page of the changes of a user's persona, the latest first."""

    items: tuple[PersonaChange, ...]


@dataclass(frozen=True, slots=True)
class FoundPersona:
    """One user of a batch; without a persona when there is no such user."""

    user_id: str
    status: Literal["PRESENT", "NOT_FOUND"]
    persona: PersonaRef | None
    confidence: Confidence


@dataclass(frozen=True, slots=True)
class FoundPersonas:
    """The users asked for, in that order, all by one model."""

    items: tuple[FoundPersona, ...]
    model_version: str


async def put_profile(
    users: UserStore, loaded: LoadedArtifact | None, user_id: str, profile: Profile, now: datetime
) -> StoredAnswer:
    """Keep a user's profile, and assign it where a model is in force; without holding up the event loop."""
    text = profile.model_dump_json(exclude_unset=True)
    answer = await _assigned(loaded, profile, len(text)) if loaded else None
    unknown = sum(unknown_by_field(answer.warnings).values()) if answer else 0
    kept = stored_assignment(answer, profile, unknown, now) if answer else None
    stored = await asyncio.wrap_future(users.submit(user_id, text, now, kept))
    return StoredAnswer(
        user_id=user_id,
        revision=stored.revision,
        profile_updated_at=stored.profile_updated_at,
        persona=answer.persona if answer else None,
        model_version=answer.model_version if answer else None,
        assigned_at=now if answer else None,
        confidence=answer.confidence if answer else None,
        probabilities=answer.probabilities if answer else None,
        runner_up=answer.runner_up if answer else None,
        margin=answer.margin if answer else None,
        typicality=answer.typicality if answer else None,
        is_outlier=answer.is_outlier if answer else None,
        distances=answer.distances if answer else {},
        missing_fields=answer.missing_fields if answer else (),
        warnings=answer.warnings if answer else (_NO_MODEL,),
    )


async def _assigned(loaded: LoadedArtifact, profile: Profile, length: int) -> Segmented:
    if length > LONG:
        return await asyncio.to_thread(assign, loaded.model, profile)
    return assign(loaded.model, profile)


def get_persona_of(users: UserStore, loaded: LoadedArtifact, user_id: str, now: datetime) -> UserPersona:
    """The persona of one user. Raises `UserNotFound`."""
    user = _kept(users, loaded, [user_id], now).get(user_id)
    if user is None:
        raise _not_found()
    return _user_persona(loaded, user)


def get_personas_nowait(
    users: UserStore, loaded: LoadedArtifact, user_ids: Sequence[str]
) -> dict[str, UserPersona]:
    """The same of several for an event loop, by id: of those that can be told without waiting.

    Of the others, and where it raises `WouldBlock`, `get_persona_of` in a thread tells what there is.
    """
    found = users.assignments_nowait(user_ids)
    return {name: _user_persona(loaded, user) for name, user in found.items() if is_current(loaded, user)}


def choose_persona(
    users: UserStore, loaded: LoadedArtifact, user_id: str, persona_id: str | None, now: datetime
) -> UserPersona:
    """Give a user the persona that a person chose, or with None the model's again.

    Raises `UserNotFound`, `PersonaNotFound` or `ProfileChanging`.
    """
    if persona_id is not None:
        get_persona(loaded, persona_id)
    for _ in range(_ATTEMPTS):
        user = _user(users, user_id)
        chosen = assign_as_chosen(loaded, user, persona_id, now)
        if users.update_assignments([AssignmentUpdate(user_id, user.revision, chosen)], ChangeCause.MANUAL):
            return _user_persona(loaded, as_summary(replace(user, assignment=chosen)))
    raise ProfileChanging("The profile of this user changes all the time; try again later.")


def list_changes(
    users: UserStore, personas: PersonaStore, user_id: str, limit: int, cursor: str | None
) -> ChangePage:
    """A page of the changes of a user's persona. Raises `UserNotFound` or `UnusableCursor`."""
    _user(users, user_id)
    before = None if cursor is None else cursor_number(*decode_cursor(cursor, 1))
    changes = personas.changes(user_id, limit + 1, before)
    return ChangePage.cut(changes, limit, lambda change: (str(change.id),))


def _user(users: UserStore, user_id: str) -> StoredUser:
    user = users.get(user_id)
    if user is None:
        raise _not_found()
    return user


def _not_found() -> UserNotFound:
    return UserNotFound("No profile is stored for this user; PUT /users/{user_id}/profile stores one.")


def _user_persona(loaded: LoadedArtifact, user: AssignedUser) -> UserPersona:
    """What is told of a user whose assignment is current."""
    assert user.persona_id is not None
    assert user.model_version is not None
    assert user.assigned_at is not None
    return UserPersona(
        user.user_id,
        _persona_ref(loaded, user.persona_id),
        user.confidence,
        None if user.runner_up_id is None else _persona_ref(loaded, user.runner_up_id),
        user.margin,
        user.typicality,
        is_outlier(user.typicality),
        user.model_version,
        user.assigned_at,
        user.revision,
        user.profile_updated_at,
        user.manual,
    )


def _persona_ref(loaded: LoadedArtifact, persona_id: str) -> PersonaRef:
    persona = loaded.model.by_id[persona_id]
    return PersonaRef(persona.id, persona.name)


def get_personas_of(
    users: UserStore, loaded: LoadedArtifact, user_ids: Sequence[str], now: datetime
) -> FoundPersonas:
    """The personas of many users, in the order asked; an id asked for twice is answered twice."""
    kept = _kept(users, loaded, list(dict.fromkeys(user_ids)), now)
    refs = {persona.id: PersonaRef(persona.id, persona.name) for persona in loaded.model.personas}
    items = tuple(_found(refs, user_id, kept.get(user_id)) for user_id in user_ids)
    return FoundPersonas(items, loaded.manifest.version)


def _found(refs: Mapping[str, PersonaRef], user_id: str, user: AssignedUser | None) -> FoundPersona:
    if user is None or user.persona_id is None:
        return FoundPersona(user_id, "NOT_FOUND", None, None)
    return FoundPersona(user_id, "PRESENT", refs[user.persona_id], user.confidence)


_NO_MODEL = AnswerWarning(
    "NO_MODEL", "The profile is stored; it is assigned as soon as there is a model and somebody asks."
)


def _kept(
    users: UserStore, loaded: LoadedArtifact, user_ids: Sequence[str], now: datetime
) -> dict[str, AssignedUser]:
    """Those of the users that exist, assigned by this model: anew where they are not, which is written back."""
    found = users.assignments(user_ids)
    current = {user_id: user for user_id, user in found.items() if is_current(loaded, user)}
    if len(current) == len(found):
        return current
    return current | _made_again(users, loaded, list(found.keys() - current.keys()), now)


def _made_again(
    users: UserStore, loaded: LoadedArtifact, user_ids: Sequence[str], now: datetime
) -> dict[str, AssignedUser]:
    stored = users.get_many(user_ids)
    made = {user_id: assign_again(loaded, user, now) for user_id, user in stored.items()}
    updates = [AssignmentUpdate(user_id, user.revision, made[user_id]) for user_id, user in stored.items()]
    _write_back(users, updates)
    return {user_id: as_summary(replace(user, assignment=made[user_id])) for user_id, user in stored.items()}


def _write_back(users: UserStore, updates: Sequence[AssignmentUpdate]) -> None:
    try:
        users.update_assignments(updates)
    except StoreUnavailable:
        # The answer is right all the same, and the next reader will write it back.
        log.warning("assignments could not be written back")
