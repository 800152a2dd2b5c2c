"""What `/segment` says of a profile."""

# The service's own fields, which this distribution cannot import.
# pylint: disable=duplicate-code

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypedDict

from backpocket_segments.errors import FieldError

# OWN_PROFILE: by the user's own answers; RECIPIENTS: by those about the recipients; FALLBACK: no usable answer.
Basis = Literal["OWN_PROFILE", "RECIPIENTS", "FALLBACK"]
FieldKind = Literal["numeric", "ordinal", "categorical", "multi_label"]


class Profile(TypedDict, total=False):
    """The fields of the service's own profile class. To a service with another class send any mapping."""

    age: int | None
    relationship: str | None
    recipient_age: int | None
    occupation: str | None
    hobbies: list[str] | None
    favourite_items: list[str] | None
    favourite_movies: list[str] | None
    last_gift_category: str | None
    gift_history: list[str] | None
    occasion: str | None
    budget_range: Literal["low", "medium", "high"] | None
    store_preference: str | None
    purchases_last_year: int | None
    lead_time_days: int | None


@dataclass(frozen=True, slots=True)
class PersonaRef:
    """A persona by id and name."""

    id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerWarning:
    """Something about the assignment that is no error, such as a value that the model does not know."""

    code: Literal["UNKNOWN_VALUE", "MORE_UNKNOWN_VALUES", "NO_MODEL", "OPTED_OUT"]
    detail: str
    field: str | None = None
    value: str | None = None
    suggestions: tuple[str, ...] = ()
    count: int = 1


@dataclass(frozen=True, slots=True)
class Reason:
    """One answer's share of the lead over the runner-up, in natural log odds, and in words."""

    field: str
    value: str | int | float | None
    contribution: float
    sentence: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why it is this persona: `lead` is `base` plus the contributions of all reasons."""

    lead: float
    base: float
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """An unanswered field, and how much its answer is expected to tell."""

    field: str
    title: str
    kind: FieldKind
    expected_gain: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """How sure a persona is: what results about one profile have in common.

    `confidence`: the probability of the persona given the answers; `margin`: that less the runner-up's; `settled`:
    the chance that answering the rest would not change the persona; `typicality`: the share of its members whose
    answers are as unlikely for it.
    """

    confidence: float | None
    runner_up: PersonaRef | None
    margin: float | None
    settled: float | None
    typicality: float | None
    is_outlier: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Segmented(Assignment):
    """The persona of a profile; `explanation` and below only where they were requested."""

    persona: PersonaRef
    probabilities: Mapping[str, float] | None
    model_version: str
    missing_fields: tuple[str, ...]
    warnings: tuple[AnswerWarning, ...]
    basis: Basis | None = None
    explanation: Explanation | None = None
    next_question: Question | None = None
    distances: Mapping[str, float] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemProblem:
    """Why one item of a batch has no result; `errors` points into the profiles that were sent."""

    type: str
    title: str
    status: int
    detail: str
    errors: tuple[FieldError, ...]


@dataclass(frozen=True, slots=True)
class BatchItem:
    """A profile that was assigned."""

    index: int
    status: int
    result: Segmented


@dataclass(frozen=True, slots=True)
class BatchFailure:
    """A profile that is not valid."""

    index: int
    status: int
    error: ItemProblem


@dataclass(frozen=True, slots=True)
class BatchResponse:
    """The outcomes of one batch, in the order of the profiles."""

    model_version: str
    items: tuple[BatchItem | BatchFailure, ...]
