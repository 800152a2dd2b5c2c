"""The test for dependence finds links of every shape, and none among shuffled fields."""

import numpy as np
import pandas as pd
import pytest

from benchmarks.recovery.draws import permuted
from models.profile import Profile
from tests.training.clustering.plane import Plane, five_groups
from training.clustering.components.dependence import Dependence, measure_dependence
from training.clustering.encoding import ProfileEncoder
from training.config import TrainingConfig
from training.data.dataset import Dataset, from_frame
from training.simulation.simulate import SimulationConfig, simulate

CONFIG = TrainingConfig()


def dependence_of(dataset: Dataset, seed: int = 0) -> Dependence:
    encode = ProfileEncoder(dataset.profile_class).fit(dataset)
    return measure_dependence(encode.transform(dataset), encode.encoder_, CONFIG, np.random.default_rng(seed))


def plane(frame: pd.DataFrame) -> Dataset:
    return from_frame(frame, Plane)


def test_uncorrelated_numbers_that_form_groups_depend_on_each_other() -> None:
    frame = five_groups(200)
    assert abs(float(frame["income"].corr(frame["spending"]))) < 0.05
    result = dependence_of(plane(frame[["income", "spending"]]))
    assert result.linked
    assert result.p_value is not None
    assert result.p_value <= 0.01
    assert result.independent == ()


def test_field_that_goes_with_no_other_is_named() -> None:
    assert dependence_of(plane(five_groups(200))).independent == ("gender",)


def test_two_dependent_fields_are_found_among_many() -> None:
    frame = permuted(simulate(SimulationConfig(rows=600, seed=3)).frame, seed=3)
    frame["budget_range"] = np.where(frame["age"].fillna(40) > 40, "high", "low")
    assert dependence_of(from_frame(frame, Profile)).linked


@pytest.mark.parametrize("seed", range(10))
def test_shuffled_fields_do_not_depend_on_each_other(seed: int) -> None:
    result = dependence_of(plane(permuted(five_groups(200), seed)), seed)
    assert not result.linked
    assert result.p_value is not None
    assert result.p_value > 0.01
    assert result.independent == ()


def test_single_field_is_not_tested() -> None:
    result = dependence_of(plane(five_groups(200)[["income"]]))
    assert result == Dependence(None, linked=True)


def test_number_that_most_answer_with_the_lowest_value_is_not_lost() -> None:
    rng = np.random.default_rng(0)
    rare = rng.random(400) < 0.1
    frame = pd.DataFrame({"income": np.where(rare, 50, 20), "gender": np.where(rare, "a", "b")})
    assert dependence_of(plane(frame)).linked


def test_numbers_with_gaps_and_constant_ones_are_tested() -> None:
    frame = pd.DataFrame({"income": [1.0, 2.0, 9.0] * 3, "spending": [5.0, 5.0, 5.5] * 3})
    encode = ProfileEncoder(Plane).fit(frame)
    vectors = encode.transform(frame)
    assert measure_dependence(vectors, encode.encoder_, CONFIG, np.random.default_rng(0)).linked
    result = measure_dependence(vectors[2::3], encode.encoder_, CONFIG, np.random.default_rng(0))
    assert not result.linked
