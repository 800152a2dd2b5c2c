"""The next best question: unanswered fields by what their answers are expected to tell."""

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given

from models.profile import Profile
from models.scoring.next_question import next_questions
from models.segment_model import SegmentModel
from testkit.small_model import small_personas
from tests.support.profiles import profiles, small_scorer

MODEL = SegmentModel("v", small_scorer(), small_personas())


@given(profiles())
def test_every_unanswered_field_is_a_question_and_no_other(profile: Profile) -> None:
    found = next_questions(MODEL.scorer, profile)
    assert found is not None
    # The last field of the small model moves nothing.
    askable = set(MODEL.assign(profile).missing_fields) - {MODEL.encoder.fields[-1].name}
    assert {question.field for question in found.questions} == askable
    gains = [question.expected_gain for question in found.questions]
    assert gains == sorted(gains, reverse=True)
    assert all(0 <= gain <= math.log2(3) for gain in gains)


def test_the_entropy_is_that_of_the_probabilities() -> None:
    found = next_questions(MODEL.scorer, Profile())
    assert found is not None
    assert found.entropy == pytest.approx(-sum(p * math.log2(p) for p in (0.5, 0.3, 0.2)))


def test_a_field_whose_answers_are_all_alike_tells_nothing() -> None:
    scorer = small_scorer()
    assert scorer.imputation is not None
    first = scorer.imputation.fields[0]
    assert first is not None
    alike = dataclasses.replace(first, kinds=first.kinds[:1], kind_shares=np.ones((1, 3)))
    imputation = dataclasses.replace(scorer.imputation, fields=(alike, *scorer.imputation.fields[1:]))
    model = SegmentModel("v", dataclasses.replace(scorer, imputation=imputation), small_personas())
    found = next_questions(model.scorer, Profile())
    assert found is not None
    assert {q.field: q.expected_gain for q in found.questions}["age"] == pytest.approx(0.0, abs=1e-12)


def test_a_model_of_format_1_cannot_tell() -> None:
    assert next_questions(small_scorer(complete=False), Profile()) is None
