"""The generator of continuous traits: its profiles, its regions, and its most probable labels."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

from benchmarks.recovery.generators.continuous.generator import (
    VARIANTS,
    Continuous,
    draw_answers,
    draw_centres,
    draw_people,
    normal_points,
    posterior,
    region,
)
from benchmarks.recovery.generators.continuous.traits import TRAITS, draw_traits_model
from benchmarks.recovery.generators.drawn import Draw
from benchmarks.recovery.generators.words import LISTS
from models.profile import Profile

ROWS, REGIONS, SEED = 1_000, 4, 1


@pytest.fixture(scope="module")
def drawn() -> Draw:
    return Continuous().draw("sharp", ROWS, REGIONS, SEED)


def test_one_seed_gives_one_draw(drawn: Draw) -> None:
    again = Continuous().draw("sharp", ROWS, REGIONS, SEED)
    pd.testing.assert_frame_equal(again.frame, drawn.frame)
    assert not Continuous().draw("sharp", ROWS, REGIONS, SEED + 1).frame.equals(drawn.frame)


def test_every_profile_is_valid(drawn: Draw) -> None:
    for row in drawn.frame.to_dict("records"):
        Profile.model_validate(row)
    assert len(drawn.dataset) == ROWS


def test_sharp_traits_can_be_read_better_than_blurred_ones(drawn: Draw) -> None:
    blurred = Continuous().draw("blurred", ROWS, REGIONS, SEED)
    assert 0.3 < blurred.ceiling < drawn.ceiling < 0.9


def test_posterior_is_calibrated() -> None:
    rng = np.random.default_rng(SEED)
    model, centres = draw_traits_model(VARIANTS["blurred"], rng), draw_centres(REGIONS, rng)
    traits = rng.normal(size=(3_000, TRAITS))
    shares = posterior(model, draw_answers(model, traits, rng), centres, 2_048)
    hit = shares.argmax(axis=1) == region(traits, centres)
    assert shares.sum(axis=1) == pytest.approx(np.ones(3_000))
    assert hit.mean() == pytest.approx(shares.max(axis=1).mean(), abs=0.03)


def test_labels_of_shuffled_slopes_are_right_less_often() -> None:
    rng = np.random.default_rng(SEED)
    model, centres = draw_traits_model(VARIANTS["sharp"], rng), draw_centres(REGIONS, rng)
    traits = rng.normal(size=(ROWS, TRAITS))
    answers = draw_answers(model, traits, rng)
    truth = region(traits, centres)
    right = (posterior(model, answers, centres, 2_048).argmax(axis=1) == truth).mean()
    for name in ("hobbies", "favourite_movies"):
        slopes = rng.permutation(model.slopes[name])
        other = replace(model, slopes={**model.slopes, name: slopes})
        assert (posterior(other, answers, centres, 2_048).argmax(axis=1) == truth).mean() < right


def test_no_region_is_very_small_or_very_large() -> None:
    for seed in range(3):
        centres = draw_centres(6, np.random.default_rng(seed))
        shares = np.bincount(region(normal_points(4_096), centres)) / 4_096
        assert len(shares) == 6
        assert shares.min() > 0.06
        assert shares.max() < 0.55


def test_kmeans_of_the_true_traits_stays_below_half_of_the_ceiling() -> None:
    agreements, ceilings = [], []
    for seed in range(4):
        traits, centres = draw_people("sharp", ROWS, 5, seed)[2:]
        clusters = KMeans(5, n_init=3, random_state=0).fit_predict(traits)
        agreements.append(adjusted_rand_score(region(traits, centres), clusters))
        ceilings.append(Continuous(points=1_024).draw("sharp", ROWS, 5, seed).ceiling)
    assert np.mean(agreements) < np.mean(ceilings) / 2


def test_points_are_standard_normal() -> None:
    points = normal_points(4_096)
    assert points.mean(axis=0) == pytest.approx(np.zeros(TRAITS), abs=0.01)
    assert np.cov(points.T) == pytest.approx(np.eye(TRAITS), abs=0.02)


def test_lengths_of_lists_say_little_of_the_region(drawn: Draw) -> None:
    for name in LISTS:
        given = drawn.frame[name].notna().to_numpy()
        lengths = pd.Series(drawn.frame[name][given].map(len).to_numpy(float))
        between = lengths.groupby(drawn.truth[given]).transform("mean").var() / lengths.var()
        # The mean length does grow with the square of the traits.
        assert between < 0.06
