"""Use case: a person overrides texts of a persona. They follow its id from model to model until taken back."""

from dataclasses import replace
from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from models.errors import SegmentsError
from models.storage.artifact import LoadedArtifact
from service.personas.catalogue import get_persona
from service.store.ports.personas import PersonaOverride, PersonaStore

UNNAMED = "somebody who gave no name"
CHANGED_SINCE = "The persona has changed since; GET it again, and send its ETag as If-Match."


class IfMatchMissing(SegmentsError):
    """A patch must name the state of the persona that it changes."""


class PersonaChangedSince(SegmentsError):
    """The persona is in another state than the patch names."""


class NameTaken(SegmentsError):
    """Another persona has that name."""


def _text(max_length: int) -> StringConstraints:
    # No control characters: these texts are shown in many places.
    return StringConstraints(
        strip_whitespace=True, min_length=1, max_length=max_length, pattern=r"^[^\x00-\x1f\x7f]*$"
    )


By = Annotated[str, _text(200)]
# It may have several lines, but no database stores NUL.
_NOTE = StringConstraints(strip_whitespace=True, min_length=1, max_length=2_000, pattern=r"^[^\x00]*$")


class PersonaPatch(BaseModel):
    """What to change (RFC 7396): a field that is left out stays; null goes back to what training made."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    name: Annotated[str, _text(80)] | None = None
    sentence: Annotated[str, _text(400)] | None = None
    note: Annotated[str, _NOTE] | None = None
    by: By | None = Field(default=None, description="Who writes it.")


def override_persona(
    personas: PersonaStore, loaded: LoadedArtifact, persona_id: str, patch: PersonaPatch, now: datetime
) -> None:
    """Store an override. Raises `PersonaNotFound`, `NameTaken`, `NotStorable` or `PersonaChangedSince`."""
    get_persona(loaded, persona_id)
    _require_free_name(loaded, persona_id, patch.name)
    stored = personas.overrides().get(persona_id) or _no_override(persona_id, now)
    changes = {
        field: getattr(patch, field) for field in ("name", "sentence", "note") if field in patch.model_fields_set
    }
    by = patch.by or UNNAMED
    changed = replace(stored, **changes, revision=stored.revision + 1, edited_at=now, edited_by=by)
    if not personas.put_override(changed):
        raise PersonaChangedSince(CHANGED_SINCE)


def _no_override(persona_id: str, now: datetime) -> PersonaOverride:
    return PersonaOverride(
        persona_id=persona_id, name=None, sentence=None, note=None, revision=0, edited_at=now, edited_by=""
    )


def _require_free_name(loaded: LoadedArtifact, persona_id: str, name: str | None) -> None:
    folded = name.casefold() if name else None
    for persona in loaded.manifest.personas:
        if persona.id != persona_id and persona.name.casefold() == folded:
            raise NameTaken(f"Persona {persona.id} has this name; names are unique within a model.")
