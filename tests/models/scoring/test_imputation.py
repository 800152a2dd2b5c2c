"""Imputation: the empty profile gives the prior, the complete one the rule without imputation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.profile import Profile
from models.profile.field_kinds import FieldSpec, declared_fields
from models.scoring.imputation import PERCENTILES
from models.scoring.typicality import typicality_of
from models.segment_model import SegmentModel
from testkit.small_model import small_personas
from testkit.small_scorer import KNOWN, small_scorer
from tests.support.profiles import profiles

SCORER = small_scorer()
MODEL = SegmentModel("v", SCORER, small_personas())


def answer(spec: FieldSpec, number: int) -> object:
    match spec.kind.name:
        case "numeric":
            return 20 + number
        case "ordinal":
            return spec.levels[number % len(spec.levels)]
        case "categorical":
            return KNOWN[number % len(KNOWN)]
        case _:
            return KNOWN[: number % 4]


def complete(number: int) -> Profile:
    answers = {spec.name: answer(spec, number + index) for index, spec in enumerate(declared_fields(Profile))}
    return Profile.model_validate(answers)


@given(st.integers(0, 60))
def test_complete_profile_needs_no_imputation_and_is_certain(number: int) -> None:
    profile = complete(number)
    score = SCORER.score(profile)
    full = SCORER.distances(SCORER.encoder.code([profile]))[0]
    np.testing.assert_allclose(score.distances, full, atol=1e-9)
    assert (score.cluster, score.hidden) == (full.argmin(), 0)
    assert score.probabilities is not None
    assert score.probabilities[score.cluster] == 1.0


def test_empty_profile_gives_the_prior() -> None:
    assignment = MODEL.assign(Profile())
    assert assignment.probabilities == {"p_0": 0.5, "p_1": 0.3, "p_2": 0.2}
    assert (assignment.persona.id, assignment.confidence) == ("p_0", 0.5)
    assert assignment.runner_up is not None
    assert assignment.runner_up.id == "p_1"
    assert (assignment.typicality, assignment.is_outlier) == (None, None)


@given(profiles())
def test_probabilities_add_up_and_the_persona_is_the_most_probable(profile: Profile) -> None:
    assignment = MODEL.assign(profile)
    assert assignment.probabilities is not None
    assert sum(assignment.probabilities.values()) == pytest.approx(1.0)
    assert assignment.confidence == max(assignment.probabilities.values())


@given(st.lists(profiles(), min_size=1, max_size=5))
def test_typicality_is_the_same_alone_and_in_a_batch(batch: list[Profile]) -> None:
    together = MODEL.typicality(SCORER.scores(SCORER.encoder.code(batch)))
    assert together is not None
    alone = [MODEL.assign(profile).typicality for profile in batch]
    np.testing.assert_allclose(together, np.array(alone, np.float64), atol=1e-9)


def test_unknown_value_hides_its_field_like_a_missing_answer() -> None:
    unknown, missing = SCORER.score(Profile(age=30, occupation="pilot")), SCORER.score(Profile(age=30))
    assert unknown.distances == missing.distances
    assert unknown.hidden == missing.hidden
    assert "occupation" not in unknown.missing_fields


def test_field_without_influence_is_never_hidden() -> None:
    last = declared_fields(Profile)[-1].name
    with_it, without = complete(3), complete(3).model_copy(update={last: None})
    assert SCORER.score(with_it).hidden == SCORER.score(without).hidden == 0


def test_typicality_falls_from_one_at_the_centre_to_zero_beyond_the_edge() -> None:
    points = [float(point) for point in range(PERCENTILES)]
    assert [typicality_of(points, at) for at in (-1.0, 0.0, 50.0, 99.5, 100.0, 200.0)] == pytest.approx(
        [1.0, 1.0, 0.5, 0.005, 0.0, 0.0]
    )
    assert typicality_of([2.0] * PERCENTILES, 2.0) == 0.0


def test_model_of_format_1_has_no_confidence() -> None:
    assignment = SegmentModel("v", small_scorer(imputes=False), small_personas()).assign(Profile(age=30))
    assert (assignment.confidence, assignment.probabilities, assignment.typicality, assignment.is_outlier) == (
        None,
    ) * 4
    assert assignment.margin is not None
    assert assignment.margin >= 0
