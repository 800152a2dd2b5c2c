"""The second generator: its profiles, its margins, and its most probable personas."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import adjusted_rand_score
from sklearn.metrics.cluster import adjusted_mutual_info_score

from benchmarks.recovery.draws import permuted
from benchmarks.recovery.generators.drawn import Draw
from benchmarks.recovery.generators.second.generator import VARIANTS, Second
from benchmarks.recovery.generators.second.people import posterior
from benchmarks.recovery.generators.second.personas import Personas, draw_personas
from benchmarks.recovery.generators.words import LISTS
from models.profile import Profile
from models.scoring.columns import FloatArray, IntArray

ROWS, PERSONAS, SEED = 3_000, 5, 1


@pytest.fixture(scope="module")
def drawn() -> Draw:
    return Second().draw("medium", ROWS, PERSONAS, SEED)


def eta_squared(values: FloatArray, groups: IntArray) -> float:
    """The share of the variance that is between groups."""
    means = pd.Series(values).groupby(groups).transform("mean")
    return float(means.var() / values.var())


def test_one_seed_gives_one_draw(drawn: Draw) -> None:
    again = Second().draw("medium", ROWS, PERSONAS, SEED)
    pd.testing.assert_frame_equal(again.frame, drawn.frame)
    assert (again.truth == drawn.truth).all()
    assert not Second().draw("medium", ROWS, PERSONAS, SEED + 1).frame.equals(drawn.frame)


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_profile_is_valid(variant: str) -> None:
    drawn = Second().draw(variant, 300, PERSONAS, SEED)
    rows = drawn.frame.astype(object).where(drawn.frame.notna(), None)
    for row in rows.to_dict("records"):
        Profile.model_validate(row)
    assert len(drawn.dataset) == 300


def test_variant_without_lists_has_none() -> None:
    assert not set(LISTS) & set(Second().draw("without_lists", 50, PERSONAS, SEED).frame)


def test_shares_of_personas_and_of_people_without_one_are_as_planted(drawn: Draw) -> None:
    shares = np.bincount(drawn.truth[drawn.planted]) / drawn.planted.sum()
    assert shares == pytest.approx(0.8 ** np.arange(5) / (0.8 ** np.arange(5)).sum(), abs=0.03)
    assert drawn.planted.mean() == pytest.approx(0.9, abs=0.02)


@pytest.mark.parametrize(("variant", "ceiling"), [("easy", 0.9), ("medium", 0.75), ("hard", 0.57)])
def test_ceiling_is_about_that_of_the_difficulty(variant: str, ceiling: float) -> None:
    ceilings = [Second().draw(variant, 1_000, PERSONAS, seed).ceiling for seed in range(4)]
    assert np.mean(ceilings) == pytest.approx(ceiling, abs=0.06)


def test_posterior_is_calibrated() -> None:
    model, answers, truth, planted = Second(noise=0.0).sample(VARIANTS["hard"], 6_000, PERSONAS, SEED)
    shares = posterior(model, answers)
    hit = shares.argmax(axis=1) == truth
    assert shares.sum(axis=1) == pytest.approx(np.ones(6_000))
    assert hit.mean() == pytest.approx(shares.max(axis=1).mean(), abs=0.02)
    doubtful = shares.max(axis=1) < 0.7
    assert hit[doubtful].mean() == pytest.approx(shares.max(axis=1)[doubtful].mean(), abs=0.04)
    assert planted.all()


def test_most_probable_personas_are_right_more_often_than_those_of_other_parameters() -> None:
    model, answers, truth, _ = Second(noise=0.0).sample(VARIANTS["medium"], ROWS, PERSONAS, SEED)
    right = (posterior(model, answers).argmax(axis=1) == truth).mean()
    rng = np.random.default_rng(0)
    for name in ("hobbies", "age", "relationship"):
        order = np.roll(np.arange(PERSONAS), 1 + rng.integers(PERSONAS - 1))
        other = _with_shuffled_personas(model, name, order)
        assert (posterior(other, answers).argmax(axis=1) == truth).mean() < right


def test_lengths_of_lists_say_nothing_of_the_persona(drawn: Draw) -> None:
    for name in LISTS:
        given = (drawn.frame[name].notna() & drawn.planted).to_numpy()
        lengths = drawn.frame[name][given].map(len).to_numpy(float)
        assert eta_squared(lengths, drawn.truth[given]) < 0.006


def test_missing_answers_say_little_of_the_persona_and_much_of_each_other(drawn: Draw) -> None:
    absent = drawn.frame.isna()[drawn.planted]
    for name in absent:
        assert eta_squared(absent[name].to_numpy(float), drawn.truth[drawn.planted]) < 0.03
    assert absent.sum(axis=1).var() > 1.3 * (absent.mean() * (1 - absent.mean())).sum()


def test_age_changes_which_answers_are_missing(drawn: Draw) -> None:
    old = drawn.frame["age"].astype(float) >= 55
    young = drawn.frame["age"].astype(float) < 40
    absent = drawn.frame["occupation"].isna()
    assert absent[young].mean() > absent[old].mean() + 0.05


def test_answers_of_one_persona_depend_on_each_other() -> None:
    model, answers, truth, _ = Second(noise=0.0).sample(VARIANTS["medium"], 6_000, PERSONAS, SEED)
    lists = [answers.lists[name].ticks for name in ("hobbies", "favourite_items")]
    given = answers.lists["hobbies"].given & answers.lists["favourite_items"].given
    inside = [rows[(truth == 0) & given] for rows in lists]
    shuffled = np.random.default_rng(0).permutation(inside[1])
    assert _strongest_link(inside[0], inside[1]) > 2 * _strongest_link(inside[0], shuffled)
    assert set(model.lists) == set(LISTS)


def test_people_without_a_persona_are_near_none() -> None:
    drawn = Second(noise=0.5).draw("easy", 1_000, PERSONAS, SEED)
    unplanted = ~drawn.planted
    assert adjusted_rand_score(drawn.truth[unplanted], drawn.best[unplanted]) < 0.1 < drawn.ceiling


def test_shuffled_fields_have_no_links(drawn: Draw) -> None:
    pair = ["occupation", "last_gift_category"]
    for frame, expected in ((drawn.frame, True), (permuted(drawn.frame, 0), False)):
        both = frame[pair].dropna()
        assert (adjusted_mutual_info_score(both[pair[0]], both[pair[1]]) > 0.01) == expected


def _strongest_link(left: FloatArray, right: FloatArray) -> float:
    table = np.corrcoef(left.T.astype(float), right.T.astype(float))[: left.shape[1], left.shape[1] :]
    return float(np.linalg.norm(np.nan_to_num(table), 2))


def _with_shuffled_personas(model: Personas, name: str, order: IntArray) -> Personas:
    if name in model.lists:
        return replace(model, lists={**model.lists, name: model.lists[name][order]})
    answer = replace(model.single[name], shares=model.single[name].shares[order])
    return replace(model, single={**model.single, name: answer})


def test_personas_of_no_difference_are_alike() -> None:
    model = draw_personas(3, 0.0, True, np.random.default_rng(0))
    assert np.ptp(model.single["age"].shares, axis=0).max() == pytest.approx(0.0)
