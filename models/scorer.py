"""The compiled scorer: encoding, PCA and nearest centroid folded into additive tables.

The pipeline is linear up to the nearest centroid, so a profile's PCA coordinates are a sum:

    z = base + Σ over answered fields ( constant_f + Σ over the field's terms  factor · row )

with factor = the number x for numeric and ordinal fields, 1 for the chosen value, 1/√(values ticked) for each
value ticked (`models.encoder`). A field that was not answered adds nothing. The answer is the centroid nearest
to z. One profile is summed from plain tuples (`models.terms`), many by numpy; both give the same numbers within
rounding.
"""

import math
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
from models.encoder import Encoder, FieldEncoding, raw_numbers, tick_size
from models.fields import Categorical, MultiLabel
from models.terms import AddList, NumberRows, Row, UnknownValue, ValueRows, list_adder

# Rows scored at once: bounds the memory of a batch without costing speed.
CHUNK = 65_536


class Score(NamedTuple):
    """One profile's place: the nearest centroid, the Euclidean distance to each in PCA units,
    the fields without an answer, and the values that were not known."""

    cluster: int
    distances: tuple[float, ...]
    missing_fields: tuple[str, ...]
    unknown_values: tuple[UnknownValue, ...]


# A field's name with its rows by answer or, for a list, what adds them.
Term = tuple[str, NumberRows | ValueRows, None] | tuple[str, None, AddList]


@dataclass(frozen=True, slots=True)
class FieldTable:
    """One field's share of the sum, in r PCA dimensions.

    `constant` (r,) is added once when the field is answered. `rows` (terms, r) are weighed by the factors:
    one row for a numeric or ordinal field, one a known value otherwise.
    """

    constant: FloatArray
    rows: FloatArray


@dataclass(frozen=True)
class Scorer:
    """Tables for every field of `encoder`, `base` (r,) and `centroids` (k, r)."""

    encoder: Encoder
    base: FloatArray
    tables: tuple[FieldTable, ...]
    centroids: FloatArray

    @cached_property
    def _terms(self) -> list[Term]:
        return [_term(*pair) for pair in zip(self.encoder.fields, self.tables, strict=True)]

    @cached_property
    def _base_row(self) -> Row:
        return tuple(self.base.tolist())

    @cached_property
    def _centroid_rows(self) -> list[list[float]]:
        rows: list[list[float]] = self.centroids.tolist()
        return rows

    def score(self, profile: BaseModel) -> Score:
        """Score one profile. A field that the profile's class lacks is not answered."""
        parts = [self._base_row]
        missing: list[str] = []
        unknown: list[UnknownValue] = []
        answer_of = profile.__dict__.get
        for name, rows, add_list in self._terms:
            answer = answer_of(name)
            if answer is None:
                missing.append(name)
            elif add_list is not None:
                add_list(answer, parts, unknown)
            elif rows is not None and (row := rows[answer]) is not None:
                parts.append(row)
            elif str(answer).strip():
                unknown.append(UnknownValue(name, str(answer)))
            else:
                missing.append(name)
        z = list(map(sum, zip(*parts, strict=False)))
        distances = tuple([math.dist(z, centroid) for centroid in self._centroid_rows])
        nearest = distances.index(min(distances))
        return Score(nearest, distances, tuple(missing), tuple(unknown))

    def coordinates(self, columns: Columns) -> FloatArray:
        """PCA coordinates of many profiles, shape (n, r)."""
        total = np.tile(self.base, (row_count(columns), 1))
        for encoding, table in zip(self.encoder.fields, self.tables, strict=True):
            _add_column(encoding, table, columns[encoding.name], total)
        return total

    def distances(self, columns: Columns) -> FloatArray:
        """Euclidean distances of many profiles to every centroid, shape (n, k)."""
        count = row_count(columns)
        result = np.empty((count, len(self.centroids)))
        for start in range(0, count, CHUNK):
            rows = np.arange(start, min(start + CHUNK, count))
            chunk = columns if count <= CHUNK else take(columns, rows)
            gaps = self.coordinates(chunk)[:, None, :] - self.centroids[None, :, :]
            result[rows] = np.sqrt(np.einsum("nkr,nkr->nk", gaps, gaps))
        return result

    def clusters(self, columns: Columns) -> IntArray:
        """The nearest centroid of many profiles, shape (n,)."""
        nearest: IntArray = self.distances(columns).argmin(axis=1)
        return nearest


def _add_column(encoding: FieldEncoding, table: FieldTable, column: Column, total: FloatArray) -> None:
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


def _term(encoding: FieldEncoding, table: FieldTable) -> Term:
    if isinstance(encoding.spec.kind, MultiLabel):
        return encoding.name, None, list_adder(encoding, table.constant, table.rows)
    if isinstance(encoding.spec.kind, Categorical):
        return encoding.name, ValueRows(encoding, table.constant, table.rows), None
    return encoding.name, NumberRows(encoding, table.constant, table.rows[0]), None
