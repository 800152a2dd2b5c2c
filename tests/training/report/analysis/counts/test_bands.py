"""Numbers are cut where people would cut them."""

import numpy as np
import pytest

from training.report.analysis.counts.bands import bands


def test_ages_fall_into_decades() -> None:
    cut = bands(np.repeat(np.arange(18.0, 75.0), 10))
    assert cut is not None
    assert cut.labels == ("below 30", "30–39", "40–49", "50–59", "60–69", "70 and over")
    assert cut.band_of[[0, 120, 569]].tolist() == [0, 1, 5]


def test_bands_with_few_rows_join_the_next() -> None:
    ages = np.concatenate([np.repeat([22.0, 31.0, 38.0], 100), np.full(18, 45.0), np.full(30, 55.0)])
    cut = bands(ages)
    assert cut is not None
    assert np.bincount(cut.band_of).min() >= 20


def test_missing_number_is_in_no_band() -> None:
    cut = bands(np.append(np.repeat([20.0, 40.0, 60.0], 50), np.nan))
    assert cut is not None
    assert cut.band_of[-1] == -1


def test_fractions_have_bands_without_gaps() -> None:
    cut = bands(np.random.default_rng(0).uniform(0, 1, 1_000))
    assert cut is not None
    assert cut.labels[:2] == ("below 0.2", "0.2 to 0.4")


@pytest.mark.parametrize("values", [[], [np.nan] * 50, [30.0] * 50, [20.0, 40.0, 60.0]])
def test_equal_numbers_have_no_bands(values: list[float]) -> None:
    assert bands(np.array(values)) is None
