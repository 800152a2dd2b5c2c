"""The assignment that is stored with a user: how it is made, and when it is current.

It is whole: reading a user's persona needs neither the profiles nor the model's arithmetic.

The persona of a user with recipients is that of the mean of the probabilities of their profiles: of each
recipient's, completed with what the user said of themselves, and of their own, if any. The mean is the linear
opinion pool with equal weights (Stone, Annals of Mathematical Statistics 32, 1961).
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from pydantic import ValidationError

from models.profile import Profile
from models.profile.field_kinds import declared_fields
from models.profile.missing_words import is_missing_word
from models.segment_model import Assignment
from models.storage.artifact import LoadedArtifact
from service.segmenting.assignment import Segmented
from service.store.ports.users import (
    AssignedUser,
    Basis,
    StoredAssignment,
    StoredRecipient,
    StoredUser,
    UserStore,
)

_OPEN = ("categorical", "multi_label")


@dataclass(frozen=True, slots=True)
class UserAssignment:
    """What a model makes of a user: the assignment to store, and the probabilities by persona id.

    The probabilities are None for models that have none.
    """

    stored: StoredAssignment
    probabilities: Mapping[str, float] | None


def read_profile(text: str) -> Profile:
    """A stored profile; answers that no longer fit the profile's declaration count as missing."""
    try:
        return Profile.model_validate_json(text)
    except ValidationError as error:
        unfit = {str(item["loc"][0]) for item in error.errors() if item["loc"]}
    answers = json.loads(text)
    if not isinstance(answers, dict):
        return Profile()
    return Profile.model_validate({name: answers[name] for name in answers if name not in unfit})


def completed(recipient: Profile, own: Profile | None) -> Profile:
    """A recipient's profile with what the giver said of themselves, where it leaves that open."""
    if own is None:
        return recipient
    about_giver = (spec.name for spec in declared_fields(Profile) if spec.about == "giver")
    missing = {name: getattr(own, name) for name in about_giver if getattr(recipient, name) is None}
    return recipient.model_copy(update=missing) if missing else recipient


def answered_count(profile: Profile) -> int:
    """The number of values in the answers to open fields, without words for a missing answer."""
    answers = (getattr(profile, spec.name) or () for spec in declared_fields(Profile) if spec.kind.name in _OPEN)
    values = ((answer,) if isinstance(answer, str) else answer for answer in answers)
    return sum(not is_missing_word(value) for answer in values for value in answer)


def stored_assignment(
    assignment: Assignment | Segmented, profile: Profile, unknown_count: int, now: datetime
) -> StoredAssignment:
    """What is stored of an assignment. `unknown_count`: the values of the profile that the model does not know."""
    is_fallback = assignment.is_fallback if isinstance(assignment, Assignment) else assignment.basis == "FALLBACK"
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
        basis=Basis.FALLBACK if is_fallback else Basis.OWN_PROFILE,
    )


def assign_user(
    loaded: LoadedArtifact, user: StoredUser, recipients: Sequence[StoredRecipient], now: datetime
) -> UserAssignment:
    """What this model makes of a user, whatever a person chose. `recipients`: all of the user's."""
    own = None if user.profile_json is None else read_profile(user.profile_json)
    if not recipients:
        profile = own or Profile()
        assignment = loaded.model.assign(profile)
        stored = stored_assignment(assignment, profile, len(assignment.unknown_values), now)
        return UserAssignment(stored, assignment.probabilities)
    profiles = [read_profile(recipient.profile_json) for recipient in recipients]
    assignments = [loaded.model.assign(completed(profile, own)) for profile in profiles]
    if own is not None:
        assignments.append(loaded.model.assign(own))
        profiles.append(own)
    return _of_mean(loaded, assignments, sum(map(answered_count, profiles)), now)


def _of_mean(
    loaded: LoadedArtifact, assignments: Sequence[Assignment], answered: int, now: datetime
) -> UserAssignment:
    """The assignment by the mean of probabilities; a model without any has one vote a profile."""
    shares = [assignment.probabilities or {assignment.persona.id: 1.0} for assignment in assignments]
    mean = {
        persona_id: sum(share.get(persona_id, 0.0) for share in shares) / len(shares)
        for persona_id in loaded.model.by_id
    }
    # The first of the model's order, where two are equal.
    first, *rest = sorted(mean, key=lambda persona_id: -mean[persona_id])
    has_probabilities = loaded.model.scorer.has_probabilities
    is_fallback = all(assignment.is_fallback for assignment in assignments)
    stored = StoredAssignment(
        persona_id=first,
        model_version=loaded.manifest.version,
        assigned_at=now,
        answered_count=answered,
        unknown_count=sum(len(assignment.unknown_values) for assignment in assignments),
        confidence=mean[first] if has_probabilities else None,
        runner_up_id=rest[0] if rest and has_probabilities else None,
        margin=mean[first] - mean[rest[0]] if rest and has_probabilities else None,
        basis=Basis.FALLBACK if is_fallback else Basis.RECIPIENTS,
    )
    return UserAssignment(stored, mean if has_probabilities else None)


def assign_again(
    loaded: LoadedArtifact, user: StoredUser, recipients: Sequence[StoredRecipient], now: datetime
) -> StoredAssignment:
    """The assignment of a user by this model.

    What a person chose is used by every model that has that persona, and remembered by those that do not: a model
    that is tried and rolled back ends no choice.
    """
    choice = user.assignment.chosen_persona_id if user.assignment else None
    assignment = assign_as_chosen(loaded, user, recipients, choice if choice in loaded.model.by_id else None, now)
    return replace(assignment, chosen_persona_id=choice)


def assign_as_chosen(
    loaded: LoadedArtifact,
    user: StoredUser,
    recipients: Sequence[StoredRecipient],
    persona_id: str | None,
    now: datetime,
) -> StoredAssignment:
    """The assignment of a user to the persona that a person chose; with None, to the model's own."""
    result = assign_user(loaded, user, recipients, now)
    by_model = result.stored
    if persona_id is None:
        return by_model
    if persona_id == by_model.persona_id:
        return replace(by_model, manual=True, chosen_persona_id=persona_id)
    confidence = result.probabilities[persona_id] if result.probabilities else None
    # These belong to the model's own persona, and mean nothing beside another one.
    chosen = replace(by_model, persona_id=persona_id, manual=True, confidence=confidence)
    return replace(
        chosen, chosen_persona_id=persona_id, runner_up_id=None, margin=None, settled=None, typicality=None
    )


def is_current(loaded: LoadedArtifact, user: AssignedUser) -> bool:
    """Whether the assignment is this model's, and whole: older releases stored no confidence and no basis."""
    return (
        user.model_version == loaded.manifest.version
        and user.persona_id in loaded.model.by_id
        and user.basis is not None
        and (user.confidence is not None or not loaded.model.scorer.has_probabilities)
    )


def with_recipients(users: Iterable[StoredUser]) -> list[str]:
    """The ids of those users who have recipients."""
    return [user.user_id for user in users if user.recipient_count]


def recipients_of(users: UserStore, user: StoredUser | AssignedUser) -> list[StoredRecipient]:
    """The recipients of one user, in order of their ids; read where there are any."""
    return users.recipients([user.user_id]).get(user.user_id, []) if user.recipient_count else []
