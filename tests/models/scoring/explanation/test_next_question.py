"""The next best question: unanswered fields by their expected information gain."""

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given

from models.profile import Profile
from models.scoring.explanation.next_question import next_questions
from models.segment_model import SegmentModel
from testkit.small_model import small_personas
from testkit.small_scorer import small_scorer
from tests.support.profiles import profiles

SCORER = small_scorer()
MODEL = SegmentModel("v", SCORER, small_personas())


@given(profiles())
def test_questions_are_the_unanswered_fields(profile: Profile) -> None:
    result = next_questions(SCORER, profile)
    # The last field of the small model says nothing.
    askable = set(MODEL.assign(profile).missing_fields) - {MODEL.encoder.fields[-1].name}
    assert {question.field for question in result.questions} == askable
    gains = [question.expected_gain for question in result.questions]
    assert gains == sorted(gains, reverse=True)
    assert all(0 <= gain <= math.log2(3) for gain in gains)


def test_entropy_is_that_of_the_probabilities() -> None:
    entropy = -sum(p * math.log2(p) for p in (0.5, 0.3, 0.2))
    assert next_questions(SCORER, Profile()).entropy == pytest.approx(entropy)


def test_gain_is_how_much_the_answer_lowers_the_entropy_on_average() -> None:
    shares = SCORER.classifier.fields[0].kind_shares
    joint = shares * np.array([0.5, 0.3, 0.2])
    after = joint / joint.sum(axis=1, keepdims=True)
    left = float((joint.sum(axis=1) * -(after * np.log2(after)).sum(axis=1)).sum())
    result = next_questions(SCORER, Profile())
    gain = {question.field: question.expected_gain for question in result.questions}["age"]
    assert gain == pytest.approx(result.entropy - left, abs=1e-9)


def test_field_whose_kinds_are_equally_common_in_every_persona_has_no_gain() -> None:
    first = SCORER.classifier.fields[0]
    alike = dataclasses.replace(first, kind_shares=np.full((4, 3), 0.25))
    classifier = dataclasses.replace(SCORER.classifier, fields=(alike, *SCORER.classifier.fields[1:]))
    result = next_questions(dataclasses.replace(SCORER, classifier=classifier), Profile())
    assert {q.field: q.expected_gain for q in result.questions}["age"] == pytest.approx(0.0, abs=1e-12)
