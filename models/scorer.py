"""The compiled scorer: encoding, PCA and nearest centroid folded into additive tables.

The pipeline is linear up to the nearest centroid, so a profile's PCA coordinates are a sum:

    z = base + Σ over answered fields ( constant_f + Σ over the field's terms  factor · row )

with factor = the number x for numeric and ordinal fields, 1 for the chosen value, 1/√(values ticked) for each
value ticked (`models.encoder`). A field that was not answered adds nothing. The answer is the centroid nearest
to z. One profile is summed from rows kept ready (`models.terms`), many by numpy; both give the same numbers within
rounding.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from pydantic import BaseModel

from models.columns import (
    CodeColumn,
    CodeListColumn,
    Column,
    Columns,
    FloatArray,
    IntArray,
    NumberColumn,
    row_count,
    take,
)
from models.completion import Completion, place, probabilities
from models.encoder import Encoder, FieldEncoding, raw_numbers, tick_size
from models.single import FieldTable, Located, Score, Single

# Rows scored at once: bounds the memory of a batch without costing speed.
CHUNK = 65_536


class Scores(NamedTuple):
    """The same for many profiles: `clusters` (n,), `runners_up` (n,), −1 where there is one persona alone,
    `distances` (n, k), `hidden` (n,), `probabilities` (n, k)."""

    clusters: IntArray
    runners_up: IntArray
    distances: FloatArray
    hidden: IntArray
    probabilities: FloatArray | None


@dataclass(frozen=True)
class Scorer:
    """Tables for every field of `encoder`, `base` (r,) and `centroids` (k, r).

    `completion`: what fills hidden fields; without it, as in format 1, they count as average answers.
    """

    encoder: Encoder
    base: FloatArray
    tables: tuple[FieldTable, ...]
    centroids: FloatArray
    completion: Completion | None = None

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
        """Score many profiles, each as it is scored alone."""
        chunks = [self._scores(chunk) for chunk in _chunks(columns)]
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
        z = self.coordinates(columns)
        if self.completion is None:
            squares = _squares(z, self.centroids)
            return Scores(*_two_least(squares), np.sqrt(squares), np.zeros(len(z), np.int64), None)
        z, hidden, scatter = place(self.completion, self.encoder.fields, columns, z)
        squares = _squares(z, self.centroids)
        chances = probabilities(self.completion, squares, hidden, scatter)
        empty = (hidden == self.completion.live) & (hidden > 0)
        order = np.where(empty[:, None], -chances, squares)
        return Scores(*_two_least(order), np.sqrt(squares), hidden, chances)

    def coordinates(self, columns: Columns) -> FloatArray:
        """PCA coordinates of many profiles, shape (n, r)."""
        total = np.tile(self.base, (row_count(columns), 1))
        for encoding, table in zip(self.encoder.fields, self.tables, strict=True):
            add_column(encoding, table, columns[encoding.name], total)
        return total

    def distances(self, columns: Columns) -> FloatArray:
        """Euclidean distances of many profiles to every centroid, shape (n, k), hidden fields counting as average
        answers: the rule of the fitted pipeline."""
        parts = [np.sqrt(_squares(self.coordinates(chunk), self.centroids)) for chunk in _chunks(columns)]
        return np.concatenate(parts)

    def clusters(self, columns: Columns) -> IntArray:
        """The nearest centroid of many profiles by the rule of the fitted pipeline, shape (n,)."""
        nearest: IntArray = self.distances(columns).argmin(axis=1)
        return nearest


def _two_least(order: FloatArray) -> tuple[IntArray, IntArray]:
    """The place of the least in each row, and of the next; −1 where there is no other."""
    first = order.argmin(axis=1)
    if order.shape[1] == 1:
        return first, np.full(len(first), -1)
    others = order.copy()
    others[np.arange(len(first)), first] = np.inf
    return first, others.argmin(axis=1)


def _squares(z: FloatArray, centroids: FloatArray) -> FloatArray:
    gaps = z[:, None, :] - centroids[None, :, :]
    squares: FloatArray = np.einsum("nkr,nkr->nk", gaps, gaps)
    return squares


def _chunks(columns: Columns) -> Iterator[Columns]:
    count = row_count(columns)
    if count <= CHUNK:
        yield columns
        return
    for start in range(0, count, CHUNK):
        yield take(columns, np.arange(start, min(start + CHUNK, count)))


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
