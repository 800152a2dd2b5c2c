"""Use case: what a person writes of a persona. It follows the id from model to model, until it is taken back."""

from dataclasses import replace
from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from models.errors import SegmentsError
from models.storage.artifact import LoadedArtifact
from service.personas.catalogue import get_persona
from service.store.ports.personas import PersonaOverride, PersonaStore

UNNAMED = "somebody who gave no name"


class EditNeedsTag(SegmentsError):
    """An edit must say which state of the persona it is of."""


class EditStale(SegmentsError):
    """The persona is not any more as it was when its tag was given."""


class NameTaken(SegmentsError):
    """Another persona has that name."""


def _text(most: int) -> StringConstraints:
    # No control characters: what is written here is shown in many places.
    return StringConstraints(strip_whitespace=True, min_length=1, max_length=most, pattern=r"^[^\x00-\x1f\x7f]*$")


By = Annotated[str, _text(200)]
# Of several lines, perhaps; no database keeps NUL.
_NOTE = StringConstraints(strip_whitespace=True, min_length=1, max_length=2_000, pattern=r"^[^\x00]*$")


class PersonaPatch(BaseModel):
    """What to change (RFC 7396): a field that is left out stays; null goes back to what training made."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    name: Annotated[str, _text(80)] | None = None
    sentence: Annotated[str, _text(400)] | None = None
    note: Annotated[str, _NOTE] | None = None
    by: By | None = Field(default=None, description="Who writes it.")


def edit(
    personas: PersonaStore, loaded: LoadedArtifact, persona_id: str, patch: PersonaPatch, now: datetime
) -> None:
    """Keep what is written. Raises `PersonaNotFound`, `NameTaken`, `NotStorable` or `EditStale`."""
    get_persona(loaded, persona_id)
    _require_free(loaded, persona_id, patch.name)
    stored = personas.overrides().get(persona_id) or _no_override(persona_id, now)
    changes = {
        field: getattr(patch, field) for field in ("name", "sentence", "note") if field in patch.model_fields_set
    }
    by = patch.by or UNNAMED
    written = replace(stored, **changes, revision=stored.revision + 1, edited_at=now, edited_by=by)
    if not personas.put_override(written):
        raise EditStale(STALE)


def _no_override(persona_id: str, now: datetime) -> PersonaOverride:
    return PersonaOverride(
        persona_id=persona_id, name=None, sentence=None, note=None, revision=0, edited_at=now, edited_by=""
    )


STALE = "The persona has changed since; GET it again, and send its ETag as If-Match."


def _require_free(loaded: LoadedArtifact, persona_id: str, name: str | None) -> None:
    wanted = name.casefold() if name else None
    for persona in loaded.manifest.personas:
        if persona.id != persona_id and persona.name.casefold() == wanted:
            raise NameTaken(f"Persona {persona.id} has this name; names are unique within a model.")
