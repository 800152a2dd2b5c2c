"""The next best question: unanswered fields by their expected information gain."""

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given

from models.profile import Profile
from models.scoring.next_question import next_questions
from models.segment_model import SegmentModel
from testkit.small_model import small_personas
from testkit.small_scorer import small_scorer
from tests.support.profiles import profiles

MODEL = SegmentModel("v", small_scorer(), small_personas())


@given(profiles())
def test_questions_are_the_unanswered_fields(profile: Profile) -> None:
    result = next_questions(MODEL.scorer, profile)
    assert result is not None
    # The last field of the small model has no influence.
    askable = set(MODEL.assign(profile).missing_fields) - {MODEL.encoder.fields[-1].name}
    assert {question.field for question in result.questions} == askable
    gains = [question.expected_gain for question in result.questions]
    assert gains == sorted(gains, reverse=True)
    assert all(0 <= gain <= math.log2(3) for gain in gains)


def test_entropy_is_that_of_the_probabilities() -> None:
    result = next_questions(MODEL.scorer, Profile())
    assert result is not None
    assert result.entropy == pytest.approx(-sum(p * math.log2(p) for p in (0.5, 0.3, 0.2)))


def test_field_with_one_kind_of_answer_has_no_gain() -> None:
    scorer = small_scorer()
    assert scorer.imputation is not None
    first = scorer.imputation.fields[0]
    assert first is not None
    alike = dataclasses.replace(first, kinds=first.kinds[:1], kind_shares=np.ones((1, 3)))
    imputation = dataclasses.replace(scorer.imputation, fields=(alike, *scorer.imputation.fields[1:]))
    model = SegmentModel("v", dataclasses.replace(scorer, imputation=imputation), small_personas())
    result = next_questions(model.scorer, Profile())
    assert result is not None
    assert {q.field: q.expected_gain for q in result.questions}["age"] == pytest.approx(0.0, abs=1e-12)


def test_model_of_format_1_has_no_questions() -> None:
    assert next_questions(small_scorer(imputes=False), Profile()) is None
