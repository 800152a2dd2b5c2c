"""Typicality: the share of a persona's members that are as unlikely."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.scoring.evidence import PERCENTILES
from models.scoring.typicality import is_outlier, typicalities, typicality_of

POINTS = [float(point) for point in range(PERCENTILES)]


def test_typicality_rises_with_the_likelihood_from_zero_to_one() -> None:
    assert [typicality_of(POINTS, z) for z in (-1.0, 0.0, 50.0, 99.5, 100.0, 200.0)] == pytest.approx(
        [0.0, 0.0, 0.5, 0.995, 1.0, 1.0]
    )


def test_value_that_every_member_has_is_fully_typical() -> None:
    assert typicality_of([2.0] * PERCENTILES, 2.0) == 1.0


@given(st.floats(-10, 110))
def test_one_profile_is_as_typical_alone_as_among_many(z: float) -> None:
    many = typicalities(np.array([POINTS, POINTS]), np.array([1, 0]), np.array([z, 3.0]))
    assert many.tolist() == pytest.approx([typicality_of(POINTS, z), 0.03], abs=1e-9)


def test_profile_less_likely_than_all_but_one_in_a_hundred_is_an_outlier() -> None:
    assert [is_outlier(share) for share in (None, 0.0, 0.0099, 0.01, 1.0)] == [None, True, True, False, False]
