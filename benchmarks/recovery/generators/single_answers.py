"""Fields with one answer: the probability of every possible value, in tables whose last axis is the values.

The other axes are what the answer depends on, such as persona, taste and style. Numbers are integers within
limits, so that sums over their values are exact.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, log_softmax, ndtr

from benchmarks.recovery.generators.answers import Values
from models.scoring.columns import FloatArray, IntArray


@dataclass(frozen=True)
class SingleAnswer:
    """A field with one answer. `values`: all its values; `shares` (…, values): their probabilities."""

    name: str
    values: Values
    shares: FloatArray


def number_shares(values: IntArray, centre: FloatArray, spread: float, log: bool = False) -> FloatArray:
    """A rounded and truncated normal distribution, of log(1 + x) if `log`; (…) → (…, values)."""
    edges = np.concatenate([values - 0.5, [values[-1] + 0.5]])
    scale = np.log1p(np.maximum(edges, -0.5)) if log else edges
    shares = np.diff(ndtr((scale - centre[..., None]) / spread), axis=-1) + 1e-12
    return np.asarray(shares / shares.sum(axis=-1, keepdims=True))


def rounded(shares: FloatArray, values: IntArray, step: int, share: FloatArray) -> FloatArray:
    """Shares of values of which some people give the nearest multiple of a step. `share` (…): how many do."""
    target = np.clip(np.round(values / step) * step, values[0], values[-1]).astype(int) - values[0]
    heaped = np.zeros_like(shares)
    np.add.at(np.moveaxis(heaped, -1, 0), target, np.moveaxis(shares, -1, 0))
    return np.asarray((1 - share[..., None]) * shares + share[..., None] * heaped)


def choice_shares(utility: FloatArray) -> FloatArray:
    """The multinomial logit model: (…, values) utilities → shares."""
    return np.asarray(np.exp(log_softmax(utility, axis=-1)))


def level_shares(position: FloatArray, cuts: FloatArray) -> FloatArray:
    """The proportional odds model (McCullagh 1980): positions (…) and cuts (…, levels − 1) → (…, levels)."""
    below = expit(cuts - position[..., None])
    ends = np.zeros((*below.shape[:-1], 1))
    return np.diff(np.concatenate([ends, below, ends + 1], axis=-1), axis=-1)
