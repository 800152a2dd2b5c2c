"""Reasons: one for each answer, they add up to the lead, and their sentences agree with their signs."""

import re

import pytest
from hypothesis import given

from models.profile import Profile
from models.scoring.reasons import explain
from models.segment_model import SegmentModel
from testkit.small_model import NAMES, small_personas
from testkit.small_scorer import small_scorer
from tests.support.profiles import profiles

MODEL = SegmentModel("v", small_scorer(), small_personas())
OLD = SegmentModel("v", small_scorer(imputes=False), small_personas())


@pytest.mark.parametrize("model", [MODEL, OLD], ids=["imputing", "format 1"])
@given(profile=profiles())
def test_base_and_reasons_add_up_to_the_lead(model: SegmentModel, profile: Profile) -> None:
    assignment, explanation = model.assign(profile), explain(model.scorer, model.personas, profile)
    assert explanation is not None
    assert assignment.runner_up is not None
    lead = assignment.distances[assignment.runner_up.id] ** 2 - assignment.distances[assignment.persona.id] ** 2
    assert explanation.lead == pytest.approx(lead, abs=1e-9)
    assert explanation.base + sum(reason.contribution for reason in explanation.reasons) == pytest.approx(
        lead, abs=1e-9
    )


@given(profiles())
def test_reasons_cover_the_answers_that_the_model_knows(profile: Profile) -> None:
    explanation, assignment = explain(MODEL.scorer, MODEL.personas, profile), MODEL.assign(profile)
    assert explanation is not None
    explained = {reason.field for reason in explanation.reasons}
    unknown = {item.field for item in assignment.unknown_values}
    given_fields = {name for name in Profile.model_fields if name not in assignment.missing_fields}
    assert given_fields - unknown <= explained <= given_fields


@given(profiles())
def test_sentence_names_the_persona_that_its_contribution_favours_first(profile: Profile) -> None:
    explanation, assignment = explain(MODEL.scorer, MODEL.personas, profile), MODEL.assign(profile)
    assert explanation is not None
    assert assignment.runner_up is not None
    for reason in explanation.reasons:
        ours, other = assignment.persona.name, assignment.runner_up.name
        wanted = ours if reason.contribution >= 0 else other
        named = re.findall("|".join(NAMES), reason.sentence)
        assert named[0] == wanted


def test_empty_list_has_a_reason() -> None:
    explanation = explain(MODEL.scorer, MODEL.personas, Profile(hobbies=()))
    assert explanation is not None
    assert [(reason.field, reason.value) for reason in explanation.reasons] == [("hobbies", None)]


def test_reasons_are_sorted_by_size() -> None:
    explanation = explain(
        MODEL.scorer, MODEL.personas, Profile(age=30, occupation="value_3", hobbies=("value_1", "value_2"))
    )
    assert explanation is not None
    sizes = [abs(reason.contribution) for reason in explanation.reasons]
    assert sizes == sorted(sizes, reverse=True)
    assert len(sizes) == 5
