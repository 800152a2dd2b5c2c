"""Use case: what to ask next, so that the persona is known after few questions."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from models.profile import Profile
from models.profile.field_kinds import KindName
from models.scoring.next_question import next_questions
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
        Field(description="The best question; null where nothing is left to ask, or the model cannot tell."),
    ]
    questions: Annotated[tuple[QuestionBody, ...], Field(description="All that may be asked, the best first.")]
    entropy: Annotated[
        float | None,
        Field(description="Of the persona as things stand, in bits: 0 is certain. Null where it cannot be told."),
    ]
    model_version: str


def questions_of(model: SegmentModel, profile: Profile) -> tuple[QuestionBody, ...]:
    """The unanswered fields by what they are expected to tell, the best first."""
    return ask(model, profile).questions


def ask(model: SegmentModel, profile: Profile) -> NextQuestions:
    """What to ask whoever has this profile."""
    found = next_questions(model.scorer, profile)
    if found is None:
        return NextQuestions(None, (), None, model.version)
    specs = {encoding.name: encoding.spec for encoding in model.encoder.fields}
    questions = tuple(
        QuestionBody(each.field, specs[each.field].title, specs[each.field].kind.name, each.expected_gain)
        for each in found.questions
    )
    return NextQuestions(questions[0] if questions else None, questions, found.entropy, model.version)
