"""Lists as successive choices: first how many, then the most appealing word, the next of those left, and so on.

That is the Plackett–Luce model (Plackett, Applied Statistics, 1975), stopped at the length of the list. A list is
a set; its probability is the sum over all orders. With independent exponential times of rates w_i (Yellott,
Journal of Mathematical Psychology, 1977) it is the chance that all words of the set come before all others:
∫ e^{−x} Π (1 − e^{−x w_i / W}) dx from 0 to ∞, where W is the sum of the rates of the words outside the set.
Gauss–Laguerre nodes give its logarithm to about 1e-3.
"""

from typing import Final

import numpy as np

from benchmarks.recovery.generators.single_answers import number_shares
from models.scoring.columns import BoolArray, FloatArray, IntArray

_NODES, _WEIGHTS = np.polynomial.laguerre.laggauss(32)
# Lists have at most this many words, and leave out at least a quarter of them.
MOST: Final = 24


def length_shares(medians: FloatArray, most: int, spread: float = 0.8) -> FloatArray:
    """A log-normal distribution, rounded down, from 0 to `most`: (…) medians → (…, most + 1)."""
    return number_shares(np.arange(most + 1), np.log1p(medians), spread, log=True)


def choose(log_weights: FloatArray, lengths: IntArray, rng: np.random.Generator) -> BoolArray:
    """One list for each row of log weights, (n, words), of these lengths (n,): its words, (n, words)."""
    # The largest of weights with Gumbel noise come in the order of successive choices.
    appeal = log_weights + rng.gumbel(size=log_weights.shape)
    order = np.argsort(np.argsort(-appeal, axis=1), axis=1)
    return np.asarray(order < lengths[:, None])


def set_log_probability(chosen: BoolArray, log_weights: FloatArray) -> FloatArray:
    """The log probability of each list given its length, (n,), with the same log weights (words,) for all."""
    weights = np.exp(log_weights - log_weights.max())
    rest = (~chosen) @ weights
    # A list of all words is certain given its length, as is an empty one.
    rows, words = np.nonzero(chosen & (rest > 0)[:, None])
    result = np.zeros(len(chosen))
    if not len(rows):
        return result
    ratio = weights[words] / rest[rows]
    logs = np.log(-np.expm1(-ratio[:, None] * _NODES))
    first = np.flatnonzero(np.diff(rows, prepend=-1))
    sums = np.add.reduceat(logs, first, axis=0)
    top = sums.max(axis=1)
    result[rows[first]] = top + np.log(np.exp(sums - top[:, None]) @ _WEIGHTS)
    return result
