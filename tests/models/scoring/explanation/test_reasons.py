"""Reasons: one for each answer, they add up to the lead, and their sentences agree with their signs."""

import math
import re
from pathlib import Path

import pytest
from hypothesis import given

from models.profile import Profile
from models.scoring.explanation.reasons import Explanation
from models.segment_model import SegmentModel
from models.storage.reading import read_artifact
from testkit.small_model import NAMES, copy_old_model, small_personas
from testkit.small_scorer import small_scorer
from tests.support.profiles import profiles

MODEL = SegmentModel("v", small_scorer(), small_personas())


def explained(profile: Profile) -> Explanation:
    explanation = MODEL.explain(profile)
    assert explanation is not None
    return explanation


@given(profile=profiles())
def test_base_and_reasons_add_up_to_the_log_odds(profile: Profile) -> None:
    assignment, explanation = MODEL.assign(profile), explained(profile)
    assert assignment.runner_up is not None
    assert assignment.probabilities is not None
    odds = assignment.probabilities[assignment.persona.id] / assignment.probabilities[assignment.runner_up.id]
    assert explanation.lead == pytest.approx(math.log(odds), abs=1e-9)
    assert explanation.base + sum(reason.contribution for reason in explanation.reasons) == pytest.approx(
        explanation.lead, abs=1e-9
    )


def test_contribution_is_the_change_of_the_log_odds_by_the_answer() -> None:
    with_it, without = (explained(Profile(age=age, occupation="value_3")) for age in (70, None))
    pair = MODEL.assign(Profile(age=70, occupation="value_3")), MODEL.assign(Profile(occupation="value_3"))
    if (pair[0].persona, pair[0].runner_up) == (pair[1].persona, pair[1].runner_up):
        own = {reason.field: reason.contribution for reason in with_it.reasons}["age"]
        assert own == pytest.approx(with_it.lead - without.lead, abs=1e-9)


def test_model_of_an_older_format_gives_no_reasons(tmp_path: Path) -> None:
    model = read_artifact(copy_old_model(tmp_path, 2), Profile).model
    assert model.explain(Profile(age=30)) is None
    assert model.next_questions(Profile(age=30)) is None


@given(profiles())
def test_reasons_cover_the_answers_that_the_model_knows(profile: Profile) -> None:
    explanation, assignment = explained(profile), MODEL.assign(profile)
    named = {reason.field for reason in explanation.reasons}
    unknown = {item.field for item in assignment.unknown_values}
    given_fields = {name for name in Profile.model_fields if name not in assignment.missing_fields}
    assert given_fields - unknown <= named <= given_fields


@given(profiles())
def test_sentence_names_the_persona_that_its_contribution_favours_first(profile: Profile) -> None:
    explanation, assignment = explained(profile), MODEL.assign(profile)
    assert assignment.runner_up is not None
    for reason in explanation.reasons:
        ours, other = assignment.persona.name, assignment.runner_up.name
        wanted = ours if reason.contribution >= 0 else other
        named = re.findall("|".join(NAMES), reason.sentence)
        assert named[0] == wanted


def test_empty_list_has_a_reason() -> None:
    explanation = explained(Profile(hobbies=()))
    assert [(reason.field, reason.value) for reason in explanation.reasons] == [("hobbies", None)]


def test_reasons_are_sorted_by_size() -> None:
    explanation = explained(Profile(age=30, occupation="value_3", hobbies=("value_1", "value_2")))
    sizes = [abs(reason.contribution) for reason in explanation.reasons]
    assert sizes == sorted(sizes, reverse=True)
    assert len(sizes) == 5
