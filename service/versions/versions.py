"""Use cases: the versions of the model, what one would change, and which one is in force."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from models.errors import ArtifactError, NoActiveModel, SegmentsError
from models.lineage import Passage, RetiredPersona
from models.persona import Persona
from models.profile import Profile
from models.scoring.columns import IntArray
from models.storage.artifact import LoadedArtifact
from models.storage.comparison import Comparison, PersonaChanges, persona_changes, same_ids
from models.storage.manifest import Manifest, Origin, Verdict
from models.storage.reading import read_comparison
from models.storage.registry import Activation, Registry
from service.active_model.active_model import active_version
from service.paging import Page, cursor_number, decode_cursor
from service.personas.overrides import UNNAMED, By
from service.store.ports.users import UserStore
from service.users.stored_assignment import read_profile

log = logging.getLogger("service.versions")

COMPARED_USERS = 5_000
_BATCH = 1_000


class ActivationRefused(SegmentsError):
    """A version cannot be put in force: it does not verify."""


class ActivationRequest(BaseModel):
    """Why a version is put in force, and who does it."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1_000)] = Field(
        description="Why, for those who look later."
    )
    by: By | None = Field(default=None, description="Who does it.")


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """One version, as its manifest tells. `problem`: why it cannot be read; then nothing else is known."""

    version: str
    active: bool
    created_at: datetime | None = None
    previous: Annotated[str | None, Field(description="The version whose personas it carries on.")] = None
    origin: Origin | None = None
    personas: int | None = None
    choice_of_k: str | None = None
    passed: Annotated[bool | None, Field(description="Whether every verdict holds.")] = None
    verdicts: tuple[Verdict, ...] = ()
    metrics: dict[str, float | int | str | None] | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class PersonaShare:
    """A persona of a version, in short."""

    id: str
    name: str
    share: Annotated[float, Field(description="Its share of the training data, 0–1.")]


@dataclass(frozen=True, slots=True)
class ModelDetail:
    """One version whole: what it was made of, and what became of whom in it."""

    model: ModelVersion
    personas: tuple[PersonaShare, ...]
    passages: Annotated[tuple[Passage, ...], Field(description="What became of each persona in this version.")]
    retired: Annotated[tuple[RetiredPersona, ...], Field(description="Personas that are no more.")]
    configuration: dict[str, Any]


@dataclass(frozen=True, slots=True)
class VersionPage(Page[ModelVersion]):
    """A page of versions, the newest first, and the active version."""

    active: str | None


@dataclass(frozen=True, slots=True)
class ActivationPage(Page[Activation]):
    """A page of activations, the latest first."""

    items: tuple[Activation, ...]


@dataclass(frozen=True, slots=True)
class UsersMoved:
    """Stored users, as both models assign them. Personas of one id are the same."""

    users: Annotated[int, Field(description="Users who are stored.")]
    compared: Annotated[int, Field(description=f"How many of them were scored, at most {COMPARED_USERS}.")]
    moving: Annotated[int, Field(description="How many of those would change persona.")]
    personas: PersonaChanges


@dataclass(frozen=True, slots=True)
class VersionComparison:
    """What a version would change against the model in force."""

    model_version: str
    against: Annotated[str, Field(description="The version in force.")]
    users: Annotated[UsersMoved | None, Field(description="On stored users; null where there are none.")]
    training: Annotated[
        Comparison | None,
        Field(
            description="On the training data, against the model in force at its training; null of a first one."
        ),
    ]


def list_versions(registry: Registry, limit: int, cursor: str | None) -> VersionPage:
    """A page of versions. Raises `UnusableCursor`."""
    active = active_version(registry)
    versions = registry.versions()[::-1]
    if cursor is not None:
        (after,) = decode_cursor(cursor, 1)
        versions = [version for version in versions if version < after]
    page = Page[str].cut(versions, limit, lambda version: (version,))
    return VersionPage(
        items=tuple(_version(registry, version, active) for version in page.items),
        next_cursor=page.next_cursor,
        active=active,
    )


def get_version(registry: Registry, version: str) -> ModelDetail:
    """One version. Raises `ModelNotFound` or `ArtifactError`."""
    manifest = registry.manifest(version)
    step = manifest.lineage[-1] if manifest.lineage else None
    return ModelDetail(
        _told(manifest, active_version(registry)),
        tuple(PersonaShare(each.id, each.name, each.share) for each in manifest.personas),
        step.passages if step else (),
        manifest.retired,
        manifest.configuration,
    )


def compare_with_active(
    users: UserStore, registry: Registry, in_force: LoadedArtifact | None, version: str
) -> VersionComparison:
    """What a version would change. Loads it, and scores stored users with both models: seconds, not more.

    Raises `ModelNotFound`, `NoActiveModel`, `ArtifactError` or `StoreUnavailable`.
    """
    folder = registry.folder(version)
    if in_force is None:
        raise NoActiveModel("There is no model in force to compare with.")
    loaded = registry.load(version, Profile)
    training = read_comparison(folder, loaded.manifest)
    return VersionComparison(version, in_force.manifest.version, _users_moved(users, in_force, loaded), training)


def activate(registry: Registry, version: str, asked: ActivationRequest) -> Activation:
    """Verify a version whole and put it in force: promotion and rollback are the same.

    A version that is in force already stays so, and nothing is kept. Raises `ModelNotFound`,
    `ActivationRefused` or `ArtifactNotWritten`.
    """
    registry.folder(version)
    latest = next(iter(registry.activations()), None)
    if version == active_version(registry) and latest is not None and latest.version == version:
        return latest
    try:
        registry.load(version, Profile)
    except ArtifactError as error:
        raise ActivationRefused(f"{error} The model in force was left as it is.") from error
    activation = registry.activate(version, asked.by or UNNAMED, asked.reason)
    log.info(
        "a model was put in force",
        extra={"fields": {"model_version": version, "previous": activation.previous}},
    )
    return activation


def list_activations(registry: Registry, limit: int, cursor: str | None) -> ActivationPage:
    """A page of activations. Raises `UnusableCursor`."""
    activations = registry.activations()
    if cursor is not None:
        # The cursor counts the older ones that remain, so that new activations shift nothing.
        remaining = cursor_number(*decode_cursor(cursor, 1))
        activations = activations[max(len(activations) - remaining, 0) :]
    return ActivationPage.cut(activations, limit, lambda _: (str(len(activations) - limit),))


def _version(registry: Registry, version: str, active: str | None) -> ModelVersion:
    try:
        return _told(registry.manifest(version), active)
    except SegmentsError as error:
        return ModelVersion(version, version == active, problem=str(error))


def _told(manifest: Manifest, active: str | None) -> ModelVersion:
    return ModelVersion(
        version=manifest.version,
        active=manifest.version == active,
        created_at=manifest.created_at,
        previous=manifest.previous,
        origin=manifest.origin,
        personas=len(manifest.personas),
        choice_of_k=manifest.choice_of_k,
        passed=manifest.passed,
        verdicts=manifest.verdicts,
        metrics=manifest.metrics,
    )


def _users_moved(users: UserStore, before: LoadedArtifact, after: LoadedArtifact) -> UsersMoved | None:
    profiles = _profiles(users)
    if not profiles:
        return None
    old, new = _named(before, after)
    table = np.zeros((len(old), len(new)), np.int64)
    np.add.at(table, (_clusters(before, profiles), _clusters(after, profiles)), 1)
    changes = persona_changes(old, new, table, same_ids(old, new), 0.0)
    moving = round(changes.changed_share * len(profiles))
    return UsersMoved(users.count(), len(profiles), moving, changes)


def _named(before: LoadedArtifact, after: LoadedArtifact) -> tuple[Sequence[Persona], Sequence[Persona]]:
    """Both models' personas; names that people gave to those in force are theirs in the other, too."""
    names = {each.id: each.name for each in before.manifest.personas if "name" in each.edited}
    renamed = [each.model_copy(update={"name": names.get(each.id, each.name)}) for each in after.manifest.personas]
    return before.manifest.personas, renamed


def _profiles(users: UserStore) -> list[Profile]:
    profiles: list[Profile] = []
    for batch in users.iterate(_BATCH):
        profiles += [read_profile(user.profile_json) for user in batch]
        if len(profiles) >= COMPARED_USERS:
            break
    return profiles[:COMPARED_USERS]


def _clusters(loaded: LoadedArtifact, profiles: Sequence[Profile]) -> IntArray:
    scorer = loaded.model.scorer
    return scorer.scores(scorer.encoder.code(profiles)).clusters
