"""A model with what people have written of its personas: edits follow the id, from model to model, and win."""

from collections.abc import Mapping
from dataclasses import replace
from itertools import count

from models.lineage import RetiredPersona
from models.persona import Persona
from models.segment_model import SegmentModel
from models.storage.artifact import LoadedArtifact
from service.store.ports.personas import PersonaOverride

Edits = Mapping[str, PersonaOverride]


def with_edits(loaded: LoadedArtifact, edits: Edits) -> LoadedArtifact:
    """The same model, its personas as people have edited them. Names are unique: a made one gives way."""
    if not edits:
        return loaded
    personas = _unique(tuple(_edited(each, edits.get(each.id)) for each in loaded.manifest.personas))
    retired = tuple(_named(each, edits.get(each.id)) for each in loaded.manifest.retired)
    manifest = loaded.manifest.model_copy(update={"personas": personas, "retired": retired})
    model = SegmentModel(loaded.model.version, loaded.model.scorer, personas)
    return replace(loaded, manifest=manifest, model=model)


def _edited(persona: Persona, edit: PersonaOverride | None) -> Persona:
    if edit is None:
        return persona
    written = {"name": edit.name, "sentence": edit.sentence, "note": edit.note}
    changes = {field: text for field, text in written.items() if text is not None}
    return persona.model_copy(update={**changes, "edited": tuple(changes)})


def _named(persona: RetiredPersona, edit: PersonaOverride | None) -> RetiredPersona:
    if edit is None:
        return persona
    written = {"name": edit.name, "sentence": edit.sentence}
    return persona.model_copy(update={field: text for field, text in written.items() if text is not None})


def _unique(personas: tuple[Persona, ...]) -> tuple[Persona, ...]:
    """A number after a made name that a person gave to another persona."""
    taken = {persona.name for persona in personas if "name" in persona.edited}
    return tuple(
        persona
        if "name" in persona.edited or persona.name not in taken
        else persona.model_copy(update={"name": _numbered(persona.name, taken | {p.name for p in personas})})
        for persona in personas
    )


def _numbered(name: str, taken: set[str]) -> str:
    return next(numbered for number in count(2) if (numbered := f"{name} {number}") not in taken)
