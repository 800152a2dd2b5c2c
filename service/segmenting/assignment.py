"""Use case: assign a persona to a profile. Takes microseconds, and nothing blocks."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Annotated, Literal

from pydantic import Field

from models.profile import Profile
from models.profile.voice import Voice
from models.scoring.answer_rows import UnknownValue
from models.segment_model import Assignment, SegmentModel
from service.segmenting.next_question import QuestionBody, questions_of

# A response must not be many times as long as its request.
MAX_WARNINGS = 50
# Unknown values of a profile for which known ones are suggested.
MAX_SUGGESTED = 10

# Length of a profile's JSON that would block the event loop: ten times that of one with every field answered.
LONG_BODY = 16_384

Code = Literal["UNKNOWN_VALUE", "MORE_UNKNOWN_VALUES", "NO_MODEL", "OPTED_OUT"]


@dataclass(frozen=True, slots=True)
class PersonaRef:
    """A persona by id and name; `GET /personas/{id}` says the rest."""

    id: str
    name: str


# Cached: looking up a reference takes a third of the time of building one.
persona_ref = lru_cache(1_024)(PersonaRef)

Probabilities = Annotated[
    dict[str, float] | None,
    Field(description="Persona id → the probability of the persona given the answers, 0–1; they add up to 1."),
]
Confidence = Annotated[float | None, Field(description="The probability of this persona given the answers, 0–1.")]
RunnerUp = Annotated[
    PersonaRef | None,
    Field(description="The next most probable persona."),
]
Margin = Annotated[
    float | None,
    Field(description="The confidence less the runner-up's probability, 0–1."),
]
Settled = Annotated[
    float | None,
    Field(description="The chance that answering the rest would not change the persona, 0–1."),
]
Typicality = Annotated[
    float | None,
    Field(
        description="The share of the persona's members whose answers are as unlikely for it, or more so: near 0 "
        "for a profile that hardly fits any persona. Null without any answer."
    ),
]
IsOutlier = Annotated[
    bool | None,
    Field(description="Whether the typicality is below 0.01: hardly any member's answers are as unlikely."),
]


Basis = Annotated[
    Literal["OWN_PROFILE", "FALLBACK"],
    Field(
        description="What the persona rests on. `OWN_PROFILE`: the answers. `FALLBACK`: no usable answer, because "
        "the profile is empty or the model knows none of its answers; it is the persona of an empty profile."
    ),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerWarning:
    """Something about the assignment that is no error."""

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
    """The persona of a profile, and how sure that is.

    Confidence, probabilities, margin, settled and typicality are null for a model of format 1, and runner-up and
    margin for a model with one persona alone.
    """

    persona: PersonaRef
    confidence: Confidence
    probabilities: Probabilities
    runner_up: RunnerUp
    margin: Margin
    settled: Settled
    typicality: Typicality
    is_outlier: IsOutlier
    model_version: str
    basis: Basis
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
        float, Field(description="In natural log odds; positive where it speaks for the persona.")
    ]
    sentence: Annotated[
        str, Field(description="The same in words, said to the giver, or about them with `?voice=analyst`.")
    ]


@dataclass(frozen=True, slots=True)
class ExplanationBody:
    """Why it is this persona rather than the runner-up."""

    lead: Annotated[
        float,
        Field(
            description="The logarithm of the persona's probability over the runner-up's: `base` plus the "
            "contributions of all reasons."
        ),
    ]
    base: Annotated[
        float, Field(description="The lead of a profile without answers: how much more common the persona is.")
    ]
    reasons: Annotated[tuple[ReasonBody, ...], Field(description="The largest contribution first.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentedInDetail(Segmented):
    """The persona of a profile, with the details that were requested."""

    explanation: Annotated[
        ExplanationBody | None, Field(description="With `?explain=true`; null where there is no runner-up.")
    ] = None
    next_question: Annotated[
        QuestionBody | None, Field(description="With `?suggest=true`; null where no question is left.")
    ] = None
    distances: Annotated[
        dict[str, float] | None,
        Field(
            description="With `?distances=true`: persona id → Euclidean distance on the map, in PCA units, "
            "missing answers counting as average. They do not decide: another centroid may be nearer."
        ),
    ] = None


@dataclass(frozen=True, slots=True)
class InvalidProfile:
    """A profile of a batch that is invalid: JSON pointers within it, and sentences."""

    errors: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the profile at that index of a batch: one of the two."""

    index: int
    result: Segmented | None
    invalid: InvalidProfile | None


@dataclass(frozen=True, slots=True)
class Details:
    """What a response holds beside the assignment: the explanation (in a voice), a next question, distances."""

    explain: bool = False
    suggest: bool = False
    distances: bool = False
    voice: Voice = "giver"


NO_DETAILS = Details()


def assign(model: SegmentModel, profile: Profile, details: Details = NO_DETAILS) -> Segmented:
    """The assignment of one profile; a `SegmentedInDetail` where details are requested."""
    assignment = model.assign(profile)
    runner_up, unknown = assignment.runner_up, assignment.unknown_values
    segmented = Segmented(
        persona=persona_ref(assignment.persona.id, assignment.persona.name),
        confidence=assignment.confidence,
        probabilities=assignment.probabilities,
        runner_up=None if runner_up is None else persona_ref(runner_up.id, runner_up.name),
        margin=assignment.margin,
        settled=assignment.settled,
        typicality=assignment.typicality,
        is_outlier=assignment.is_outlier,
        model_version=assignment.model_version,
        basis=basis_of(assignment),
        missing_fields=assignment.missing_fields,
        warnings=unknown_value_warnings(model, unknown) if unknown else (),
    )
    return segmented if details == NO_DETAILS else _in_detail(segmented, model, profile, details)


def basis_of(assignment: Assignment) -> Basis:
    """What an assignment rests on."""
    return "FALLBACK" if assignment.is_fallback else "OWN_PROFILE"


def _in_detail(segmented: Segmented, model: SegmentModel, profile: Profile, details: Details) -> SegmentedInDetail:
    return SegmentedInDetail(
        **{field.name: getattr(segmented, field.name) for field in fields(segmented)},
        explanation=_explanation(model, profile, details.voice) if details.explain else None,
        next_question=next(iter(questions_of(model, profile)), None) if details.suggest else None,
        distances=model.distances(profile) if details.distances else None,
    )


def _explanation(model: SegmentModel, profile: Profile, voice: Voice) -> ExplanationBody | None:
    explanation = model.explain(profile, voice)
    if explanation is None:
        return None
    reasons = tuple(
        ReasonBody(reason.field, reason.value, reason.contribution, reason.sentence)
        for reason in explanation.reasons
    )
    return ExplanationBody(explanation.lead, explanation.base, reasons)


def assign_each(
    model: SegmentModel, profiles: Iterable[Profile | InvalidProfile], details: Details = NO_DETAILS
) -> tuple[Outcome, ...]:
    """The outcome for each profile, in order, all by one model."""
    return tuple(_outcome(model, index, profile, details) for index, profile in enumerate(profiles))


def unknown_by_field(warnings: Iterable[AnswerWarning]) -> dict[str, int]:
    """The number of unknown values by field."""
    counts: dict[str, int] = {}
    for warning in warnings:
        if warning.field is not None:
            counts[warning.field] = counts.get(warning.field, 0) + warning.count
    return counts


def unknown_value_warnings(model: SegmentModel, unknown: tuple[UnknownValue, ...]) -> tuple[AnswerWarning, ...]:
    """A warning for each value; after `MAX_WARNINGS` one for all other values of a field."""
    warnings = [
        _unknown_value(value, model.nearest_values(*value) if index < MAX_SUGGESTED else ())
        for index, value in enumerate(unknown[:MAX_WARNINGS])
    ]
    rest = Counter(value.field for value in unknown[MAX_WARNINGS:])
    warnings += [
        AnswerWarning(
            code="MORE_UNKNOWN_VALUES", detail=f"{count} more values are not known.", field=field, count=count
        )
        for field, count in rest.items()
    ]
    return tuple(warnings)


def _unknown_value(unknown: UnknownValue, nearest: tuple[str, ...]) -> AnswerWarning:
    hint = f" Did you mean '{nearest[0]}'?" if nearest else ""
    detail = f"The model does not know this value; it was left out.{hint}"
    return AnswerWarning(
        code="UNKNOWN_VALUE", detail=detail, field=unknown.field, value=unknown.value, suggestions=nearest
    )


def _outcome(model: SegmentModel, index: int, profile: Profile | InvalidProfile, details: Details) -> Outcome:
    if isinstance(profile, InvalidProfile):
        return Outcome(index, None, profile)
    return Outcome(index, assign(model, profile, details), None)
