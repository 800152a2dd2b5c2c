"""People's texts for personas: a name, a sentence, a note. They follow the persona's id, and win over training's.

The service's database holds them. It writes them beside the versions as well, into `persona-texts.json`, so that
training's reports, comparisons and scored files call a persona what people call it.
"""

from collections.abc import Mapping
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Final, Protocol

from pydantic import BaseModel, ConfigDict, ValidationError

from models.errors import ArtifactDamaged, ArtifactNotWritten
from models.lineage import RetiredPersona
from models.persona import Persona
from models.segment_model import SegmentModel
from models.storage.artifact import LoadedArtifact
from models.storage.files import replace_file

TEXTS: Final = "persona-texts.json"


class Texts(Protocol):
    """What people wrote for a persona; None where training's text stands."""

    @property
    def name(self) -> str | None:
        """The persona's name."""

    @property
    def sentence(self) -> str | None:
        """Who they are, in a sentence."""

    @property
    def note(self) -> str | None:
        """A note."""


class PersonaTexts(BaseModel):
    """The texts of one persona in the file."""

    model_config = ConfigDict(frozen=True)

    name: str | None = None
    sentence: str | None = None
    note: str | None = None


class _File(BaseModel):
    model_config = ConfigDict(frozen=True)

    format: int = 1
    personas: dict[str, PersonaTexts] = {}


def read_texts(root: Path) -> dict[str, PersonaTexts]:
    """The texts beside the versions in `root`, by persona id; empty where there are none.

    Raises `ArtifactDamaged` where the file is damaged.
    """
    path = root / TEXTS
    try:
        return _File.model_validate_json(path.read_bytes()).personas
    except FileNotFoundError:
        return {}
    except (OSError, ValidationError) as error:
        raise ArtifactDamaged(f"{path} cannot be read; delete it, and the service writes it again.") from error


def write_texts(root: Path, texts: Mapping[str, Texts]) -> None:
    """Write the texts beside the versions in `root`, unless the file holds them already.

    A reader sees the whole file or the one before. Raises `ArtifactNotWritten`.
    """
    personas = {
        persona_id: PersonaTexts(name=text.name, sentence=text.sentence, note=text.note)
        for persona_id, text in sorted(texts.items())
    }
    content = (_File(personas=personas).model_dump_json(indent=1) + "\n").encode()
    path = root / TEXTS
    try:
        if path.read_bytes() == content if path.exists() else not personas:
            return
        replace_file(path, content)
    except OSError as error:
        raise ArtifactNotWritten(f"Cannot write {path}: {error.strerror}.") from error


def with_texts(loaded: LoadedArtifact, texts: Mapping[str, Texts]) -> LoadedArtifact:
    """The same model with people's texts, by persona id. Names stay unique: a generated name gives way."""
    if not texts:
        return loaded
    manifest = loaded.manifest
    personas = unique_names(
        tuple(persona_with_text(persona, texts.get(persona.id)) for persona in manifest.personas)
    )
    retired = tuple(_with_text_retired(persona, texts.get(persona.id)) for persona in manifest.retired)
    model = SegmentModel(loaded.model.version, loaded.model.scorer, personas)
    return replace(
        loaded, manifest=manifest.model_copy(update={"personas": personas, "retired": retired}), model=model
    )


def persona_with_text(persona: Persona, text: Texts | None) -> Persona:
    """The persona as people call it."""
    if text is None:
        return persona
    changes = _written(text, "name", "sentence", "note")
    return persona.model_copy(update={**changes, "edited": tuple(changes)})


def _with_text_retired(persona: RetiredPersona, text: Texts | None) -> RetiredPersona:
    if text is None:
        return persona
    return persona.model_copy(update=_written(text, "name", "sentence"))


def _written(text: Texts, *fields: str) -> dict[str, str]:
    """Those of these fields that people wrote."""
    return {field: value for field in fields if (value := getattr(text, field)) is not None}


def unique_names(personas: tuple[Persona, ...]) -> tuple[Persona, ...]:
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
