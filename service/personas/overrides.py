"""Use case: a person overrides texts of a persona. They follow its id from model to model until taken back.

The state that a patch names and the uniqueness of names are checked in the transaction that stores the override,
so that of two patches at once the second one sees the first.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from models.errors import SegmentsError
from models.storage.artifact import LoadedArtifact
from models.storage.persona_texts import with_texts
from service.personas.catalogue import get_persona
from service.personas.texts import By, Name, Note, Sentence, folded
from service.store.ports.personas import Overrides, PersonaOverride, PersonaStore

CHANGED_SINCE = "The persona has changed since; GET it again, and send its ETag as If-Match."


class IfMatchMissing(SegmentsError):
    """A patch must name the state of the persona that it changes."""


class PersonaChangedSince(SegmentsError):
    """The persona is in another state than the patch names."""


class NameTaken(SegmentsError):
    """Another persona has that name."""


class PersonaPatch(BaseModel):
    """What to change (RFC 7396): a field that is left out stays; null goes back to what training made."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    name: Name | None = None
    sentence: Sentence | None = None
    note: Note | None = None
    by: By | None = Field(default=None, description="For whom; a note. The record names the key.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """A patch of one persona by an actor. `is_of_state`: whether the patch was made for a model in this state."""

    persona_id: str
    patch: PersonaPatch
    actor: str
    now: datetime
    is_of_state: Callable[[LoadedArtifact], bool]


def override_persona(personas: PersonaStore, loaded: LoadedArtifact, edit: Edit) -> LoadedArtifact:
    """Store an override; the model with all overrides after it. `loaded`: the model without any.

    Raises `PersonaNotFound`, `NameTaken`, `NotStorable`, `PersonaChangedSince` or `StoreUnavailable`.
    """
    return with_texts(loaded, personas.change_override(lambda stored: _edited(loaded, stored, edit)))


def _edited(loaded: LoadedArtifact, stored: Overrides, edit: Edit) -> PersonaOverride:
    """The override that an edit makes of the stored ones."""
    current = with_texts(loaded, stored)
    get_persona(current, edit.persona_id)
    if not edit.is_of_state(current):
        raise PersonaChangedSince(CHANGED_SINCE)
    patch = edit.patch
    if patch.name is not None:
        _require_free_name(current, stored, edit.persona_id, patch.name)
    changes = {
        field: getattr(patch, field) for field in ("name", "sentence", "note") if field in patch.model_fields_set
    }
    before = stored.get(edit.persona_id) or _no_override(edit.persona_id, edit.now)
    by = edit.actor if patch.by is None else f"{edit.actor}, for {patch.by}"
    return replace(before, **changes, revision=before.revision + 1, edited_at=edit.now, edited_by=by)


def _no_override(persona_id: str, now: datetime) -> PersonaOverride:
    return PersonaOverride(
        persona_id=persona_id, name=None, sentence=None, note=None, revision=0, edited_at=now, edited_by=""
    )


def _require_free_name(
    current: LoadedArtifact, stored: Mapping[str, PersonaOverride], persona_id: str, name: str
) -> None:
    """Raise `NameTaken` for the name of another persona, also where only another model has that one."""
    names = {override.persona_id: override.name for override in stored.values() if override.name is not None}
    names |= {persona.id: persona.name for persona in current.manifest.personas}
    for other_id, other_name in names.items():
        if other_id != persona_id and folded(other_name) == folded(name):
            raise NameTaken(f"Persona {other_id} has this name; names are unique.")
