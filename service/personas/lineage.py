"""Use case: the lineage of a persona, version by version."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Lineage:
    """A persona through the versions that led to the active model, the latest first."""

    persona_id: str
    name: str
    status: Annotated[
        Literal["ACTIVE", "RETIRED"],
        Field(description="Whether the active model has it, or an earlier one had it."),
    ]
    items: tuple[LineageEntry, ...]
    model_version: str


def lineage(loaded: LoadedArtifact, persona_id: str) -> Lineage:
    """The lineage of a persona that the active model has or has retired. Raises `PersonaNotFound`."""
    manifest = loaded.manifest
    names = {persona.id: persona.name for persona in manifest.retired}
    names |= {persona.id: persona.name for persona in manifest.personas}
    if persona_id not in names:
        raise PersonaNotFound(
            "The active model neither has nor had such a persona; GET /personas lists those that it has."
        )
    entries = (
        LineageEntry(step.version, step.created_at, step.previous, passage)
        for step in reversed(_steps(loaded))
        for passage in step.passages
        if passage.persona_id == persona_id
    )
    status: Literal["ACTIVE", "RETIRED"] = "ACTIVE" if persona_id in loaded.model.by_id else "RETIRED"
    return Lineage(
        persona_id=persona_id,
        name=names[persona_id],
        status=status,
        items=tuple(entries),
        model_version=manifest.version,
    )


def _steps(loaded: LoadedArtifact) -> tuple[LineageStep, ...]:
    """The steps of the manifest; for a model of an older format its personas as born in it."""
    manifest = loaded.manifest
    if manifest.lineage:
        return manifest.lineage
    born = tuple(
        Passage(persona_id=persona.id, name=persona.name, fate="BORN", share=persona.share)
        for persona in manifest.personas
    )
    return (LineageStep(version=manifest.version, created_at=manifest.created_at, passages=born),)
