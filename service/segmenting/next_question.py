"""Use case: suggest what to ask next, so that few questions lead to a persona."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from models.profile import Profile
from models.profile.field_kinds import KindName
from models.segment_model import SegmentModel

GAIN = "By how many bits the answer is expected to lower the entropy of the persona."


@dataclass(frozen=True, slots=True)
class QuestionBody:
    """A field that would be worth asking for; `GET /vocabulary` has what may be answered."""

    field: str
    title: str
    kind: KindName
    expected_gain: Annotated[float, Field(description=GAIN)]


@dataclass(frozen=True, slots=True)
class NextQuestions:
    """What to ask next."""

    next_question: Annotated[
        QuestionBody | None,
        Field(description="The best question; null where no question is left, or the model has no probabilities."),
    ]
    questions: Annotated[tuple[QuestionBody, ...], Field(description="All that may be asked, the best first.")]
    entropy: Annotated[
        float | None,
        Field(description="Of the persona, given the answers so far, in bits: 0 is certain. Null if unknown."),
    ]
    model_version: str


def questions_of(model: SegmentModel, profile: Profile) -> tuple[QuestionBody, ...]:
    """The unanswered fields by their expected gain, the largest first."""
    return suggest_questions(model, profile).questions


def suggest_questions(model: SegmentModel, profile: Profile) -> NextQuestions:
    """The questions that a profile leaves open, and its entropy so far."""
    suggested = model.next_questions(profile)
    if suggested is None:
        return NextQuestions(next_question=None, questions=(), entropy=None, model_version=model.version)
    specs = {encoding.name: encoding.spec for encoding in model.encoder.fields}
    questions = tuple(
        QuestionBody(
            field=question.field,
            title=specs[question.field].title,
            kind=specs[question.field].kind.name,
            expected_gain=question.expected_gain,
        )
        for question in suggested.questions
    )
    return NextQuestions(
        next_question=questions[0] if questions else None,
        questions=questions,
        entropy=suggested.entropy,
        model_version=model.version,
    )
