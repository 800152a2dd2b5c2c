"""Use cases: a user's profile kept and assigned; the persona of one user or of many, from the model in force.

What is stored is the profile as it was sent. An assignment by another model than the one in force is never
told: it is made again from the stored profile, told, and written back unless the profile has changed since.
"""

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from models.artifact import LoadedArtifact
from models.errors import SegmentsError
from models.profile import Profile
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
)
from service.store.base import AssignmentUpdate, Store, StoredAssignment, StoredUser, StoreUnavailable

log = logging.getLogger(__name__)

Revision = Annotated[int, Field(description="How often the profile has been written, from 1.")]


class UserNotFound(SegmentsError):
    """No profile is stored for that user."""


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
    stored = store.put_user(user_id, text, now, _stored_assignment(answer, now) if answer else None)
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
    user = store.get_user(user_id)
    if user is None:
        raise UserNotFound("No profile is stored for this user; PUT /users/{user_id}/profile stores one.")
    assignment = _up_to_date(store, loaded, [user], now)[user_id]
    sure = assign(loaded.model, read_profile(user.profile_json))
    return UserPersona(
        user_id,
        _persona_ref(loaded, assignment),
        sure.confidence,
        sure.runner_up,
        sure.margin,
        sure.typicality,
        sure.is_outlier,
        assignment.model_version,
        assignment.assigned_at,
        user.revision,
        user.profile_updated_at,
    )


def get_personas_of(store: Store, loaded: LoadedArtifact, user_ids: Sequence[str], now: datetime) -> FoundPersonas:
    """The personas of many users, in the order asked; an id asked for twice is answered twice."""
    users = store.get_users(list(dict.fromkeys(user_ids)))
    assignments = _up_to_date(store, loaded, list(users.values()), now)
    sure = {user_id: _confidence(loaded, user) for user_id, user in users.items()}
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
        AssignmentUpdate(user.user_id, user.revision, _assign_again(loaded, user, now))
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


def _assign_again(loaded: LoadedArtifact, user: StoredUser, now: datetime) -> StoredAssignment:
    return _stored_assignment(assign(loaded.model, read_profile(user.profile_json)), now)


def _write_back(store: Store, updates: Sequence[AssignmentUpdate]) -> None:
    try:
        store.update_assignments(updates)
    except StoreUnavailable:
        # The answer is right all the same, and the next reader will write it back.
        log.warning("assignments could not be written back")


def _stored_assignment(answer: Segmented, now: datetime) -> StoredAssignment:
    return StoredAssignment(answer.persona.id, answer.model_version, now)


def _persona_ref(loaded: LoadedArtifact, assignment: StoredAssignment) -> PersonaRef:
    persona = loaded.model.by_id[assignment.persona_id]
    return PersonaRef(persona.id, persona.name)


def _confidence(loaded: LoadedArtifact, user: StoredUser) -> float | None:
    """Made anew from the stored profile: only the persona itself is kept."""
    return loaded.model.assign(read_profile(user.profile_json)).confidence


def _found(
    loaded: LoadedArtifact, user_id: str, assignment: StoredAssignment | None, confidence: float | None
) -> FoundPersona:
    if assignment is None:
        return FoundPersona(user_id, "NOT_FOUND", None, None)
    return FoundPersona(user_id, "PRESENT", _persona_ref(loaded, assignment), confidence)
