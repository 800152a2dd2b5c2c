"""Batch tables: sums of many profiles, with short and long tables."""

import dataclasses
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from models.profile import Profile
from models.profile.field_kinds import FieldSpec, MultiLabel
from models.scoring.batch import SHORT_TABLE, BatchTables
from models.scoring.columns import BLOCK_ROWS, CodeListColumn, Column, blocks, row_count, take
from models.scoring.encoder import FieldEncoding
from models.scoring.evidence import Evidence
from models.scoring.scorer import Scores
from testkit.small_scorer import KNOWN, small_scorer

SCORER = small_scorer()
BATCH = [Profile(hobbies=KNOWN[: n % 8], age=20 + n, occupation=KNOWN[n % 7]) for n in range(20)]
COLUMNS = SCORER.encoder.code(BATCH)


def lists(*rows: list[int]) -> CodeListColumn:
    codes = np.array([code for row in rows for code in row], np.int64)
    return CodeListColumn(codes, np.cumsum([0, *map(len, rows)]), np.ones(len(rows), np.bool_))


def sums(values: int, column: CodeListColumn, rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """The sums of one list field with `values` values for one persona: two numbers."""
    encoding = FieldEncoding(
        spec=FieldSpec("hobbies", MultiLabel()),
        values=tuple(map(str, range(values))),
        column_of=np.arange(values),
        centre=np.zeros(values),
        weight=np.ones(values),
    )
    field = replace(SCORER.classifier.fields[0], evidence=Evidence(np.zeros(2), rows, np.zeros(2)))
    classifier = replace(SCORER.classifier, prior=np.ones(1), fields=(field,))
    return BatchTables((encoding,), classifier).sums({"hobbies": column}).numbers


@pytest.mark.parametrize("values", [5, SHORT_TABLE, SHORT_TABLE + 1, 1_000])
def test_order_and_repeats_in_a_list_do_not_matter_in_a_batch(values: int) -> None:
    rows = np.random.default_rng(0).normal(size=(values, 2))
    column = lists([4, 0, 4, 1], [], [2], [values - 1, values - 1])
    ticked = [rows[[0, 1, 4]], rows[:0], rows[[2]], rows[[values - 1]]]
    expected = [some.sum(axis=0) for some in ticked]
    np.testing.assert_allclose(sums(values, column, rows), expected, atol=1e-12)


def test_scores_accept_lists_in_any_order_and_with_repeats() -> None:
    hobbies = COLUMNS["hobbies"]
    assert isinstance(hobbies, CodeListColumn)
    codes = [
        hobbies.codes[start:end].tolist() for start, end in zip(hobbies.offsets, hobbies.offsets[1:], strict=False)
    ]
    shuffled = dataclasses.replace(lists(*([*row[::-1], *row] for row in codes)), answered=hobbies.answered)
    scores, expected = SCORER.scores({**COLUMNS, "hobbies": shuffled}), SCORER.scores(COLUMNS)
    np.testing.assert_allclose(_chances(scores), _chances(expected), atol=1e-12)
    np.testing.assert_array_equal(scores.clusters, expected.clusters)


def test_distinct_lists_are_not_copied() -> None:
    column = lists([0, 3], [], [1])
    assert column.distinct() is column


def test_blocks_of_columns_are_their_rows_in_order() -> None:
    rows = np.arange(BLOCK_ROWS + 5) % len(BATCH)
    many = take(COLUMNS, rows)
    first, second = blocks(many)
    assert (row_count(first), row_count(second)) == (BLOCK_ROWS, 5)
    _assert_same(second, take(many, np.arange(BLOCK_ROWS, BLOCK_ROWS + 5)))


def _chances(scores: Scores) -> NDArray[np.float64]:
    assert scores.probabilities is not None
    return scores.probabilities


def _assert_same(some: object, others: dict[str, Column]) -> None:
    assert isinstance(some, dict)
    for name, column in others.items():
        for one, other in zip(_arrays(some[name]), _arrays(column), strict=True):
            np.testing.assert_array_equal(one, other)


def _arrays(column: Column) -> list[NDArray[np.generic]]:
    return [getattr(column, array.name) for array in dataclasses.fields(column)]


def test_several_blocks_score_like_one() -> None:
    rows = np.arange(2 * BLOCK_ROWS + 1) % len(BATCH)
    many, few = SCORER.scores(take(COLUMNS, rows)), SCORER.scores(COLUMNS)
    np.testing.assert_array_equal(many.clusters, few.clusters[rows])
    np.testing.assert_allclose(_chances(many), _chances(few)[rows], atol=1e-12)


def test_no_row_gives_empty_scores() -> None:
    scores = SCORER.scores(take(COLUMNS, np.zeros(0, np.int64)))
    assert (len(scores.clusters), _chances(scores).shape) == (0, (0, 3))
