"""Use cases: the versions of the model, as a list and one by one."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from models.errors import SegmentsError
from models.lineage import Passage, RetiredPersona
from models.storage.manifest import Manifest, Origin, Outcome, Verdict
from models.storage.registry import Registry
from service.active_model.active_model import active_version
from service.paging import Page, decode_cursor


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelVersion:
    """One version, as its manifest describes it. `problem`: why it cannot be read; then nothing else is known."""

    version: str
    active: bool
    created_at: datetime | None = None
    previous: Annotated[str | None, Field(description="The version whose personas it carries on.")] = None
    origin: Origin | None = None
    personas: int | None = None
    choice_of_k: str | None = None
    outcome: Annotated[
        Outcome | None,
        Field(
            description="Of all checks: 'failed' where one failed, otherwise 'not_judged' where one could not be "
            "made. Only 'failed' blocks an automatic activation."
        ),
    ] = None
    passed: Annotated[
        bool | None,
        Field(description="Whether every check passed; null where none failed but not all could be made."),
    ] = None
    verdicts: tuple[Verdict, ...] = ()
    metrics: dict[str, float | int | str | None] | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class PersonaShare:
    """A persona of a version, in short."""

    id: str
    name: str
    share: Annotated[float, Field(description="Its share of the training data, 0–1.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelDetail:
    """One version in detail: its data and configuration, its personas, and what became of each in it."""

    model: ModelVersion
    personas: tuple[PersonaShare, ...]
    passages: Annotated[tuple[Passage, ...], Field(description="What became of each persona in this version.")]
    retired: Annotated[tuple[RetiredPersona, ...], Field(description="Personas that are no more.")]
    configuration: dict[str, Any]


@dataclass(frozen=True, slots=True)
class VersionPage(Page[ModelVersion]):
    """A page of versions, the newest first, and the active version."""

    active: str | None


def list_versions(registry: Registry, limit: int, cursor: str | None) -> VersionPage:
    """A page of versions. Raises `UnusableCursor`."""
    active = active_version(registry)
    versions = registry.versions()[::-1]
    if cursor is not None:
        (after,) = decode_cursor(cursor, 1)
        versions = [version for version in versions if version < after]
    page = Page[str].cut(versions, limit, lambda version: (version,))
    return VersionPage(
        items=tuple(_read_version(registry, version, active) for version in page.items),
        next_cursor=page.next_cursor,
        active=active,
    )


def get_version(registry: Registry, version: str) -> ModelDetail:
    """One version. Raises `ModelNotFound` or `ArtifactError`."""
    manifest = registry.manifest(version)
    step = manifest.lineage[-1] if manifest.lineage else None
    return ModelDetail(
        model=_model_version(manifest, active_version(registry)),
        personas=tuple(PersonaShare(persona.id, persona.name, persona.share) for persona in manifest.personas),
        passages=step.passages if step else (),
        retired=manifest.retired,
        configuration=manifest.configuration,
    )


def _read_version(registry: Registry, version: str, active: str | None) -> ModelVersion:
    try:
        return _model_version(registry.manifest(version), active)
    except SegmentsError as error:
        return ModelVersion(version=version, active=version == active, problem=str(error))


def _model_version(manifest: Manifest, active: str | None) -> ModelVersion:
    return ModelVersion(
        version=manifest.version,
        active=manifest.version == active,
        created_at=manifest.created_at,
        previous=manifest.previous,
        origin=manifest.origin,
        personas=len(manifest.personas),
        choice_of_k=manifest.choice_of_k,
        outcome=manifest.outcome,
        passed={"passed": True, "failed": False, "not_judged": None}[manifest.outcome],
        verdicts=manifest.verdicts,
        metrics=manifest.metrics,
    )
