"""Known answers: pydantic accepts what the tables know, and the scorer scores it the same."""

from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import settings as limits

from models.profile import Profile
from models.scoring.answer_rows import CACHED_NUMBERS
from models.scoring.known_answers.single import KnownAnswers
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

TABLES = {name: KnownAnswers(scorer.single, Profile) for name, scorer in SCORERS.items()}
KNOWN_ANSWERS = TABLES["three personas"]


@pytest.mark.parametrize("name", SCORERS)
@limits(deadline=None)
@given(answers=VALID | UNUSUAL)
def test_known_profile_is_valid_and_scores_the_same(name: str, answers: dict[str, Any]) -> None:
    scorer, known_profile = SCORERS[name], TABLES[name].of(answers)
    assume(known_profile is not None)
    assert known_profile is not None
    assert TABLES[name].score(known_profile) == scorer.score(Profile.model_validate(answers))


@pytest.mark.parametrize("name", SCORERS)
def test_normalised_known_answers_are_known(name: str) -> None:
    profiles: list[dict[str, Any]] = [
        {},
        {"age": 30},
        {"age": 30.0},
        {"age": None},
        {"hobbies": []},
        {"budget_range": "high"},
    ]
    profiles += [{"occupation": value, "hobbies": [value, value]} for value in KNOWN]
    assert all(TABLES[name].of(profile) is not None for profile in profiles)


@pytest.mark.parametrize("answers", UNKNOWN_ANSWERS.values(), ids=UNKNOWN_ANSWERS)
def test_profile_with_an_unknown_answer_is_left_to_pydantic(answers: dict[str, Any]) -> None:
    assert KNOWN_ANSWERS.of(answers) is None
    # Nor after similar answers are cached.
    assert KNOWN_ANSWERS.of({"age": 30, "hobbies": ["value_1"], "occupation": "value_1"}) is not None
    assert KNOWN_ANSWERS.of(answers) is None


def test_boolean_is_distinguished_from_the_number_that_it_equals() -> None:
    assert KNOWN_ANSWERS.of({"purchases_last_year": 1}) is not None
    assert KNOWN_ANSWERS.of({"purchases_last_year": True}) is None


def test_numbers_beyond_the_cache_are_known() -> None:
    known_answers = KnownAnswers(SCORERS["three personas"].single, Profile)
    for count in (*range(CACHED_NUMBERS + 10), 0, CACHED_NUMBERS + 5):
        assert known_answers.of({"purchases_last_year": count}) is not None


@pytest.mark.parametrize("answers", [{"occupation": TOO_LONG}, {"hobbies": [TOO_LONG]}])
def test_vocabulary_value_that_is_no_valid_answer_is_not_known(answers: dict[str, Any]) -> None:
    assert KnownAnswers(scorer_that_knows(TOO_LONG).single, Profile).of(answers) is None


def test_field_of_the_model_that_the_profile_class_lacks_is_unknown_and_missing() -> None:
    known_answers = KnownAnswers(SCORERS["three personas"].single, Brief)
    assert known_answers.of({"hobbies": ["value_1"]}) is None
    known_profile = known_answers.of({"age": 30})
    assert known_profile is not None
    missing = known_answers.score(known_profile).missing_fields
    assert missing == tuple(name for name in Profile.model_fields if name != "age")
