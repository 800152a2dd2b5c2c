"""Use case: where a persona comes from, and what became of it, version by version."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from models.lineage import LineageStep, Passage
from models.storage.artifact import LoadedArtifact
from service.personas.catalogue import PersonaNotFound


@dataclass(frozen=True, slots=True)
class LineageEntry:
    """What became of the persona in one version."""

    model_version: str
    created_at: datetime
    previous: Annotated[str | None, Field(description="The version that it was matched with.")]
    passage: Passage


@dataclass(frozen=True, slots=True)
class Lineage:
    """A persona through the versions that led to the model in force, the latest first."""

    persona_id: str
    name: str
    status: Annotated[
        Literal["ACTIVE", "RETIRED"], Field(description="Whether the model in force has it, or had it once.")
    ]
    items: tuple[LineageEntry, ...]
    model_version: str


def lineage(loaded: LoadedArtifact, persona_id: str) -> Lineage:
    """The lineage of a persona that the model in force has or has retired. Raises `PersonaNotFound`."""
    manifest = loaded.manifest
    names = {each.id: each.name for each in manifest.retired}
    names |= {each.id: each.name for each in manifest.personas}
    if persona_id not in names:
        raise PersonaNotFound(
            "The model in force neither has nor had such a persona; GET /personas lists those that it has."
        )
    entries = (
        LineageEntry(step.version, step.created_at, step.previous, passage)
        for step in reversed(_steps(loaded))
        for passage in step.passages
        if passage.persona_id == persona_id
    )
    status: Literal["ACTIVE", "RETIRED"] = "ACTIVE" if persona_id in loaded.model.by_id else "RETIRED"
    return Lineage(persona_id, names[persona_id], status, tuple(entries), manifest.version)


def _steps(loaded: LoadedArtifact) -> tuple[LineageStep, ...]:
    """The manifest's; of a model made before there was a lineage, its personas as new."""
    manifest = loaded.manifest
    if manifest.lineage:
        return manifest.lineage
    born = tuple(
        Passage(persona_id=each.id, name=each.name, fate="BORN", share=each.share) for each in manifest.personas
    )
    return (LineageStep(version=manifest.version, created_at=manifest.created_at, passages=born),)
