"""Personas predict the answers of held-out people where fields go together, and not where they do not."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest
from threadpoolctl import threadpool_limits

from benchmarks.recovery.draws import permuted
from models.profile import Profile
from models.scoring.columns import FloatArray
from tests.training.clustering.plane import Plane, five_groups
from training.clustering.choice.field_prediction import FieldGains, field_gains
from training.clustering.encoding import ProfileEncoder
from training.data.dataset import Dataset, from_frame
from training.data.encoded import EncodedDataset
from training.simulation.simulate import SimulationConfig, simulate

KS = (1, 2, 3, 4, 5, 6)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """As in a fit: K-Means alone would use every core."""
    with threadpool_limits(1):
        yield


def encoded(dataset: Dataset) -> tuple[FloatArray, EncodedDataset]:
    encode = ProfileEncoder(dataset.profile_class)
    profiles = encode.fit_encode(dataset)
    return profiles.vectors(), profiles


def gains_of(frame: pd.DataFrame) -> FieldGains:
    scores, profiles = encoded(from_frame(frame, Plane))
    gains = field_gains(scores, profiles, KS, np.random.default_rng(0))
    assert gains is not None
    return gains


def test_gain_is_largest_with_the_planted_groups() -> None:
    gains = gains_of(five_groups(600)[["income", "spending"]])
    assert gains.means[0] == 0.0
    assert gains.errors[0] == 0.0
    assert KS[int(gains.means.argmax())] == 5
    assert gains.means[4] > 0.3


def test_shuffled_fields_are_not_predicted() -> None:
    gains = gains_of(permuted(five_groups(600), seed=0))
    assert (gains.means <= 2 * gains.errors).all()


def test_cutting_along_a_field_of_its_own_predicts_nothing() -> None:
    frame = five_groups(600)
    numbers, everything = (from_frame(frame[columns], Plane) for columns in (["gender"], list(frame)))
    scores, _ = encoded(numbers)
    gains = field_gains(scores, encoded(everything)[1], (1, 2), np.random.default_rng(0))
    assert gains is not None
    assert gains.means[1] <= 2 * gains.errors[1]


def test_lists_choices_and_missing_answers_are_predicted() -> None:
    dataset = from_frame(simulate(SimulationConfig(rows=800, seed=2, missing=0.3)).frame, Profile)
    scores, profiles = encoded(dataset)
    gains = field_gains(scores, profiles, (1, 4), np.random.default_rng(0))
    assert gains is not None
    assert gains.means[1] > 4 * gains.errors[1] > 0


@pytest.mark.parametrize("frame", [five_groups(60)[["income"]], five_groups(20)])
def test_single_field_and_few_profiles_give_no_gain(frame: pd.DataFrame) -> None:
    scores, profiles = encoded(from_frame(frame, Plane))
    assert field_gains(scores, profiles, KS, np.random.default_rng(0)) is None


def test_best_number_is_the_smallest_that_is_as_good() -> None:
    rng = np.random.default_rng(0)
    profiles = np.array([0.0, 1.0, 1.001, 0.5])[:, None] + rng.normal(0, 0.1, (4, 400))
    gains = FieldGains(ks=(1, 2, 3, 4), profiles=profiles)
    assert gains.best({1, 2, 3, 4}) == 2
    assert gains.best(range(3, 5)) == 3
    assert gains.best({1}) == 1
