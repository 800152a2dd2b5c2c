"""Tables of values by persona, and what of them is stated."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.affinities.counts import MIN_GROUP
from models.scoring.columns import CodeColumn, CodeListColumn
from training.personas.value_table import ValueTable, value_table

COUNTS = st.lists(st.sampled_from([0, 1, 3, 5, 8, 40, 300]), min_size=12, max_size=12)


def one_answer(counts: np.ndarray) -> ValueTable:
    return ValueTable(counts, counts.sum(axis=1), one_answer=True)


def test_columns_say_whether_a_profile_has_one_answer() -> None:
    clusters, offsets = np.array([0, 0, 1]), np.array([0, 1, 2, 4])
    lists = CodeListColumn(np.array([0, 1, 0, 1]), offsets, np.ones(3, np.bool_))
    assert value_table(CodeColumn(np.array([0, 1, -1])), clusters, 2, 2).one_answer
    assert not value_table(lists, clusters, 2, 2).one_answer


@pytest.mark.parametrize("hidden", range(MIN_GROUP))
def test_a_single_withheld_count_changes_nothing_that_is_stated(hidden: int) -> None:
    table, other = (one_answer(np.array([[300, 200, count], [100, 100, 100]])) for count in (hidden, 2))
    assert table.stated_answered.tolist() == other.stated_answered.tolist() == [502, 300]
    assert table.stated_everyone.tolist() == other.stated_everyone.tolist()
    np.testing.assert_array_equal(table.stated_shares, other.stated_shares)
    assert np.isnan(table.stated_shares[0, 2])
    np.testing.assert_array_equal(table.most_shares, other.most_shares)


@given(counts=COUNTS)
def test_no_figure_is_stated_of_fewer_than_five_members(counts: list[int]) -> None:
    table = one_answer(np.array(counts).reshape(3, 4))
    stated = ~np.isnan(table.stated_shares)
    assert (stated == (table.counts >= MIN_GROUP)).all()
    assert ((table.stated_answered == 0) | (table.stated_answered >= MIN_GROUP)).all()
    assert (table.stated_lifts[~stated] <= 1).all()


@given(counts=COUNTS)
def test_what_is_stated_is_near_what_is_counted(counts: list[int]) -> None:
    table = one_answer(np.array(counts).reshape(3, 4) + 20)
    np.testing.assert_allclose(table.stated_shares, table.shares)
    np.testing.assert_allclose(table.stated_everyone, table.everyone)
    np.testing.assert_allclose(table.stated_lifts, table.lifts, rtol=0.02)
