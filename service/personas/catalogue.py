"""Use cases: the personas of the active model, and its vocabulary."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any

from pydantic import BaseModel, Field

from models.errors import SegmentsError
from models.lineage import RetiredPersona
from models.persona import Persona
from models.profile import Profile
from models.profile.field_kinds import FieldSpec, KindName, Whom, declared_fields
from models.profile.voice import Voice
from models.scoring.encoder import FieldEncoding
from models.storage.artifact import LoadedArtifact
from service.paging import Page, cursor_number, decode_cursor


class PersonaNotFound(SegmentsError):
    """The active model has no persona of that id."""


class StaleCursor(SegmentsError):
    """The cursor was made for the personas of another model."""


class ListedPersona(Persona):
    """A persona of the catalogue."""

    users: int | None = Field(
        description="Stored users who are of it now; `size` counts profiles in training. Null while the store "
        "does not respond."
    )


@dataclass(frozen=True, slots=True)
class PersonaPage(Page[ListedPersona]):
    """A page of personas, the largest first."""

    items: tuple[ListedPersona, ...]
    model_version: str
    simulated: Annotated[bool, Field(description="Whether the model was made from simulated profiles.")]
    origin: Annotated[str, Field(description="Where the training data came from, in one sentence.")]
    retired: Annotated[
        tuple[RetiredPersona, ...], Field(description="Personas that are no more; their ids are never used again.")
    ] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldVocabulary:
    """One field of the profile: which answers are valid, and which values the model knows."""

    name: str
    title: str
    kind: KindName
    about: Annotated[
        Whom,
        Field(description="Whom or what an answer is about: the giver, whose profile it is, recipient or gift."),
    ]
    description: str
    values: Annotated[
        tuple[str, ...],
        Field(description="The values that the model knows, most common first; any spelling is understood."),
    ]
    levels: Annotated[tuple[str, ...], Field(description="Of a closed field: all that may be sent, lowest first.")]
    minimum: int | float | None
    maximum: int | float | None
    max_items: int | None
    max_length: Annotated[int | None, Field(description="Of each value, in characters.")]


@dataclass(frozen=True, slots=True)
class VocabularyAnswer:
    """The fields of a profile, in the order that suits a form."""

    fields: tuple[FieldVocabulary, ...]
    model_version: str
    simulated: Annotated[bool, Field(description="Whether the model was made from simulated profiles.")]


def list_personas(
    loaded: LoadedArtifact,
    users: Mapping[str, int] | None,
    limit: int,
    cursor: str | None,
    voice: Voice = "analyst",
) -> PersonaPage:
    """A page of the catalogue, in a voice. `users`: stored now, by persona id; None: not known.

    Raises `UnusableCursor` or `StaleCursor`.
    """
    version = loaded.manifest.version
    personas = sorted(loaded.manifest.personas, key=lambda persona: (-persona.size, persona.id))
    start = 0 if cursor is None else _position(cursor, version)
    page = Page[Persona].cut(personas[start:], limit, lambda _: (version, str(start + limit)))
    return PersonaPage(
        items=tuple(_listed(_in_voice(loaded, persona, voice), users) for persona in page.items),
        next_cursor=page.next_cursor,
        model_version=version,
        simulated=loaded.manifest.origin.simulated,
        origin=loaded.manifest.origin.description,
        retired=loaded.manifest.retired,
    )


def _listed(persona: Persona, users: Mapping[str, int] | None) -> ListedPersona:
    count = None if users is None else users.get(persona.id, 0)
    return ListedPersona.model_construct(
        **{name: getattr(persona, name) for name in Persona.model_fields}, users=count
    )


def get_persona(loaded: LoadedArtifact, persona_id: str, voice: Voice = "analyst") -> Persona:
    """One persona of the active model, in a voice. Raises `PersonaNotFound`."""
    persona = loaded.model.by_id.get(persona_id)
    if persona is None:
        raise PersonaNotFound("The active model has no such persona; GET /personas lists those that it has.")
    return _in_voice(loaded, persona, voice)


def _in_voice(loaded: LoadedArtifact, persona: Persona, voice: Voice) -> Persona:
    """The persona with its generated texts in a voice; what a person wrote stays as it is."""
    texts = loaded.manifest.giver_texts.get(persona.id) if voice == "giver" else None
    if texts is None:
        return persona
    traits = tuple(
        trait.model_copy(update={"sentence": sentence})
        for trait, sentence in zip(persona.traits, texts.traits, strict=True)
    )
    sentence = persona.sentence if "sentence" in persona.edited else texts.sentence
    return persona.model_copy(update={"sentence": sentence, "traits": traits})


def vocabulary(loaded: LoadedArtifact) -> VocabularyAnswer:
    """Every field of `Profile`, with the values that the model knows."""
    encodings = {encoding.name: encoding for encoding in loaded.model.encoder.fields}
    fields = tuple(_field(spec, encodings.get(spec.name)) for spec in declared_fields(Profile))
    manifest = loaded.manifest
    return VocabularyAnswer(fields, manifest.version, manifest.origin.simulated)


def _position(cursor: str, version: str) -> int:
    made_for, position = decode_cursor(cursor, 2)
    if made_for != version:
        raise StaleCursor("Another model has been activated since; ask for the first page again.")
    return cursor_number(position)


def _field(spec: FieldSpec, encoding: FieldEncoding | None) -> FieldVocabulary:
    info = Profile.model_fields[spec.name]
    schema = _answer_schemas(Profile)[spec.name]
    items = schema.get("items", schema)
    return FieldVocabulary(
        name=spec.name,
        title=spec.title,
        kind=spec.kind.name,
        about=spec.about,
        description=info.description or "",
        values=() if encoding is None or encoding.is_number else encoding.values,
        levels=spec.levels,
        minimum=schema.get("minimum"),
        maximum=schema.get("maximum"),
        max_items=schema.get("maxItems"),
        max_length=items.get("maxLength"),
    )


@cache
def _answer_schemas(profile_class: type[BaseModel]) -> dict[str, dict[str, Any]]:
    """The JSON schema of an answer to each field: it has the limits of numbers, lists and texts."""
    properties = profile_class.model_json_schema()["properties"]
    return {name: _answer_schema(schema) for name, schema in properties.items()}


def _answer_schema(schema: dict[str, Any]) -> dict[str, Any]:
    choices: list[dict[str, Any]] = schema.get("anyOf", [schema])
    return next(choice for choice in choices if choice.get("type") != "null")
