"""Use case: which persona is a profile? Frozen values in, frozen values out; microseconds, and nothing blocks."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Annotated, Literal

from pydantic import Field

from models.profile import Profile
from models.scoring.answer_rows import UnknownValue
from models.scoring.reasons import explain
from models.segment_model import SegmentModel
from service.segmenting.next_question import QuestionBody, questions_of

# An answer must not be many times as long as the question.
MAX_WARNINGS = 50
# For so many unknown values of a profile the nearest known ones are looked for.
MAX_SUGGESTED = 10

# Of a profile's JSON, in bytes or characters: ten times those of one in which everything is answered. What is
# longer is not for an event loop.
LONG = 16_384

Code = Literal["UNKNOWN_VALUE", "MORE_UNKNOWN_VALUES", "NO_MODEL"]


@dataclass(frozen=True, slots=True)
class PersonaRef:
    """A persona by id and name; `GET /personas/{id}` says the rest."""

    id: str
    name: str


Probabilities = Annotated[
    dict[str, float] | None,
    Field(description="Persona id → the chance that the complete profile would be that persona, 0–1."),
]
Confidence = Annotated[
    float | None, Field(description="The chance that the complete profile would be this persona, 0–1.")
]
RunnerUp = Annotated[
    PersonaRef | None,
    Field(description="The next nearest persona; of a profile that answers nothing, the next largest."),
]
Margin = Annotated[
    float | None,
    Field(
        description="How much farther the runner-up's centroid is than the persona's, in PCA units; negative only "
        "where nothing is answered."
    ),
]
Typicality = Annotated[
    float | None,
    Field(
        description="The share of the persona's profiles, with as many answers, that lie as far from its "
        "centre or farther: 1 at the centre, near 0 at the edge. Null where nothing is answered."
    ),
]
IsOutlier = Annotated[
    bool | None, Field(description="Whether the typicality is below 0.01: farther out than 99 % of the persona's.")
]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerWarning:
    """Something about the answer that is no error."""

    code: Code
    detail: str
    field: Annotated[str | None, Field(description="The profile field that it is about.")] = None
    value: Annotated[str | None, Field(description="The value as it was sent.")] = None
    suggestions: Annotated[
        tuple[str, ...], Field(description="Known values that may have been meant, the nearest first.")
    ] = ()
    count: Annotated[int, Field(description="How many values it is about.")] = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Segmented:
    """The persona of a profile, and how sure that is. What the model cannot tell is null: confidence,
    probabilities and typicality in one of an older format, the runner-up where there is one persona alone."""

    persona: PersonaRef
    confidence: Confidence
    probabilities: Probabilities
    runner_up: RunnerUp
    margin: Margin
    typicality: Typicality
    is_outlier: IsOutlier
    distances: Annotated[
        dict[str, float],
        Field(
            description="Persona id → Euclidean distance in PCA units, what is not known being filled with what "
            "is expected of it. The nearest is the persona; of a profile that answers nothing, the largest is."
        ),
    ]
    model_version: str
    missing_fields: Annotated[tuple[str, ...], Field(description="Fields without an answer.")]
    warnings: tuple[AnswerWarning, ...]


@dataclass(frozen=True, slots=True)
class ReasonBody:
    """One answer's share of the lead over the runner-up."""

    field: str
    value: Annotated[
        str | int | float | None,
        Field(description="The value as the model spells it; null for what is not on the list."),
    ]
    contribution: Annotated[
        float, Field(description="In squared PCA units; positive where it speaks for the persona.")
    ]
    sentence: Annotated[str, Field(description="The same in words, for the one whose profile it is.")]


@dataclass(frozen=True, slots=True)
class ExplanationBody:
    """Why it is this persona rather than the runner-up."""

    lead: Annotated[
        float,
        Field(
            description="How much farther the runner-up's centroid is, in squared PCA units: "
            "`base` plus the contributions of all reasons."
        ),
    ]
    base: Annotated[
        float, Field(description="The part of no single answer: where everyone stands, and what is expected.")
    ]
    reasons: Annotated[tuple[ReasonBody, ...], Field(description="The largest contribution first.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentedInDetail(Segmented):
    """The persona of a profile with what was asked for besides."""

    explanation: Annotated[
        ExplanationBody | None, Field(description="With `?explain=true`; null where there is no runner-up.")
    ] = None
    next_question: Annotated[
        QuestionBody | None, Field(description="With `?suggest=true`; null where there is nothing to ask.")
    ] = None


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


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is wanted besides the persona: the reasons, the next question."""

    explain: bool = False
    suggest: bool = False


PLAIN = Wanted()


def assign(model: SegmentModel, profile: Profile, wanted: Wanted = PLAIN) -> Segmented:
    """The persona of one profile; a `SegmentedInDetail` where more is wanted."""
    assignment = model.assign(profile)
    runner_up, unknown = assignment.runner_up, assignment.unknown_values
    plain = Segmented(
        persona=PersonaRef(assignment.persona.id, assignment.persona.name),
        confidence=assignment.confidence,
        probabilities=assignment.probabilities,
        runner_up=None if runner_up is None else PersonaRef(runner_up.id, runner_up.name),
        margin=assignment.margin,
        typicality=assignment.typicality,
        is_outlier=assignment.is_outlier,
        distances=assignment.distances,
        model_version=assignment.model_version,
        missing_fields=assignment.missing_fields,
        warnings=unknown_value_warnings(model, unknown) if unknown else (),
    )
    return plain if wanted == PLAIN else _in_detail(plain, model, profile, wanted)


def _in_detail(plain: Segmented, model: SegmentModel, profile: Profile, wanted: Wanted) -> SegmentedInDetail:
    parts = {field.name: getattr(plain, field.name) for field in fields(plain)}
    return SegmentedInDetail(
        **parts,
        explanation=_explanation(model, profile) if wanted.explain else None,
        next_question=next(iter(questions_of(model, profile)), None) if wanted.suggest else None,
    )


def _explanation(model: SegmentModel, profile: Profile) -> ExplanationBody | None:
    found = explain(model.scorer, model.personas, profile)
    if found is None:
        return None
    reasons = (ReasonBody(each.field, each.value, each.contribution, each.sentence) for each in found.reasons)
    return ExplanationBody(found.lead, found.base, tuple(reasons))


def assign_each(
    model: SegmentModel, profiles: Iterable[Profile | InvalidProfile], wanted: Wanted = PLAIN
) -> tuple[Outcome, ...]:
    """Each profile's own outcome, in order, all from one model."""
    return tuple(_outcome(model, index, profile, wanted) for index, profile in enumerate(profiles))


def unknown_by_field(warnings: Iterable[AnswerWarning]) -> dict[str, int]:
    """How many values of each field were not known."""
    counts: dict[str, int] = {}
    for warning in warnings:
        if warning.field is not None:
            counts[warning.field] = counts.get(warning.field, 0) + warning.count
    return counts


def unknown_value_warnings(model: SegmentModel, unknown: tuple[UnknownValue, ...]) -> tuple[AnswerWarning, ...]:
    """One warning a value; past `MAX_WARNINGS` one for all the rest of a field."""
    told = [
        _unknown(item, model.nearest_values(*item) if place < MAX_SUGGESTED else ())
        for place, item in enumerate(unknown[:MAX_WARNINGS])
    ]
    rest = Counter(item.field for item in unknown[MAX_WARNINGS:])
    told += [
        AnswerWarning(
            code="MORE_UNKNOWN_VALUES", detail=f"{count} more values are not known.", field=field, count=count
        )
        for field, count in rest.items()
    ]
    return tuple(told)


def _unknown(item: UnknownValue, near: tuple[str, ...]) -> AnswerWarning:
    hint = f" Did you mean '{near[0]}'?" if near else ""
    detail = f"The model does not know this value; it was left out.{hint}"
    return AnswerWarning(code="UNKNOWN_VALUE", detail=detail, field=item.field, value=item.value, suggestions=near)


def _outcome(model: SegmentModel, index: int, profile: Profile | InvalidProfile, wanted: Wanted) -> Outcome:
    if isinstance(profile, InvalidProfile):
        return Outcome(index, None, profile)
    return Outcome(index, assign(model, profile, wanted), None)
