"""A share with its interval, and a lift that is shrunk toward 1 where few members are expected."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist
from typing import Annotated, Final

from pydantic import Field

LEVEL: Final = 0.95
_Z: Final = NormalDist().inv_cdf((1 + LEVEL) / 2)


@dataclass(frozen=True, slots=True)
class Interval:
    """A 95 % interval."""

    low: Annotated[float, Field(description="The lower end.")]
    high: Annotated[float, Field(description="The upper end.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """The share of some members, and its lift over everyone's share."""

    share: float
    interval: Interval
    everyone_share: float
    lift: float
    lift_interval: Interval


def wilson(count: float, total: float) -> Interval:
    """The 95 % score interval of a share count / total, total > 0 (Wilson, Journal of the American Statistical
    Association 22, 1927, 209–212). It contains the share and lies within 0–1.
    """
    share, extra = count / total, _Z**2 / total
    middle = (share + extra / 2) / (1 + extra)
    half = _Z / (1 + extra) * sqrt(max(share * (1 - share), 0.0) / total + extra / (4 * total))
    return Interval(max(0.0, min(middle - half, share)), min(1.0, max(middle + half, share)))


def estimate(count: float, answered: int, everyone_share: float, prior: float | None) -> Estimate:
    """Estimate the share and the lift of a value that `count` of `answered` members have, answered > 0.

    `everyone_share`: above 0. `prior`: the weight a of the prior, in expected members; None stands for infinity.

    The lift is the empirical Bayes estimate (N + a) / (E + a) with E = answered × everyone's share (Clayton and
    Kaldor, Biometrics 43, 1987, 671–681), a from the variance of the data beyond chance. It is the mean of the
    beta distribution of the share given the counts, over everyone's share, where the prior is a / everyone's share
    members who answer as everyone does. So the lift's interval is Wilson's for these members and the prior's
    together: binomial, and therefore narrower for common values than a Poisson interval would be.
    """
    interval, share = wilson(count, answered), count / answered
    if prior is None:
        lift, lift_interval = 1.0, Interval(1.0, 1.0)
    else:
        expected = answered * everyone_share
        lift = (count + prior) / (expected + prior)
        ends = wilson(count + prior, answered + prior / everyone_share)
        # Rounding alone may push an end past the lift.
        lift_interval = Interval(min(ends.low / everyone_share, lift), max(ends.high / everyone_share, lift))
    return Estimate(
        share=share, interval=interval, everyone_share=everyone_share, lift=lift, lift_interval=lift_interval
    )


def blend(weighted: Iterable[tuple[float, Estimate]]) -> Estimate:
    """The estimate for somebody who is of each persona with a probability; these add up to 1.

    Shares and lifts are means; the ends of an interval lie apart from the mean by the root of the sum of the
    squared weighted distances (Zou, Huang and Zhang, Computational Statistics & Data Analysis 53, 2009,
    1080–1085), since the members of different personas are different people.
    """
    pairs = tuple(weighted)
    return Estimate(
        share=sum(weight * one.share for weight, one in pairs),
        interval=_blended((weight, one.share, one.interval) for weight, one in pairs),
        everyone_share=pairs[0][1].everyone_share,
        lift=sum(weight * one.lift for weight, one in pairs),
        lift_interval=_blended((weight, one.lift, one.lift_interval) for weight, one in pairs),
    )


def _blended(weighted: Iterable[tuple[float, float, Interval]]) -> Interval:
    pairs = tuple(weighted)
    mean = sum(weight * value for weight, value, _ in pairs)
    below = sqrt(sum((weight * (value - interval.low)) ** 2 for weight, value, interval in pairs))
    above = sqrt(sum((weight * (interval.high - value)) ** 2 for weight, value, interval in pairs))
    return Interval(max(0.0, mean - below), min(mean + above, max(interval.high for _, _, interval in pairs)))
