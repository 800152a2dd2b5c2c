"""Use case: which persona is a profile? Frozen values in, frozen values out; microseconds, and nothing blocks."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from models.profile import Profile
from models.segment_model import SegmentModel
from models.terms import UnknownValue

# An answer must not be many times as long as the question.
MAX_WARNINGS = 50

Code = Literal["UNKNOWN_VALUE", "MORE_UNKNOWN_VALUES", "NO_MODEL"]


@dataclass(frozen=True, slots=True)
class PersonaRef:
    """A persona by id and name; `GET /personas/{id}` says the rest."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class AnswerWarning:
    """Something about the answer that is no error."""

    code: Code
    detail: str
    field: Annotated[str | None, Field(description="The profile field that it is about.")] = None
    value: Annotated[str | None, Field(description="The value as it was sent.")] = None


@dataclass(frozen=True, slots=True)
class Segmented:
    """The persona of a profile."""

    persona: PersonaRef
    distances: Annotated[
        dict[str, float],
        Field(description="Persona id → Euclidean distance in PCA units; the nearest is the persona."),
    ]
    model_version: str
    missing_fields: Annotated[tuple[str, ...], Field(description="Fields without an answer.")]
    warnings: tuple[AnswerWarning, ...]

    @property
    def unknown_fields(self) -> list[str]:
        """For each value that was not known, its field."""
        return [warning.field for warning in self.warnings if warning.field is not None]


@dataclass(frozen=True, slots=True)
class InvalidProfile:
    """A profile of a batch that does not fit: JSON pointers within it, and sentences."""

    errors: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the profile at that position of a batch."""

    index: int
    result: Segmented | None
    invalid: InvalidProfile | None


def assign(model: SegmentModel, profile: Profile) -> Segmented:
    """The persona of one profile."""
    answer = model.assign(profile)
    return Segmented(
        PersonaRef(answer.persona.id, answer.persona.name),
        answer.distances,
        answer.model_version,
        answer.missing_fields,
        unknown_value_warnings(answer.unknown_values) if answer.unknown_values else (),
    )


def assign_each(model: SegmentModel, profiles: Iterable[Profile | InvalidProfile]) -> tuple[Outcome, ...]:
    """Each profile's own outcome, in order, all from one model."""
    return tuple(_outcome(model, index, profile) for index, profile in enumerate(profiles))


def unknown_value_warnings(unknown: tuple[UnknownValue, ...]) -> tuple[AnswerWarning, ...]:
    """One warning a value; past `MAX_WARNINGS` one for all the rest."""
    told = [
        AnswerWarning(
            "UNKNOWN_VALUE",
            "The model does not know this value; it was left out.",
            item.field,
            item.value,
        )
        for item in unknown[:MAX_WARNINGS]
    ]
    if rest := len(unknown) - len(told):
        told.append(AnswerWarning("MORE_UNKNOWN_VALUES", f"{rest} more values are not known."))
    return tuple(told)


def _outcome(model: SegmentModel, index: int, profile: Profile | InvalidProfile) -> Outcome:
    if isinstance(profile, InvalidProfile):
        return Outcome(index, None, profile)
    return Outcome(index, assign(model, profile), None)
