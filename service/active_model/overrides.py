"""A model with people's overrides of its personas laid over it: an override follows the persona's id, and wins."""

from collections.abc import Mapping
from dataclasses import replace
from itertools import count

from models.lineage import RetiredPersona
from models.persona import Persona
from models.segment_model import SegmentModel
from models.storage.artifact import LoadedArtifact
from service.store.ports.personas import PersonaOverride

Overrides = Mapping[str, PersonaOverride]


def with_overrides(loaded: LoadedArtifact, overrides: Overrides) -> LoadedArtifact:
    """The same model with the overrides, by persona id. Names stay unique: a generated name gives way."""
    if not overrides:
        return loaded
    manifest = loaded.manifest
    personas = _with_unique_names(
        tuple(_override(persona, overrides.get(persona.id)) for persona in manifest.personas)
    )
    retired = tuple(_override_retired(persona, overrides.get(persona.id)) for persona in manifest.retired)
    model = SegmentModel(loaded.model.version, loaded.model.scorer, personas)
    return replace(
        loaded, manifest=manifest.model_copy(update={"personas": personas, "retired": retired}), model=model
    )


def _override(persona: Persona, override: PersonaOverride | None) -> Persona:
    if override is None:
        return persona
    texts = {"name": override.name, "sentence": override.sentence, "note": override.note}
    changes = {field: text for field, text in texts.items() if text is not None}
    return persona.model_copy(update={**changes, "edited": tuple(changes)})


def _override_retired(persona: RetiredPersona, override: PersonaOverride | None) -> RetiredPersona:
    if override is None:
        return persona
    texts = {"name": override.name, "sentence": override.sentence}
    return persona.model_copy(update={field: text for field, text in texts.items() if text is not None})


def _with_unique_names(personas: tuple[Persona, ...]) -> tuple[Persona, ...]:
    """The personas, with a number after each generated name that a person gave to another persona."""
    names = {persona.name for persona in personas}
    overridden = {persona.name for persona in personas if "name" in persona.edited}
    return tuple(
        persona.model_copy(update={"name": _numbered(persona.name, names)})
        if persona.name in overridden and "name" not in persona.edited
        else persona
        for persona in personas
    )


def _numbered(name: str, taken: set[str]) -> str:
    return next(numbered for number in count(2) if (numbered := f"{name} {number}") not in taken)
