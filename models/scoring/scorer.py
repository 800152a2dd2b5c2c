"""The compiled scorer: encoding, PCA and nearest centroid folded into additive tables.

The pipeline is linear up to the nearest centroid, so a profile's PCA coordinates are a sum:

    z = base + Σ over answered fields ( constant_f + Σ over the field's terms  factor · row )

where factor is the number x for numeric and ordinal fields, 1 for the chosen value, 1/√(values ticked) for each
value ticked (`models.scoring.encoder`). A field that was not answered adds nothing. The cluster is the centroid
nearest to z. One profile is summed from precomputed rows (`models.scoring.answer_rows`), many with numpy; both
give the same numbers within rounding.
"""

from dataclasses import dataclass
from functools import cached_property

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
    blocks,
)
from models.scoring.encoder import Encoder, FieldEncoding, raw_numbers, tick_size
from models.scoring.imputation import FieldImputation, Imputation, field_imputations_of, impute, probabilities
from models.scoring.single import FieldTable, Position, Score, SingleScorer


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """The scores of many profiles, fields as in `Score`.

    `clusters` (n,), `runners_up` (n,), −1 where the model has one persona, `distances` (n, k), `hidden` (n,),
    `probabilities` (n, k), None in format 1.
    """

    clusters: IntArray
    runners_up: IntArray
    distances: FloatArray
    hidden: IntArray
    probabilities: FloatArray | None

    @property
    def distance(self) -> FloatArray:
        """The distance to the own centroid, (n,)."""
        return _at(self.distances, self.clusters)

    @property
    def margin(self) -> FloatArray:
        """How much farther the runner-up is, (n,); NaN where there is none."""
        margin: FloatArray = _at(self.distances, self.runners_up) - self.distance
        return np.where(self.runners_up < 0, np.nan, margin)

    @property
    def confidence(self) -> FloatArray | None:
        """The probability of the own persona, (n,); None in format 1."""
        return None if self.probabilities is None else _at(self.probabilities, self.clusters)


@dataclass(frozen=True, kw_only=True)
class Scorer:
    """Tables for every field of `encoder`, `base` (r,) and `centroids` (k, r).

    `imputation` imputes hidden fields; without it, as in format 1, they count as average answers.
    """

    encoder: Encoder
    base: FloatArray
    tables: tuple[FieldTable, ...]
    centroids: FloatArray
    imputation: Imputation | None = None

    @property
    def field_imputations(self) -> tuple[FieldImputation | None, ...]:
        """The imputation of each field; None where it is never hidden."""
        return field_imputations_of(self.imputation, len(self.tables))

    @cached_property
    def single(self) -> SingleScorer:
        """The same tables, prepared for one profile at a time."""
        return SingleScorer(self.encoder.fields, self.tables, self.base, self.centroids, self.imputation)

    def score(self, profile: BaseModel) -> Score:
        """Score one profile. A field that the profile's class lacks is not answered."""
        return self.single.score(profile.__dict__)

    def locate(self, profile: BaseModel) -> Position:
        """The position of one profile, hidden fields imputed."""
        return self.single.locate(profile.__dict__)

    def scores(self, columns: Columns) -> Scores:
        """Score many profiles, with the results of scoring them alone. Lists may have any order, and repeats."""
        chunks = [self._scores(block) for block in blocks(columns)]
        if len(chunks) == 1:
            return chunks[0]
        chances = [chunk.probabilities for chunk in chunks if chunk.probabilities is not None]
        return Scores(
            clusters=np.concatenate([chunk.clusters for chunk in chunks]),
            runners_up=np.concatenate([chunk.runners_up for chunk in chunks]),
            distances=np.concatenate([chunk.distances for chunk in chunks]),
            hidden=np.concatenate([chunk.hidden for chunk in chunks]),
            probabilities=np.concatenate(chances) if chances else None,
        )

    def _scores(self, columns: Columns) -> Scores:
        sums = self._batch_tables.sums(columns)
        if self.imputation is None:
            squares = _squares(sums, self.centroids)
            clusters, runners_up = _two_smallest(squares)
            hidden = np.zeros(len(sums), np.int64)
            return Scores(
                clusters=clusters,
                runners_up=runners_up,
                distances=np.sqrt(squares),
                hidden=hidden,
                probabilities=None,
            )
        z, hidden, scatter = impute(self.imputation, self.encoder.fields, columns, sums)
        squares = _squares(z, self.centroids)
        chances = probabilities(self.imputation, squares, hidden, scatter)
        empty = np.flatnonzero((hidden == self.imputation.hideable) & (hidden > 0))
        order = squares.copy()
        order[empty] = -chances[empty]
        clusters, runners_up = _two_smallest(order)
        return Scores(
            clusters=clusters,
            runners_up=runners_up,
            distances=np.sqrt(squares),
            hidden=hidden,
            probabilities=chances,
        )

    @cached_property
    def _batch_tables(self) -> BatchTables:
        return batch_tables(self.encoder.fields, self.tables, self.base, self.imputation)

    def coordinates(self, columns: Columns) -> FloatArray:
        """PCA coordinates of many profiles, shape (n, r)."""
        return np.concatenate([self._known_sums(block) for block in blocks(columns)])

    def _known_sums(self, columns: Columns) -> FloatArray:
        return self._batch_tables.sums(columns)[:, : len(self.base)]

    def distances(self, columns: Columns) -> FloatArray:
        """Euclidean distances of many profiles to every centroid, shape (n, k), by the rule of the fitted
        pipeline: hidden fields count as average answers."""
        sums = (self._known_sums(block) for block in blocks(columns))
        return np.concatenate([np.sqrt(_squares(z, self.centroids)) for z in sums])

    def clusters(self, columns: Columns) -> IntArray:
        """The nearest centroid of many profiles by the rule of the fitted pipeline, shape (n,)."""
        nearest: IntArray = self.distances(columns).argmin(axis=1)
        return nearest


def _at(table: FloatArray, indices: IntArray) -> FloatArray:
    """From each row of (n, k) the number at its index."""
    return table[np.arange(len(table)), indices]


def _two_smallest(order: FloatArray) -> tuple[IntArray, IntArray]:
    """The index of the smallest number of each row, and of the next; −1 where there is only one."""
    others = np.array(order, order="C")
    first = others.argmin(axis=1)
    if order.shape[1] == 1:
        return first, np.full(len(first), -1)
    others[np.arange(len(first)), first] = np.inf
    return first, others.argmin(axis=1)


def _squares(z: FloatArray, centroids: FloatArray) -> FloatArray:
    """Squared distances, shape (n, k), stored column by column."""
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
