"""The assignment that is stored with a profile: how it is made, and when it is current.

It is whole: reading a user's persona needs neither the profile nor the model's arithmetic.
"""

import json
from dataclasses import replace
from datetime import datetime

from pydantic import ValidationError

from models.profile import Profile
from models.profile.field_kinds import declared_fields
from models.profile.missing_words import is_missing_word
from models.segment_model import Assignment
from models.storage.artifact import LoadedArtifact
from service.segmenting.assignment import Segmented
from service.store.ports.users import AssignedUser, StoredAssignment, StoredUser

_OPEN = ("categorical", "multi_label")


def read_profile(text: str) -> Profile:
    """A stored profile; answers that no longer fit the profile's declaration count as missing."""
    try:
        return Profile.model_validate_json(text)
    except ValidationError as error:
        unfit = {str(item["loc"][0]) for item in error.errors() if item["loc"]}
    answers = json.loads(text)
    return Profile.model_validate({name: answers[name] for name in answers if name not in unfit})


def answered_count(profile: Profile) -> int:
    """The number of values in the answers to open fields, without words for a missing answer."""
    answers = (getattr(profile, spec.name) or () for spec in declared_fields(Profile) if spec.kind.name in _OPEN)
    values = ((answer,) if isinstance(answer, str) else answer for answer in answers)
    return sum(not is_missing_word(value) for answer in values for value in answer)


def stored_assignment(
    assignment: Assignment | Segmented, profile: Profile, unknown_count: int, now: datetime
) -> StoredAssignment:
    """What is stored of an assignment. `unknown_count`: the values of the profile that the model does not know."""
    return StoredAssignment(
        persona_id=assignment.persona.id,
        model_version=assignment.model_version,
        assigned_at=now,
        answered_count=answered_count(profile),
        unknown_count=unknown_count,
        confidence=assignment.confidence,
        runner_up_id=None if assignment.runner_up is None else assignment.runner_up.id,
        margin=assignment.margin,
        settled=assignment.settled,
        typicality=assignment.typicality,
    )


def assign_again(loaded: LoadedArtifact, user: StoredUser, now: datetime) -> StoredAssignment:
    """The assignment of a user by this model.

    What a person chose is used by every model that has that persona, and remembered by those that do not: a model
    that is tried and rolled back ends no choice.
    """
    choice = user.assignment.chosen_persona_id if user.assignment else None
    assignment = assign_as_chosen(loaded, user, choice if choice in loaded.model.by_id else None, now)
    return replace(assignment, chosen_persona_id=choice)


def assign_as_chosen(
    loaded: LoadedArtifact, user: StoredUser, persona_id: str | None, now: datetime
) -> StoredAssignment:
    """The assignment of a user to the persona that a person chose; with None, to the model's own."""
    profile = read_profile(user.profile_json)
    assignment = loaded.model.assign(profile)
    by_model = stored_assignment(assignment, profile, len(assignment.unknown_values), now)
    if persona_id is None:
        return by_model
    if persona_id == by_model.persona_id:
        return replace(by_model, manual=True, chosen_persona_id=persona_id)
    confidence = assignment.probabilities[persona_id] if assignment.probabilities else None
    # These belong to the model's own persona, and mean nothing beside another one.
    chosen = replace(by_model, persona_id=persona_id, manual=True, confidence=confidence)
    return replace(
        chosen, chosen_persona_id=persona_id, runner_up_id=None, margin=None, settled=None, typicality=None
    )


def is_current(loaded: LoadedArtifact, user: AssignedUser) -> bool:
    """Whether the stored assignment is this model's, and whole: older releases stored no confidence."""
    return (
        user.model_version == loaded.manifest.version
        and user.persona_id in loaded.model.by_id
        and (user.confidence is not None or not loaded.model.scorer.has_probabilities)
    )
