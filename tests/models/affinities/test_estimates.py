"""Shares, lifts and their intervals: against scipy, by simulation, and for any counts."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from models.affinities.estimates import Estimate, Interval, blend, estimate, wilson

ANSWERED = st.integers(5, 100_000)
SHARES = st.floats(0.0005, 1.0)
PRIORS = st.none() | st.floats(0.01, 1_000.0)


@pytest.mark.parametrize(
    ("count", "total"), [(0, 10), (5, 5), (5, 9), (81, 263), (15, 148), (1, 29), (4_000, 9_000)]
)
def test_wilson_interval_is_that_of_scipy(count: int, total: int) -> None:
    expected = binomtest(count, total).proportion_ci(0.95, method="wilson")
    interval = wilson(count, total)
    assert (interval.low, interval.high) == pytest.approx((expected.low, expected.high))


def test_wilson_interval_is_the_published_one() -> None:
    """Newcombe, Statistics in Medicine 17 (1998), 857–872, table I: 81 of 263 and 15 of 148."""
    for (count, total), ends in {(81, 263): (0.2553, 0.3662), (15, 148): (0.0624, 0.1605)}.items():
        interval = wilson(count, total)
        assert (round(interval.low, 4), round(interval.high, 4)) == ends


@given(answered=ANSWERED, rate=st.floats(0, 1), everyone_share=SHARES, prior=PRIORS)
def test_intervals_contain_their_estimates(
    answered: int, rate: float, everyone_share: float, prior: float | None
) -> None:
    one = estimate(int(answered * rate), answered, everyone_share, prior)
    assert 0 <= one.interval.low <= one.share <= one.interval.high <= 1
    assert 0 <= one.lift_interval.low <= one.lift <= one.lift_interval.high


@given(answered=ANSWERED, rate=st.floats(0, 0.999), everyone_share=SHARES, prior=PRIORS)
def test_lift_and_its_lower_end_rise_with_the_count_and_lie_toward_one(
    answered: int, rate: float, everyone_share: float, prior: float | None
) -> None:
    count = int(answered * rate)
    one, more = (estimate(count + step, answered, everyone_share, prior) for step in (0, 1))
    assert one.lift <= more.lift
    assert one.lift_interval.low <= more.lift_interval.low + 1e-9
    low, high = sorted((1.0, one.share / everyone_share))
    assert low - 1e-9 <= one.lift <= high + 1e-9


def test_rare_value_has_less_lift_than_a_common_one_of_the_same_ratio() -> None:
    rare, common = estimate(5, 1_000, 0.001, 4.0), estimate(500, 1_000, 0.1, 4.0)
    assert rare.share / rare.everyone_share == pytest.approx(common.share / common.everyone_share)
    assert rare.lift < 2 < 4.8 < common.lift
    assert rare.lift_interval.low < common.lift_interval.low


def covered(intervals: list[Interval], truths: np.ndarray) -> float:
    return float(np.mean([one.low <= truth <= one.high for one, truth in zip(intervals, truths, strict=True)]))


@pytest.mark.parametrize("share", [0.02, 0.2, 0.5, 0.9])
def test_wilson_interval_covers_the_share_in_about_95_of_100_samples(share: float) -> None:
    counts = np.random.default_rng(1).binomial(400, share, 4_000)
    assert 0.93 < covered([wilson(count, 400) for count in counts.tolist()], np.full(4_000, share)) < 0.975


@pytest.mark.parametrize(("everyone_share", "prior"), [(0.02, 3.0), (0.2, 3.0), (0.2, 30.0)])
def test_lift_interval_covers_the_lift_in_about_95_of_100_personas(everyone_share: float, prior: float) -> None:
    rng = np.random.default_rng(2)
    weight = prior / everyone_share
    shares = rng.beta(prior, weight - prior, 6_000)
    counts = rng.binomial(300, shares)
    intervals = [estimate(count, 300, everyone_share, prior).lift_interval for count in counts.tolist()]
    assert 0.93 < covered(intervals, shares / everyone_share) < 0.97


def test_blend_of_one_is_itself_and_of_two_lies_between() -> None:
    one, other = estimate(30, 100, 0.2, 5.0), estimate(10, 200, 0.2, 5.0)
    alone = blend([(1.0, one), (0.0, other)])
    assert alone.share == pytest.approx(one.share)
    assert alone.lift_interval.low == pytest.approx(one.lift_interval.low)
    both = blend([(0.5, one), (0.5, other)])
    assert other.share < both.share < one.share
    assert both.interval.high - both.interval.low < one.interval.high - one.interval.low


@pytest.mark.parametrize("weight", [0.3, 0.7])
def test_blended_interval_covers_the_mean_of_two_shares(weight: float) -> None:
    rng, truth = np.random.default_rng(3), weight * 0.3 + (1 - weight) * 0.1
    pairs = zip(rng.binomial(150, 0.3, 3_000).tolist(), rng.binomial(300, 0.1, 3_000).tolist(), strict=True)
    blended: list[Estimate] = [
        blend([(weight, estimate(a, 150, 0.2, 5.0)), (1 - weight, estimate(b, 300, 0.2, 5.0))]) for a, b in pairs
    ]
    assert 0.93 < covered([one.interval for one in blended], np.full(3_000, truth)) < 0.97
