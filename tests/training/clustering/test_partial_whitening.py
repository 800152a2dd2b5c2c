"""Partial whitening: component variances become powers of themselves."""

import numpy as np
import pytest

from training.clustering.partial_whitening import PartialWhitener

SCORES = np.random.default_rng(0).normal(size=(500, 3)) * [4.0, 2.0, 0.5]


@pytest.mark.parametrize(("evenness", "power"), [(0.0, 1.0), (0.25, 0.5), (0.375, 0.25), (0.5, 0.0)])
def test_variance_becomes_a_power_of_itself(evenness: float, power: float) -> None:
    whitened = PartialWhitener(evenness).fit_transform(SCORES)
    np.testing.assert_allclose(whitened.var(axis=0), SCORES.var(axis=0) ** power)


def test_component_without_variance_is_unchanged() -> None:
    scores = np.column_stack([SCORES[:, 0], np.zeros(500)])
    np.testing.assert_array_equal(PartialWhitener().fit_transform(scores)[:, 1], 0.0)


def test_rows_are_scaled_independently() -> None:
    whitener = PartialWhitener().fit(SCORES)
    np.testing.assert_array_equal(whitener.transform(SCORES)[:5], whitener.transform(SCORES[:5]))
