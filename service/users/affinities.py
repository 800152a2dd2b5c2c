"""Use case: what to offer a user: the personas' affinities, weighted by the user's probabilities."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from models.persona import GiftAffinity
from models.storage.artifact import LoadedArtifact
from service.personas.affinities import (
    AffinitiesNotCounted,
    BlendedAffinity,
    NoSuchAffinities,
    affinities_of,
    blended,
)
from service.segmenting.assignment import Probabilities
from service.store.ports.users import StoredUser, UserStore, as_summary
from service.users.personas import Reading, Status
from service.users.profiles import UserNotFound, UserOptedOut
from service.users.stored_assignment import UserAssignment, assign_user, recipients_of


@dataclass(frozen=True, slots=True, kw_only=True)
class UserAffinities:
    """What a user's personas answer more often than everyone, the surest first."""

    user_id: str
    status: Status
    field: Annotated[str | None, Field(description="The field; null for the gift categories of all gift fields.")]
    items: Annotated[
        tuple[BlendedAffinity, ...], Field(description="By the lower end of the lift's interval, descending.")
    ]
    probabilities: Annotated[
        Probabilities,
        Field(description="Persona id → its weight; 1 for the one persona of a model without probabilities."),
    ]
    model_version: str


def affinities_of_user(
    users: UserStore, loaded: LoadedArtifact, user_id: str, field: str | None, reading: Reading
) -> UserAffinities:
    """The affinities of a user, whatever persona a person chose for them.

    With `reading.fallback` a stranger has those by an empty profile. Raises `UserNotFound`, `UserOptedOut`,
    `AffinitiesNotCounted` or `NoSuchAffinities`.
    """
    user = users.get(user_id)
    if user is None and not reading.fallback:
        raise UserNotFound
    if user is not None and user.opted_out:
        raise UserOptedOut
    assigned = _assign(users, loaded, user_id, user, reading)
    weights = dict(assigned.probabilities or {assigned.stored.persona_id: 1.0})
    if user is None:
        status: Status = "FALLBACK"
    else:
        status = reading.status_of(as_summary(user)._replace(basis=assigned.stored.basis, manual=False))
    return UserAffinities(
        user_id=user_id,
        status=status,
        field=field,
        items=blended(loaded, weights, field),
        probabilities=weights,
        model_version=loaded.manifest.version,
    )


def gifts_by_persona(loaded: LoadedArtifact) -> Mapping[str, tuple[GiftAffinity, ...]]:
    """The surest gift categories of each persona, for responses about many users.

    Those of training's own list, which has no intervals, where a model's affinities were not counted.
    """
    try:
        return {
            persona_id: tuple(
                GiftAffinity(category=item.value, share=item.share, lift=item.lift)
                for item in affinities_of(loaded, persona_id)
            )
            for persona_id in loaded.model.by_id
        }
    except (AffinitiesNotCounted, NoSuchAffinities):
        return {persona.id: tuple(persona.gift_affinities) for persona in loaded.manifest.personas}


def _assign(
    users: UserStore, loaded: LoadedArtifact, user_id: str, user: StoredUser | None, reading: Reading
) -> UserAssignment:
    if user is None:
        user = StoredUser(
            user_id=user_id, profile_json=None, revision=0, profile_updated_at=reading.now, assignment=None
        )
    return assign_user(loaded, user, recipients_of(users, user), reading.now)
