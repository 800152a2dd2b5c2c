"""Use case: what a version would change against the active model."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from pydantic import Field

from models.errors import NoActiveModel
from models.persona import Persona
from models.profile import Profile
from models.scoring.columns import IntArray
from models.storage.artifact import LoadedArtifact
from models.storage.comparison import Comparison, PersonaChanges, persona_changes, same_ids
from models.storage.reading import read_comparison
from models.storage.registry import Registry
from service.store.ports.users import UserStore
from service.users.representatives import representatives
from service.users.stored_assignment import read_profile

COMPARED_USERS = 5_000
_BATCH = 1_000


@dataclass(frozen=True, slots=True)
class UsersMoved:
    """Stored users, as both models assign them. Personas of one id are the same."""

    users: Annotated[int, Field(description="Users who are stored.")]
    compared: Annotated[int, Field(description=f"How many of them were scored, at most {COMPARED_USERS}.")]
    moving: Annotated[int, Field(description="How many of those would change persona.")]
    personas: PersonaChanges


@dataclass(frozen=True, slots=True)
class VersionComparison:
    """What a version would change against the active model."""

    model_version: str
    against: Annotated[str, Field(description="The active version.")]
    users: Annotated[UsersMoved | None, Field(description="On stored users; null where there are none.")]
    training: Annotated[
        Comparison | None,
        Field(
            description="On the training data, against the model active at its training; null for a first version."
        ),
    ]


@dataclass(frozen=True, slots=True)
class UserSample:
    """The number of stored users, and the profiles of the first `COMPARED_USERS` of them as JSON."""

    count: int
    profiles: tuple[str, ...]


def read_sample(users: UserStore) -> UserSample:
    """The users to compare on. Waits for the store; raises `StoreUnavailable`."""
    profiles: list[str] = []
    for batch in representatives(users, _BATCH, seed=0):
        profiles += batch
        if len(profiles) >= COMPARED_USERS:
            break
    return UserSample(users.count() if profiles else 0, tuple(profiles[:COMPARED_USERS]))


def require_comparable(registry: Registry, active: LoadedArtifact | None, version: str) -> LoadedArtifact:
    """The active model. Raises `ModelNotFound` for the version, or `NoActiveModel`."""
    registry.folder(version)
    if active is None:
        raise NoActiveModel("There is no active model to compare with.")
    return active


def compare_with_active(
    users: UserSample, registry: Registry, active: LoadedArtifact | None, version: str
) -> VersionComparison:
    """What a version would change. Loads it, and scores users with both models, which takes seconds.

    Raises `ModelNotFound`, `NoActiveModel` or `ArtifactError`.
    """
    active = require_comparable(registry, active, version)
    loaded, folder = registry.load(version, Profile), registry.folder(version)
    return VersionComparison(
        model_version=version,
        against=active.manifest.version,
        users=_users_moved(users, active, loaded),
        training=read_comparison(folder, loaded.manifest),
    )


def _users_moved(users: UserSample, before: LoadedArtifact, after: LoadedArtifact) -> UsersMoved | None:
    if not users.profiles:
        return None
    profiles = [read_profile(text) for text in users.profiles]
    old, new = before.manifest.personas, _with_names_of(before, after)
    transitions = np.zeros((len(old), len(new)), np.int64)
    np.add.at(transitions, (_clusters(before, profiles), _clusters(after, profiles)), 1)
    changes = persona_changes(old, new, transitions, same_ids(old, new), 0.0)
    return UsersMoved(
        users=users.count,
        compared=len(profiles),
        moving=round(changes.changed_share * len(profiles)),
        personas=changes,
    )


def _with_names_of(before: LoadedArtifact, after: LoadedArtifact) -> Sequence[Persona]:
    """The personas of `after`, with the names that people gave to those of `before`."""
    names = {persona.id: persona.name for persona in before.manifest.personas if "name" in persona.edited}
    return [
        persona.model_copy(update={"name": names.get(persona.id, persona.name)})
        for persona in after.manifest.personas
    ]


def _clusters(loaded: LoadedArtifact, profiles: Sequence[Profile]) -> IntArray:
    scorer = loaded.model.scorer
    return scorer.scores(scorer.encoder.code(profiles)).clusters
