"""Known answers by column: the same profiles are known as one by one, and they score the same."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st

from models.profile import Profile
from models.scoring.known_answers.batch import KnownAnswersBatch
from models.scoring.known_answers.single import KnownAnswers
from models.scoring.scorer import Scores
from models.scoring.single import Score
from testkit.small_scorer import KNOWN
from tests.models.scoring.known_answers.known_profiles import (
    SCORERS,
    TOO_LONG,
    UNKNOWN_ANSWERS,
    UNUSUAL,
    VALID,
    Brief,
    scorer_that_knows,
)

SCORER = SCORERS["three personas"]
KNOWN_ANSWERS = KnownAnswers(SCORER.single, Profile)
BATCH = KnownAnswersBatch(KNOWN_ANSWERS, SCORER.encoder)


def is_known(batch: KnownAnswersBatch, profiles: list[Any]) -> list[bool] | None:
    coded = batch.code(profiles)
    return None if coded is None else coded.is_known.tolist()


@limits(deadline=None)
@given(profiles=st.lists(VALID | UNUSUAL, min_size=1, max_size=8))
def test_batch_knows_the_profiles_that_are_known_alone_and_scores_them_the_same(
    profiles: list[dict[str, Any]],
) -> None:
    coded = BATCH.code(profiles)
    alone = [KNOWN_ANSWERS.of(profile) for profile in profiles]
    if coded is None:
        assert None in alone
        return
    assert coded.is_known.tolist() == [known_profile is not None for known_profile in alone]
    scores = SCORER.scores(coded.columns)
    for index, known_profile in enumerate(alone):
        if known_profile is not None:
            assert int(coded.answered[index]) == known_profile.answered
            single = SCORER.score(Profile.model_validate(profiles[index]))
            assert_same_chances(scores, index, single)


@limits(deadline=None)
@given(profiles=st.lists(VALID, min_size=1, max_size=8))
def test_batch_of_valid_profiles_is_always_coded(profiles: list[dict[str, Any]]) -> None:
    assert BATCH.code(profiles) is not None


@pytest.mark.parametrize("answers", UNKNOWN_ANSWERS.values(), ids=UNKNOWN_ANSWERS)
def test_unknown_answer_leaves_the_other_profiles_known_or_declines_the_batch(answers: dict[str, Any]) -> None:
    usual = {"age": 30, "hobbies": ["value_1"], "occupation": "value_1"}
    assert is_known(BATCH, [usual, usual]) == [True, True]
    assert is_known(BATCH, [usual, answers, usual]) in ([True, False, True], None)


@pytest.mark.parametrize("item", [None, 1, "value_1", [], {"hobby": 1}], ids=repr)
def test_batch_with_an_item_that_is_no_profile_is_declined(item: object) -> None:
    assert is_known(BATCH, [{"age": 30}, item]) is None


@pytest.mark.parametrize("answers", [{"occupation": TOO_LONG}, {"hobbies": [TOO_LONG]}])
def test_vocabulary_value_that_is_no_valid_answer_is_not_known(answers: dict[str, Any]) -> None:
    scorer = scorer_that_knows(TOO_LONG)
    batch = KnownAnswersBatch(KnownAnswers(scorer.single, Profile), scorer.encoder)
    assert is_known(batch, [answers, {"occupation": KNOWN[1], "hobbies": [KNOWN[1]]}]) == [False, True]


def test_profile_class_with_fewer_fields_scores_the_same() -> None:
    batch = KnownAnswersBatch(KnownAnswers(SCORER.single, Brief), SCORER.encoder)
    coded = batch.code([{"age": 30, "occupation": "value_1"}])
    assert coded is not None
    single = SCORER.score(Profile(age=30, occupation="value_1"))
    assert_same_chances(SCORER.scores(coded.columns), 0, single)


def assert_same_chances(scores: Scores, index: int, single: Score) -> None:
    assert scores.probabilities is not None
    np.testing.assert_allclose(scores.probabilities[index], np.array(single.probabilities), rtol=0, atol=1e-9)
