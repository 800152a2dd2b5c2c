"""The assignment that is kept with a stored profile: made, made again by another model, and whether it holds.

It is whole: who reads a user's persona needs neither the profile nor the model's arithmetic.
"""

import json
from dataclasses import replace
from datetime import datetime

from pydantic import ValidationError

from models.profile import Profile
from models.profile.field_kinds import declared_fields
from models.segment_model import Assignment
from models.storage.artifact import LoadedArtifact
from service.segmenting.assignment import Segmented
from service.store.ports.users import AssignedUser, StoredAssignment, StoredUser

_OPEN = ("categorical", "multi_label")


def read_profile(text: str) -> Profile:
    """A stored profile; answers that no longer fit the profile's declaration count as not given."""
    try:
        return Profile.model_validate_json(text)
    except ValidationError as error:
        unfit = {str(item["loc"][0]) for item in error.errors() if item["loc"]}
    answers = json.loads(text)
    return Profile.model_validate({name: answers[name] for name in answers if name not in unfit})


def answered_count(profile: Profile) -> int:
    """How many values of open fields a profile tells."""
    answers = (getattr(profile, spec.name) for spec in declared_fields(Profile) if spec.kind.name in _OPEN)
    return sum(1 if isinstance(answer, str) else len(answer) for answer in answers if answer is not None)


def stored_assignment(
    answer: Assignment | Segmented, profile: Profile, unknown_count: int, now: datetime
) -> StoredAssignment:
    """What is kept of an answer. `unknown_count`: how many of the profile's the model does not know."""
    return StoredAssignment(
        persona_id=answer.persona.id,
        model_version=answer.model_version,
        assigned_at=now,
        answered_count=answered_count(profile),
        unknown_count=unknown_count,
        confidence=answer.confidence,
        runner_up_id=None if answer.runner_up is None else answer.runner_up.id,
        margin=answer.margin,
        typicality=answer.typicality,
    )


def assign_again(loaded: LoadedArtifact, user: StoredUser, now: datetime) -> StoredAssignment:
    """The assignment of a user by this model. What a person chose stays, while the model has that persona."""
    chosen = user.assignment
    stays = chosen is not None and chosen.manual and chosen.persona_id in loaded.model.by_id
    return assign_as_chosen(loaded, user, chosen.persona_id if chosen and stays else None, now)


def assign_as_chosen(
    loaded: LoadedArtifact, user: StoredUser, persona_id: str | None, now: datetime
) -> StoredAssignment:
    """The assignment of a user to the persona that a person chose; with None, to the model's own."""
    profile = read_profile(user.profile_json)
    answer = loaded.model.assign(profile)
    made = stored_assignment(answer, profile, len(answer.unknown_values), now)
    if persona_id is None:
        return made
    if persona_id == made.persona_id:
        return replace(made, manual=True)
    confidence = answer.probabilities[persona_id] if answer.probabilities else None
    # Runner-up, margin and typicality are of the model's own persona, and say nothing of one that was chosen.
    chosen = replace(made, persona_id=persona_id, manual=True, confidence=confidence)
    return replace(chosen, runner_up_id=None, margin=None, typicality=None)


def is_current(loaded: LoadedArtifact, user: AssignedUser) -> bool:
    """Whether what is kept is this model's answer, and whole: a confidence was not always kept with it."""
    return (
        user.model_version == loaded.manifest.version
        and user.persona_id in loaded.model.by_id
        and (user.confidence is not None or loaded.model.scorer.imputation is None)
    )
