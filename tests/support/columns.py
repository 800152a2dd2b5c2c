"""Columns of profiles, compared."""

from numpy.testing import assert_array_equal

from models.scoring.columns import Columns


def assert_same_columns(actual: Columns, expected: Columns) -> None:
    """The same fields in the same order, with equal arrays."""
    assert list(actual) == list(expected)
    for name, column in expected.items():
        for array in column.__slots__:
            assert_array_equal(getattr(actual[name], array), getattr(column, array), err_msg=name)
