"""The number of personas comes from the gap statistic, and is one where there are no groups."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.decomposition import PCA
from threadpoolctl import threadpool_limits

from models.scoring.columns import FloatArray
from tests.training.clustering.plane import Plane, five_groups
from training.clustering.choice.choice_of_k import Choice, choose_k
from training.clustering.components.parallel_analysis import Components
from training.clustering.encoding import ProfileEncoder
from training.config import TrainingConfig
from training.data.dataset import from_frame
from training.progress import Silent

QUICK = TrainingConfig(references=5)
STRUCTURED = Components(eigenvalues=np.ones(2), chance=np.zeros(2), beat_chance=2, retained=2, clear=2)
CHANCE = Components(eigenvalues=np.ones(2), chance=np.ones(2), beat_chance=0, retained=1, clear=0)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """As in a fit: K-Means alone would use every core."""
    with threadpool_limits(1):
        yield


def blobs(k: int) -> FloatArray:
    rng = np.random.default_rng(k)
    angles = 2 * np.pi * np.arange(k) / k
    centres = 6 * np.column_stack([np.cos(angles), np.sin(angles)]) if k > 1 else np.zeros((1, 2))
    return np.asarray(np.repeat(centres, 600 // k, axis=0) + rng.normal(size=(600 // k * k, 2)))


@pytest.mark.parametrize("planted", [1, 2, 3, 5])
def test_k_is_the_number_of_planted_groups(planted: int) -> None:
    choice = choose_k(blobs(planted), STRUCTURED, QUICK, np.random.default_rng(0), Silent())
    assert choice.k == planted
    assert len(choice.curve) == 10


def test_k_is_one_without_structure() -> None:
    choice = choose_k(blobs(3), CHANCE, QUICK, np.random.default_rng(0), Silent())
    assert choice.k == 1
    assert "beats chance" in choice.sentence


def test_k_is_one_for_independent_fields() -> None:
    components = Components(
        eigenvalues=np.ones(2),
        chance=np.zeros(2),
        beat_chance=0,
        retained=1,
        clear=0,
        linked=False,
        p_value=0.412,
    )
    choice = choose_k(blobs(3), components, QUICK, np.random.default_rng(0), Silent())
    assert choice.k == 1
    assert choice.sentence == (
        "No dependence between the fields was found (permutation p = 0.41). There is one segment, everyone."
    )


def test_configured_k_is_used_and_the_curve_is_computed_all_the_same() -> None:
    config = TrainingConfig(k=4, references=2)
    choice = choose_k(blobs(2), STRUCTURED, config, np.random.default_rng(0), Silent())
    assert choice.k == 4
    assert choice.sentence == "4 personas were asked for. The gap statistic alone would choose 2."
    assert [point.k for point in choice.curve] == list(range(1, 11))
    assert not choice.votes


def test_curve_of_a_configured_k_reaches_it() -> None:
    config = TrainingConfig(k=13, k_max=3, references=2)
    choice = choose_k(blobs(2), STRUCTURED, config, np.random.default_rng(0), Silent())
    assert [point.k for point in choice.curve] == [1, 2, 3, 13]


def test_curve_of_a_configured_k_can_be_left_out() -> None:
    config = TrainingConfig(k=4, given_k_curve=False)
    choice = choose_k(blobs(2), STRUCTURED, config, np.random.default_rng(0), Silent())
    assert choice.sentence == "4 personas were asked for."
    assert not choice.curve


def test_k_is_at_most_the_number_of_distinct_points() -> None:
    scores = np.repeat([[0.0, 0.0], [9.0, 9.0]], 20, axis=0)
    choice = choose_k(scores, STRUCTURED, QUICK, np.random.default_rng(0), Silent())
    assert choice.k == 2


def test_fields_that_are_left_out_are_named() -> None:
    components = replace(STRUCTURED, independent=("lead_time_days", "age"))
    choice = choose_k(blobs(3), components, QUICK, np.random.default_rng(0), Silent())
    assert choice.sentence.endswith("Lead time days and age depend on no other field and are left out.")


def test_one_cloud_is_one_segment_that_may_be_divided_all_the_same() -> None:
    rng = np.random.default_rng(0)
    trait = rng.normal(size=800)
    frame = pd.DataFrame({"income": trait + rng.normal(0, 0.5, 800), "spending": trait + rng.normal(0, 0.5, 800)})
    encode = ProfileEncoder(Plane)
    profiles = encode.fit_encode(from_frame(frame, Plane))
    choice = choose_k(
        PCA(2).fit_transform(profiles.vectors()),
        STRUCTURED,
        QUICK,
        np.random.default_rng(0),
        Silent(),
        encoded=profiles,
    )
    assert choice.k == 1
    assert "the profiles form one cloud" in choice.sentence
    assert "is the smallest that predicts other people's answers as well as any" in choice.sentence


def test_prediction_of_answers_decides_where_halves_do_not_agree() -> None:
    frame = five_groups(150, seed=1, spread=13.0)[["income", "spending"]]
    encode = ProfileEncoder(Plane)
    profiles = encode.fit_encode(from_frame(frame, Plane))
    choice = choose_k(profiles.vectors(), STRUCTURED, QUICK, np.random.default_rng(0), Silent(), encoded=profiles)
    assert max(votes for _, votes in choice.votes) < 30
    assert choice.k == 5
    assert "5 is the smallest number that predicts other people's answers as well as any." in choice.sentence
    assert all(point.field_gain is not None for point in choice.curve)


# --- how sure the number is -------------------------------------------------------------------------


FEW = TrainingConfig(references=5, k_max=6)


def undecided(apart: float = 4.3) -> FloatArray:
    """Three groups, of which one is a pair of groups so near that it may as well be one."""
    centres = np.array([[0.0, 0.0], [12.0, 0.0], [6.0, 10.0], [6.0 + apart, 10.0]])
    return np.asarray(np.repeat(centres, 100, axis=0) + np.random.default_rng(0).normal(size=(400, 2)))


def chosen(scores: FloatArray, familiar: int | None = None, seed: int = 0, **changes: float) -> Choice:
    config = FEW.model_copy(update=changes)
    return choose_k(scores, STRUCTURED, config, np.random.default_rng(seed), Silent(), familiar)


def test_all_halves_agree_on_clear_groups() -> None:
    choice = chosen(blobs(3))
    assert choice.votes == ((3, 20),)
    assert "All 20 random halves of the profiles choose 3." in choice.sentence


def test_votes_are_stated_where_halves_disagree() -> None:
    choice = chosen(undecided())
    votes = dict(choice.votes)
    assert sum(votes.values()) == 60
    assert min(votes[3], votes[4]) >= 12
    assert f"Of 60 random halves of the profiles {votes[choice.k]} choose {choice.k} and" in choice.sentence


@pytest.mark.parametrize("planted", [3, 5])
def test_k_of_clear_groups_does_not_depend_on_the_seed(planted: int) -> None:
    assert {chosen(blobs(planted), seed=seed).k for seed in range(4)} == {planted}


# --- the number in the model before ----------------------------------------------------------------


@pytest.mark.parametrize("familiar", [2, 4, 30])
def test_clear_groups_override_the_previous_k(familiar: int) -> None:
    assert chosen(blobs(3), familiar).k == 3


@pytest.mark.parametrize("familiar", [3, 4])
def test_previous_k_stays_where_halves_are_undecided(familiar: int) -> None:
    choice = chosen(undecided(), familiar)
    assert choice.k == familiar
    assert choice.k == chosen(undecided()).k or f"The model before has {familiar} as well" in choice.sentence


def test_previous_k_does_not_stay_for_a_few_votes() -> None:
    scores = undecided(4.5)
    assert dict(chosen(scores).votes)[3] < 4
    assert chosen(scores, familiar=3).k == 4
