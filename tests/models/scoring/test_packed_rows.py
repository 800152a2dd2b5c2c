"""Rows in one integer: a sum of joined rows is the joined sum."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.scoring.packed_rows import LARGEST, STEP, PackedRows, pack

NUMBERS = st.floats(-LARGEST, LARGEST, exclude_min=True, exclude_max=True)


@given(st.lists(st.tuples(NUMBERS, NUMBERS, NUMBERS), min_size=1, max_size=200))
def test_rows_that_are_added_joined_are_added_number_by_number(rows: list[tuple[float, ...]]) -> None:
    joined = [pack(row) for row in rows]
    total = [STEP * each for each in PackedRows(3).unpack(sum(row for row in joined if row is not None))]
    expected = [math.fsum(column) for column in zip(*rows, strict=True)]
    np.testing.assert_allclose(total, expected, atol=len(rows) * 2.0**-45, rtol=1e-15)


def test_as_many_rows_as_there_is_room_for_do_not_reach_into_the_next_number() -> None:
    row = pack([math.nextafter(LARGEST, 0), math.nextafter(-LARGEST, 0), 0.5])
    assert row is not None
    # A number that near to the bound is rounded onto it.
    total = [STEP * each for each in PackedRows(3).unpack(row * 511)]
    assert total == pytest.approx([LARGEST * 511, -LARGEST * 511, 255.5], rel=1e-12)


@pytest.mark.parametrize("number", [LARGEST, -LARGEST, 1e300, math.inf, math.nan])
def test_what_no_lane_holds_is_not_joined(number: float) -> None:
    assert pack([0.0, number]) is None
