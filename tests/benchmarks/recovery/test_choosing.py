"""Lists as successive choices: their probability against the sum over all orders."""

from itertools import permutations

import numpy as np
import pytest

from benchmarks.recovery.generators.second.choosing import choose, length_shares, set_log_probability
from models.scoring.columns import FloatArray

WEIGHTS = np.array([0.4, 0.25, 0.15, 0.1, 0.07, 0.03])


def by_all_orders(weights: FloatArray, chosen: tuple[int, ...]) -> float:
    total = 0.0
    for order in permutations(chosen):
        left, chance = weights.sum(), 1.0
        for word in order:
            chance *= weights[word] / left
            left -= weights[word]
        total += chance
    return float(total)


@pytest.mark.parametrize("chosen", [(0,), (5,), (0, 1), (2, 5), (0, 1, 2), (1, 3, 4, 5)])
def test_probability_of_a_set_is_the_sum_over_all_orders(chosen: tuple[int, ...]) -> None:
    row = np.isin(np.arange(len(WEIGHTS)), chosen)[None]
    probability = np.exp(set_log_probability(row, np.log(WEIGHTS)))
    assert probability[0] == pytest.approx(by_all_orders(WEIGHTS, chosen), rel=1e-4)


def test_probabilities_of_all_sets_of_a_length_sum_to_one() -> None:
    rows = np.array([[bool(bits >> word & 1) for word in range(6)] for bits in range(64)])
    probability = np.exp(set_log_probability(rows, np.log(WEIGHTS)))
    for length in range(5):
        assert probability[rows.sum(axis=1) == length].sum() == pytest.approx(1.0, rel=1e-3)


def test_empty_list_is_certain_given_its_length() -> None:
    assert set_log_probability(np.zeros((2, 6), bool), np.log(WEIGHTS)).tolist() == [0.0, 0.0]


def test_drawn_sets_have_the_probabilities_of_the_formula() -> None:
    rng = np.random.default_rng(0)
    chosen = choose(np.log(WEIGHTS) * np.ones((20_000, 1)), np.full(20_000, 2), rng)
    sets, counts = np.unique(chosen, axis=0, return_counts=True)
    expected = np.exp(set_log_probability(sets, np.log(WEIGHTS)))
    assert (chosen.sum(axis=1) == 2).all()
    assert counts / 20_000 == pytest.approx(expected, abs=0.01)


def test_lengths_have_a_heavy_tail() -> None:
    shares = length_shares(np.array(3.0), 24)
    lengths = np.arange(25)
    mean = shares @ lengths
    assert shares.sum() == pytest.approx(1.0)
    # A Poisson distribution of the same mean has a variance as large as the mean.
    assert shares @ (lengths - mean) ** 2 > 3 * mean
