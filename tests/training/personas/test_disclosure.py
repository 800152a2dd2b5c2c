"""No withheld count can be computed from what is published."""

from collections import defaultdict
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.affinities.counts import MIN_GROUP
from training.personas.disclosure import hides_gifts, in_fives, protect_lines


@pytest.mark.parametrize("withheld", range(1, 7))
def test_total_leaves_every_withheld_count_open(withheld: int) -> None:
    possible = defaultdict(set)
    for counts in product(range(MIN_GROUP), repeat=withheld):
        possible[in_fives(sum(counts), withheld)].add(counts)
    for tables in possible.values():
        for counts in zip(*tables, strict=True):
            assert len(set(counts)) > 1


@given(members=st.integers(0, 10_000), withheld=st.integers(1, 50))
def test_total_is_at_most_five_off(members: int, withheld: int) -> None:
    assert abs(in_fives(members, withheld) - members) < MIN_GROUP


def test_nothing_withheld_adds_nothing() -> None:
    assert in_fives(0, 0) == 0


TABLES = st.lists(st.sampled_from([0, 1, 4, 5, 6, 30]), min_size=12, max_size=12)


@given(counts=TABLES, unlisted=st.lists(st.sampled_from([0, 0, 7]), min_size=4, max_size=4))
def test_no_line_has_one_withheld_count_that_its_total_gives_away(counts: list[int], unlisted: list[int]) -> None:
    table, rest = np.array(counts).reshape(1, 4, 3), np.array(unlisted).reshape(1, 4)
    shown = protect_lines(table, table >= MIN_GROUP, rest, axis=2)
    assert not (shown & (table < MIN_GROUP)).any()
    for row, open_row, elsewhere in zip(table[0], shown[0], rest[0], strict=True):
        hidden = row[~open_row]
        given_away = len(hidden) + (elsewhere > 0) == 1 and hidden.sum() > 0
        assert not given_away or not open_row.any()


def test_the_smallest_shown_cell_goes_too() -> None:
    table = np.array([[[300, 40, 2]]])
    shown = protect_lines(table, table >= MIN_GROUP, np.zeros((1, 1), np.int64), axis=2)
    assert shown.tolist() == [[[True, False, False]]]


def test_nobody_is_no_group_to_protect() -> None:
    table = np.array([[[300, 40, 0]]])
    shown = protect_lines(table, table >= MIN_GROUP, np.zeros((1, 1), np.int64), axis=2)
    assert shown.tolist() == [[[True, True, False]]]


def test_small_differences_between_gift_fields_and_all_of_them_are_noticed() -> None:
    merged = np.array([[100, 100, 100, 100]])
    last, history = np.array([[98, 60, 40, 52]]), np.array([[30, 40, 100, 50]])
    assert hides_gifts(merged, [last, history]).tolist() == [[True, False, False, True]]
