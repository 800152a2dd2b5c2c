"""Packed rows: a sum of packed rows unpacks to the sums of their numbers."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.scoring.packed_rows import LARGEST, STEP, PackedRows, pack

NUMBERS = st.floats(-LARGEST, LARGEST, exclude_min=True, exclude_max=True)


@given(st.lists(st.tuples(NUMBERS, NUMBERS, NUMBERS), min_size=1, max_size=60))
def test_sum_of_packed_rows_unpacks_to_the_sums_of_their_numbers(rows: list[tuple[float, ...]]) -> None:
    packed = [pack(row) for row in rows]
    sums = PackedRows(3).unpack(sum(packed))
    total = [STEP * number for number in sums]
    expected = [math.fsum(column) for column in zip(*rows, strict=True)]
    np.testing.assert_allclose(total, expected, atol=len(rows) * 2.0**-45, rtol=1e-15)


def test_as_many_rows_as_fit_do_not_overflow_into_the_next_number() -> None:
    row = pack([math.nextafter(LARGEST, 0), math.nextafter(-LARGEST, 0), 0.5])
    # A number that close to the limit is rounded to it.
    total = [STEP * number for number in PackedRows(3).unpack(row * 63)]
    assert total == pytest.approx([LARGEST * 63, -LARGEST * 63, 31.5], rel=1e-12)


@pytest.mark.parametrize("number", [LARGEST, -LARGEST, 1e300, math.inf, math.nan])
def test_row_with_a_number_out_of_range_is_refused(number: float) -> None:
    with pytest.raises(ValueError, match="not below"):
        pack([0.0, number])
