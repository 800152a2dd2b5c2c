"""Reasons add up to the lead, one for each answer, and no sentence says what the arithmetic does not."""

import re

import pytest
from hypothesis import given

from models.profile import Profile
from models.scoring.reasons import explain
from models.segment_model import SegmentModel
from testkit.small_model import NAMES, small_personas
from tests.support.profiles import profiles, small_scorer

MODEL = SegmentModel("v", small_scorer(), small_personas())
OLD = SegmentModel("v", small_scorer(complete=False), small_personas())


@pytest.mark.parametrize("model", [MODEL, OLD], ids=["completing", "format 1"])
@given(profile=profiles())
def test_base_and_reasons_add_up_to_the_lead(model: SegmentModel, profile: Profile) -> None:
    answered, found = model.assign(profile), explain(model.scorer, model.personas, profile)
    assert found is not None
    assert answered.runner_up is not None
    lead = answered.distances[answered.runner_up.id] ** 2 - answered.distances[answered.persona.id] ** 2
    assert found.lead == pytest.approx(lead, abs=1e-9)
    assert found.base + sum(reason.contribution for reason in found.reasons) == pytest.approx(lead, abs=1e-9)


@given(profiles())
def test_only_answers_that_the_model_knows_are_reasons(profile: Profile) -> None:
    found, answered = explain(MODEL.scorer, MODEL.personas, profile), MODEL.assign(profile)
    assert found is not None
    told = {reason.field for reason in found.reasons}
    unknown = {item.field for item in answered.unknown_values}
    given_fields = {name for name in Profile.model_fields if name not in answered.missing_fields}
    assert given_fields - unknown <= told <= given_fields


@given(profiles())
def test_a_sentence_speaks_for_the_persona_that_its_contribution_speaks_for(profile: Profile) -> None:
    found, answered = explain(MODEL.scorer, MODEL.personas, profile), MODEL.assign(profile)
    assert found is not None
    assert answered.runner_up is not None
    for reason in found.reasons:
        ours, other = answered.persona.name, answered.runner_up.name
        wanted = ours if reason.contribution >= 0 else other
        named = re.findall("|".join(NAMES), reason.sentence)
        assert named[0] == wanted


def test_an_empty_list_is_a_reason_of_its_own() -> None:
    found = explain(MODEL.scorer, MODEL.personas, Profile(hobbies=()))
    assert found is not None
    assert [(reason.field, reason.value) for reason in found.reasons] == [("hobbies", None)]


def test_the_largest_reason_stands_first() -> None:
    found = explain(
        MODEL.scorer, MODEL.personas, Profile(age=30, occupation="value_3", hobbies=("value_1", "value_2"))
    )
    assert found is not None
    sizes = [abs(reason.contribution) for reason in found.reasons]
    assert sizes == sorted(sizes, reverse=True)
    assert len(sizes) == 5
