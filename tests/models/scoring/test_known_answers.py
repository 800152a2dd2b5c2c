"""What is recognised at sight pydantic accepts and the scorer scores the same, alone and by columns."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict

from models.profile.profile import MAX_LABEL_LENGTH, Profile
from models.scoring.answer_rows import CACHED_LENGTHS, CACHED_NUMBERS
from models.scoring.known_answers import KnownAnswers
from models.scoring.known_answers_batch import KnownAnswersBatch
from models.scoring.scorer import Scorer
from models.scoring.single import FieldTable
from tests.support.profiles import KNOWN, profiles, small_scorer

ALONE = small_scorer(complete=False)
SCORERS = {
    "completing": small_scorer(),
    "format 1": ALONE,
    "one persona": replace(ALONE, centroids=ALONE.centroids[:1]),
}
RECOGNISED = {name: KnownAnswers(scorer.single, Profile) for name, scorer in SCORERS.items()}
RECOGNITION = RECOGNISED["completing"]
MANY = KnownAnswersBatch(RECOGNITION, SCORERS["completing"].encoder)

ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-5, 130)
    | st.floats()
    | st.sampled_from([*KNOWN, "low"]),
    lambda inner: st.lists(inner, max_size=18) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=20,
)
SENT = profiles().map(lambda each: json.loads(each.model_dump_json(exclude_unset=True)))
ODD = st.dictionaries(st.sampled_from([*Profile.model_fields, "hobby", ""]), ANYTHING, max_size=8)


class Brief(BaseModel):
    """A profile of fewer fields than the model has."""

    model_config = ConfigDict(extra="forbid", strict=True)

    age: int | None = None
    occupation: str | None = None


@pytest.mark.parametrize("name", SCORERS)
@limits(deadline=None)
@given(answers=SENT | ODD)
def test_what_is_recognised_is_accepted_and_scored_the_same(name: str, answers: dict[str, Any]) -> None:
    scorer, found = SCORERS[name], RECOGNISED[name].of(answers)
    if found is not None:
        numbers = scorer.single.unpack(found.total)
        at_sight = scorer.single.score_of(numbers, found.missing_fields.hidden, found.missing_fields.missing)
        assert at_sight == scorer.score(Profile.model_validate(answers))


@pytest.mark.parametrize("name", SCORERS)
def test_answers_as_the_model_spells_them_are_recognised(name: str) -> None:
    spelled: list[dict[str, Any]] = [{}, {"age": 30}, {"age": None}, {"hobbies": []}, {"budget_range": "high"}]
    spelled += [{"occupation": value, "hobbies": [value, value]} for value in KNOWN]
    assert all(RECOGNISED[name].of(each) is not None for each in spelled)


ODDITIES: dict[str, dict[str, Any]] = {
    "another spelling": {"occupation": "Value 1"},
    "another spelling in a list": {"hobbies": ["value_1", "VALUE-2"]},
    "an unknown value": {"occupation": "never seen"},
    "a blank": {"occupation": ""},
    "a flag": {"age": True},
    "a fraction that is whole": {"age": 30.0},
    "too young": {"age": 12},
    "too large for any float": {"purchases_last_year": 10**400},
    "a number in digits": {"age": "30"},
    "no level": {"budget_range": "Medium"},
    "a number for a text": {"occupation": 1},
    "a list for a text": {"occupation": ["value_1"]},
    "a text for a list": {"hobbies": "value_1"},
    "an object for a list": {"hobbies": {"value_1": 1}},
    "a list in a list": {"hobbies": [["value_1"]]},
    "null in a list": {"hobbies": [None]},
    "more than are tabled": {"hobbies": ["value_1"] * (CACHED_LENGTHS + 1)},
    "a strange field": {"hobby": "value_1"},
    "a strange field without an answer": {"hobby": None},
}


@pytest.mark.parametrize("answers", ODDITIES.values(), ids=ODDITIES)
def test_what_is_odd_is_not_recognised(answers: dict[str, Any]) -> None:
    assert RECOGNITION.of(answers) is None
    # Nor once its like is known.
    assert RECOGNITION.of({"age": 30, "hobbies": ["value_1"], "occupation": "value_1"}) is not None
    assert RECOGNITION.of(answers) is None


def test_a_number_is_told_from_the_flag_that_it_equals() -> None:
    assert RECOGNITION.of({"purchases_last_year": 1}) is not None
    assert RECOGNITION.of({"purchases_last_year": True}) is None


def test_numbers_beyond_those_that_are_remembered_are_recognised() -> None:
    recognition = KnownAnswers(SCORERS["completing"].single, Profile)
    for count in (*range(CACHED_NUMBERS + 10), 0, CACHED_NUMBERS + 5):
        assert recognition.of({"purchases_last_year": count}) is not None


def test_a_known_value_that_a_profile_may_not_have_is_not_recognised() -> None:
    long = "x" * (MAX_LABEL_LENGTH + 1)
    scorer = knowing(long)
    recognition = KnownAnswers(scorer.single, Profile)
    many = KnownAnswersBatch(recognition, scorer.encoder)
    for answers in ({"occupation": long}, {"hobbies": [long]}):
        assert recognition.of(answers) is None
        assert is_known(many, [answers, {"occupation": KNOWN[1], "hobbies": [KNOWN[1]]}]) == [False, True]


def knowing(value: str) -> Scorer:
    """A scorer that knows one value instead of the first."""
    scorer = small_scorer()
    fields = tuple(
        replace(each, values=(value, *each.values[1:])) if each.values == KNOWN else each
        for each in scorer.encoder.fields
    )
    return replace(scorer, encoder=replace(scorer.encoder, fields=fields))


def test_an_answer_whose_row_no_lanes_hold_is_not_recognised() -> None:
    scorer = SCORERS["completing"]
    tables = tuple(FieldTable(each.constant * 1e6, each.rows * 1e6) for each in scorer.tables)
    recognition = KnownAnswers(replace(scorer, tables=tables).single, Profile)
    assert recognition.of({}) is not None
    for answers in ({"age": 100}, {"occupation": "value_1"}, {"hobbies": ["value_1"]}):
        assert recognition.of(answers) is None


def test_nothing_is_recognised_where_no_lanes_hold_the_base() -> None:
    scorer = replace(SCORERS["completing"], base=SCORERS["completing"].base * 1e6)
    assert KnownAnswers(scorer.single, Profile).of({}) is None


def test_a_field_of_the_model_that_the_profile_has_not_is_strange_and_missing() -> None:
    recognition = KnownAnswers(SCORERS["completing"].single, Brief)
    assert recognition.of({"hobbies": ["value_1"]}) is None
    found = recognition.of({"age": 30})
    assert found is not None
    assert found.missing_fields.missing == tuple(name for name in Profile.model_fields if name != "age")


# --- by columns ------------------------------------------------------------------------------------


def is_known(many: KnownAnswersBatch, sent: list[Any]) -> list[bool] | None:
    coded = many.code(sent)
    return None if coded is None else coded.is_known.tolist()


@limits(deadline=None)
@given(batch=st.lists(SENT | ODD, min_size=1, max_size=8))
def test_by_columns_the_same_are_recognised_and_scored_the_same(batch: list[dict[str, Any]]) -> None:
    coded = MANY.code(batch)
    if coded is None:
        return
    alone = [RECOGNITION.of(each) for each in batch]
    assert coded.is_known.tolist() == [each is not None for each in alone]
    scores = SCORERS["completing"].scores(coded.columns)
    for place, found in enumerate(alone):
        if found is not None:
            assert RECOGNITION.missing_fields(int(coded.answered[place])) == found.missing_fields
            single = SCORERS["completing"].score(Profile.model_validate(batch[place]))
            np.testing.assert_allclose(scores.distances[place], single.distances, rtol=0, atol=1e-9)


@pytest.mark.parametrize("answers", ODDITIES.values(), ids=ODDITIES)
def test_one_that_is_odd_leaves_the_others_recognised_or_all_to_be_looked_at_alone(
    answers: dict[str, Any],
) -> None:
    usual = {"age": 30, "hobbies": ["value_1"], "occupation": "value_1"}
    assert is_known(MANY, [usual, answers, usual]) in ([True, False, True], None)


@pytest.mark.parametrize("strange", [None, 1, "value_1", [], {"hobby": 1}], ids=repr)
def test_with_something_that_is_no_profile_all_are_looked_at_alone(strange: object) -> None:
    assert is_known(MANY, [{"age": 30}, strange]) is None


def test_a_profile_of_fewer_fields_is_recognised_by_columns_as_well() -> None:
    scorer = SCORERS["completing"]
    recognition = KnownAnswers(scorer.single, Brief)
    many = KnownAnswersBatch(recognition, scorer.encoder)
    coded = many.code([{"age": 30, "occupation": "value_1"}])
    assert coded is not None
    single = scorer.score(Profile(age=30, occupation="value_1"))
    np.testing.assert_allclose(scorer.scores(coded.columns).distances[0], single.distances, rtol=0, atol=1e-9)
