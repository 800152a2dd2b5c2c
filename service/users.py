"""Use cases: a user's profile kept and assigned; the persona of one user or of many, from the model in force.

What is stored is the profile as it was sent. An assignment by another model than the one in force is never
told: it is made again from the stored profile, told, and written back unless the profile has changed since.
"""

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from models.artifact import LoadedArtifact
from models.errors import SegmentsError
from models.fields import declared_fields
from models.profile import Profile
from models.segment_model import Assignment
from service.assignment import (
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
from service.catalogue import get_persona
from service.paging import UnusableCursor, decode_cursor, encode_cursor
from service.store.base import AssignmentUpdate, Store, StoredAssignment, StoredUser, StoreUnavailable
from service.store.upkeep import ChangeCause, PersonaChange

log = logging.getLogger(__name__)

_OPEN = ("categorical", "multi_label")
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
class ChangePage:
    """A page of the changes of a user's persona, the latest first."""

    items: tuple[PersonaChange, ...]
    next_cursor: str | None


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


def put_profile(
    store: Store, loaded: LoadedArtifact | None, user_id: str, profile: Profile, now: datetime
) -> StoredAnswer:
    """Keep a user's profile, and assign it where a model is in force."""
    text = profile.model_dump_json(exclude_unset=True)
    answer = assign(loaded.model, profile) if loaded else None
    stored = store.put_user(user_id, text, now, _stored_assignment(answer, profile, now) if answer else None)
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


def get_persona_of(store: Store, loaded: LoadedArtifact, user_id: str, now: datetime) -> UserPersona:
    """The persona of one user. Raises `UserNotFound`."""
    user = _user(store, user_id)
    return _user_persona(loaded, user, _up_to_date(store, loaded, [user], now)[user_id])


def choose_persona(
    store: Store, loaded: LoadedArtifact, user_id: str, persona_id: str | None, now: datetime
) -> UserPersona:
    """Give a user the persona that a person chose, or with None the model's again.

    Raises `UserNotFound`, `PersonaNotFound` or `ProfileChanging`.
    """
    if persona_id is not None:
        get_persona(loaded, persona_id)
    for _ in range(_ATTEMPTS):
        user = _user(store, user_id)
        made = assign_again(loaded, replace(user, assignment=None), now)
        chosen = made if persona_id is None else replace(made, persona_id=persona_id, manual=True)
        if store.update_assignments([AssignmentUpdate(user_id, user.revision, chosen)], ChangeCause.MANUAL):
            return _user_persona(loaded, user, chosen)
    raise ProfileChanging("The profile of this user changes all the time; try again later.")


def list_changes(store: Store, user_id: str, limit: int, cursor: str | None) -> ChangePage:
    """A page of the changes of a user's persona. Raises `UserNotFound` or `UnusableCursor`."""
    _user(store, user_id)
    before = None if cursor is None else _change_id(cursor)
    found = store.list_changes(user_id, limit + 1, before)
    items = tuple(found[:limit])
    return ChangePage(items, encode_cursor(str(items[-1].id)) if len(found) > limit else None)


def _change_id(cursor: str) -> int:
    (change_id,) = decode_cursor(cursor, 1)
    if not (change_id.isascii() and change_id.isdigit() and len(change_id) < 19):
        raise UnusableCursor
    return int(change_id)


def _user(store: Store, user_id: str) -> StoredUser:
    user = store.get_user(user_id)
    if user is None:
        raise UserNotFound("No profile is stored for this user; PUT /users/{user_id}/profile stores one.")
    return user


def _user_persona(loaded: LoadedArtifact, user: StoredUser, assignment: StoredAssignment) -> UserPersona:
    answer = loaded.model.assign(read_profile(user.profile_json))
    # Runner-up, margin and typicality are of the model's own persona, and say nothing of one that was chosen.
    own = answer.persona.id == assignment.persona_id
    runner_up = answer.runner_up if own else None
    return UserPersona(
        user.user_id,
        _persona_ref(loaded, assignment),
        _confidence(answer, assignment),
        PersonaRef(runner_up.id, runner_up.name) if runner_up else None,
        answer.margin if own else None,
        answer.typicality if own else None,
        answer.is_outlier if own else None,
        assignment.model_version,
        assignment.assigned_at,
        user.revision,
        user.profile_updated_at,
        assignment.manual,
    )


def get_personas_of(store: Store, loaded: LoadedArtifact, user_ids: Sequence[str], now: datetime) -> FoundPersonas:
    """The personas of many users, in the order asked; an id asked for twice is answered twice."""
    users = store.get_users(list(dict.fromkeys(user_ids)))
    assignments = _up_to_date(store, loaded, list(users.values()), now)
    sure = {
        user_id: _confidence(loaded.model.assign(read_profile(user.profile_json)), assignments[user_id])
        for user_id, user in users.items()
    }
    items = tuple(_found(loaded, user_id, assignments.get(user_id), sure.get(user_id)) for user_id in user_ids)
    return FoundPersonas(items, loaded.manifest.version)


def read_profile(text: str) -> Profile:
    """A stored profile; answers that no longer fit the profile's declaration count as not given."""
    try:
        return Profile.model_validate_json(text)
    except ValidationError as error:
        unfit = {str(item["loc"][0]) for item in error.errors() if item["loc"]}
    answers = json.loads(text)
    return Profile.model_validate({name: answers[name] for name in answers if name not in unfit})


_NO_MODEL = AnswerWarning(
    "NO_MODEL", "The profile is stored; it is assigned as soon as there is a model and somebody asks."
)


def _up_to_date(
    store: Store, loaded: LoadedArtifact, users: Sequence[StoredUser], now: datetime
) -> dict[str, StoredAssignment]:
    """For each user the assignment by this model, made anew where it is another's, and written back."""
    fresh = {user.user_id: user.assignment for user in users if _is_current(loaded, user.assignment)}
    updates = [
        AssignmentUpdate(user.user_id, user.revision, assign_again(loaded, user, now))
        for user in users
        if user.user_id not in fresh
    ]
    if updates:
        _write_back(store, updates)
    made = {update.user_id: update.assignment for update in updates}
    return {**{user_id: kept for user_id, kept in fresh.items() if kept}, **made}


def _is_current(loaded: LoadedArtifact, assignment: StoredAssignment | None) -> bool:
    return (
        assignment is not None
        and assignment.model_version == loaded.manifest.version
        and assignment.persona_id in loaded.model.by_id
    )


def assign_again(loaded: LoadedArtifact, user: StoredUser, now: datetime) -> StoredAssignment:
    """The assignment of a user by this model. What a person chose stays, while the model has that persona."""
    profile = read_profile(user.profile_json)
    made = _stored_assignment(assign(loaded.model, profile), profile, now)
    chosen = user.assignment
    if chosen is not None and chosen.manual and chosen.persona_id in loaded.model.by_id:
        return replace(made, persona_id=chosen.persona_id, manual=True)
    return made


def _write_back(store: Store, updates: Sequence[AssignmentUpdate]) -> None:
    try:
        store.update_assignments(updates)
    except StoreUnavailable:
        # The answer is right all the same, and the next reader will write it back.
        log.warning("assignments could not be written back")


def _stored_assignment(answer: Segmented, profile: Profile, now: datetime) -> StoredAssignment:
    unknown = sum(unknown_by_field(answer.warnings).values())
    return StoredAssignment(answer.persona.id, answer.model_version, now, False, told_values(profile), unknown)


def told_values(profile: Profile) -> int:
    """How many values of open fields a profile tells."""
    answers = (getattr(profile, spec.name) for spec in declared_fields(Profile) if spec.kind.name in _OPEN)
    return sum(1 if isinstance(answer, str) else len(answer) for answer in answers if answer is not None)


def _persona_ref(loaded: LoadedArtifact, assignment: StoredAssignment) -> PersonaRef:
    persona = loaded.model.by_id[assignment.persona_id]
    return PersonaRef(persona.id, persona.name)


def _confidence(answer: Assignment, assignment: StoredAssignment) -> float | None:
    """The chance of the persona that is told, which a person may have chosen; None in a model of format 1."""
    return None if answer.probabilities is None else answer.probabilities[assignment.persona_id]


def _found(
    loaded: LoadedArtifact, user_id: str, assignment: StoredAssignment | None, confidence: float | None
) -> FoundPersona:
    if assignment is None:
        return FoundPersona(user_id, "NOT_FOUND", None, None)
    return FoundPersona(user_id, "PRESENT", _persona_ref(loaded, assignment), confidence)
