"""The compiled scorer: encoding, PCA and nearest centroid folded into additive tables.

The pipeline is linear up to the nearest centroid, so a profile's PCA coordinates are a sum:

    z = base + Σ over answered fields ( constant_f + Σ over the field's terms  factor · row )

with factor = the number x for numeric and ordinal fields, 1 for the chosen value, 1/√(values ticked) for each
value ticked (`models.scoring.encoder`). A field that was not answered adds nothing. The answer is the centroid
nearest to z. One profile is summed from rows kept ready (`models.scoring.answer_rows`), many by numpy; both give
the same numbers within rounding.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from pydantic import BaseModel

from models.scoring.batch import BatchTables, batch_tables
from models.scoring.columns import (
    CodeColumn,
    CodeListColumn,
    Column,
    Columns,
    FloatArray,
    IntArray,
    NumberColumn,
    parts,
)
from models.scoring.encoder import Encoder, FieldEncoding, raw_numbers, tick_size
from models.scoring.imputation import FieldImputation, Imputation, parts_of, place, probabilities
from models.scoring.single import FieldTable, Located, Score, Single


class Scores(NamedTuple):
    """The same for many profiles: `clusters` (n,), `runners_up` (n,), −1 where there is one persona alone,
    `distances` (n, k), `hidden` (n,), `probabilities` (n, k)."""

    clusters: IntArray
    runners_up: IntArray
    distances: FloatArray
    hidden: IntArray
    probabilities: FloatArray | None

    @property
    def distance(self) -> FloatArray:
        """To the own centroid, (n,)."""
        return _of_each(self.distances, self.clusters)

    @property
    def margin(self) -> FloatArray:
        """How much farther the runner-up is, (n,); NaN where there is none."""
        margin: FloatArray = _of_each(self.distances, self.runners_up) - self.distance
        return np.where(self.runners_up < 0, np.nan, margin)

    @property
    def confidence(self) -> FloatArray | None:
        """The chance of the own persona, (n,); None where the model cannot tell (format 1)."""
        return None if self.probabilities is None else _of_each(self.probabilities, self.clusters)


@dataclass(frozen=True)
class Scorer:
    """Tables for every field of `encoder`, `base` (r,) and `centroids` (k, r).

    `completion`: what fills hidden fields; without it, as in format 1, they count as average answers.
    """

    encoder: Encoder
    base: FloatArray
    tables: tuple[FieldTable, ...]
    centroids: FloatArray
    completion: Imputation | None = None

    @property
    def parts(self) -> tuple[FieldImputation | None, ...]:
        """For each field what is expected of it; None where it is never hidden."""
        return parts_of(self.completion, len(self.tables))

    @cached_property
    def single(self) -> Single:
        """The same tables for one profile at a time."""
        return Single(self.encoder.fields, self.tables, self.base, self.centroids, self.completion)

    def score(self, profile: BaseModel) -> Score:
        """Score one profile. A field that the profile's class lacks is not answered."""
        return self.single.score(profile.__dict__)

    def locate(self, profile: BaseModel) -> Located:
        """Where one profile lies, its hidden fields filled."""
        return self.single.locate(profile.__dict__)

    def scores(self, columns: Columns) -> Scores:
        """Score many profiles, each as it is scored alone. Lists may have any order, and repeats."""
        chunks = [self._scores(part) for part in parts(columns)]
        if len(chunks) == 1:
            return chunks[0]
        clusters, runners_up, distances, hidden, chances = zip(*chunks, strict=True)
        return Scores(
            np.concatenate(clusters),
            np.concatenate(runners_up),
            np.concatenate(distances),
            np.concatenate(hidden),
            None if self.completion is None else np.concatenate(chances),
        )

    def _scores(self, columns: Columns) -> Scores:
        sums = self._batch_tables.sums(columns)
        if self.completion is None:
            squares = _squares(sums, self.centroids)
            return Scores(*_two_least(squares), np.sqrt(squares), np.zeros(len(sums), np.int64), None)
        z, hidden, scatter = place(self.completion, self.encoder.fields, columns, sums)
        squares = _squares(z, self.centroids)
        chances = probabilities(self.completion, squares, hidden, scatter)
        empty = np.flatnonzero((hidden == self.completion.live) & (hidden > 0))
        order = squares.copy()
        order[empty] = -chances[empty]
        return Scores(*_two_least(order), np.sqrt(squares), hidden, chances)

    @cached_property
    def _batch_tables(self) -> BatchTables:
        return batch_tables(self.encoder.fields, self.tables, self.base, self.completion)

    def coordinates(self, columns: Columns) -> FloatArray:
        """PCA coordinates of many profiles, shape (n, r)."""
        return np.concatenate([self._known_sums(part) for part in parts(columns)])

    def _known_sums(self, columns: Columns) -> FloatArray:
        return self._batch_tables.sums(columns)[:, : len(self.base)]

    def distances(self, columns: Columns) -> FloatArray:
        """Euclidean distances of many profiles to every centroid, shape (n, k), hidden fields counting as average
        answers: the rule of the fitted pipeline."""
        known = (self._known_sums(part) for part in parts(columns))
        return np.concatenate([np.sqrt(_squares(z, self.centroids)) for z in known])

    def clusters(self, columns: Columns) -> IntArray:
        """The nearest centroid of many profiles by the rule of the fitted pipeline, shape (n,)."""
        nearest: IntArray = self.distances(columns).argmin(axis=1)
        return nearest


def _of_each(table: FloatArray, places: IntArray) -> FloatArray:
    """From each row of (n, k) the number at its place."""
    return table[np.arange(len(table)), places]


def _two_least(order: FloatArray) -> tuple[IntArray, IntArray]:
    """The place of the least in each row, and of the next; −1 where there is no other."""
    others = np.array(order, order="C")
    first = others.argmin(axis=1)
    if order.shape[1] == 1:
        return first, np.full(len(first), -1)
    others[np.arange(len(first)), first] = np.inf
    return first, others.argmin(axis=1)


def _squares(z: FloatArray, centroids: FloatArray) -> FloatArray:
    """Squared distances, shape (n, k), column after column."""
    squares = np.empty((len(centroids), len(z)))
    for centroid, out in zip(centroids, squares, strict=True):
        gaps = z[:, : len(centroid)] - centroid
        np.einsum("nr,nr->n", gaps, gaps, out=out)
    return squares.T


def add_column(encoding: FieldEncoding, table: FieldTable, column: Column, total: FloatArray) -> None:
    """Add what a column's known answers contribute to `total` (n, r)."""
    if isinstance(column, NumberColumn):
        x = raw_numbers(encoding.spec, column)
        rows = np.flatnonzero(~np.isnan(x))
        total[rows] += table.constant + x[rows, None] * table.rows[0]
    elif isinstance(column, CodeColumn):
        rows = np.flatnonzero(column.codes >= 0)
        total[rows] += table.constant + table.rows[column.codes[rows]]
    else:
        _add_lists(table, column, total)


def _add_lists(table: FieldTable, column: CodeListColumn, total: FloatArray) -> None:
    total[column.answered] += table.constant
    filled = np.flatnonzero(column.lengths)
    if len(filled):
        weighed = table.rows[column.codes] * tick_size(column)[:, None]
        total[filled] += np.add.reduceat(weighed, column.offsets[:-1][filled], axis=0)
