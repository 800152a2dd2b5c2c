"""The compiled scorer: encoding, PCA and nearest centroid folded into additive tables.

The pipeline is linear up to the nearest centroid, so a profile's PCA coordinates are a sum:

    z = base + Σ over answered fields ( constant_f + Σ over the field's terms  factor · row )

with factor = the number x for numeric and ordinal fields, 1 for the chosen value, 1/√(values ticked) for each
value ticked (`models.encoder`). A field that was not answered adds nothing. The answer is the centroid nearest
to z. One profile gathers the places and factors of its terms and multiplies once; many are summed field by field;
both give the same numbers within rounding.
"""

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

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
from models.encoder import Encoder, FieldEncoding, has_values, raw_numbers, tick_size
from models.fields import Categorical, MultiLabel

# Rows scored at once: bounds the memory of a batch without costing speed.
CHUNK = 65_536


@dataclass(frozen=True, slots=True)
class UnknownValue:
    """A value that the model has never seen; it was left out of the arithmetic."""

    field: str
    value: str


Term = Callable[[Any, list[int], list[float], list[UnknownValue]], bool]


@dataclass(frozen=True, slots=True)
class Score:
    """One profile's place: the nearest centroid, the Euclidean distance to each in PCA units,
    the fields without an answer, and the values that were not known."""

    cluster: int
    distances: tuple[float, ...]
    missing_fields: tuple[str, ...]
    unknown_values: tuple[UnknownValue, ...]


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
    def _rows(self) -> FloatArray:
        """All rows of the sum in one matrix: the base, then each field's constant and rows."""
        parts = [row for table in self.tables for row in (table.constant, table.rows)]
        return np.vstack([self.base, *parts])

    @cached_property
    def _terms(self) -> list[tuple[str, Term]]:
        sizes = [1 + len(table.rows) for table in self.tables]
        firsts = itertools.accumulate(sizes[:-1], initial=1)
        fields = zip(self.encoder.fields, firsts, strict=True)
        return [(field.name, _term(field, first)) for field, first in fields]

    @cached_property
    def _centroid_rows(self) -> list[list[float]]:
        rows: list[list[float]] = self.centroids.tolist()
        return rows

    def score(self, profile: BaseModel) -> Score:
        """Score one profile. A field that the profile's class lacks is not answered."""
        places, factors = [0], [1.0]
        missing: list[str] = []
        unknown: list[UnknownValue] = []
        for name, add in self._terms:
            answer = getattr(profile, name, None)
            if answer is None or not add(answer, places, factors, unknown):
                missing.append(name)
        z = np.dot(factors, self._rows.take(places, axis=0)).tolist()
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


def _term(encoding: FieldEncoding, first: int) -> Term:
    """The function that adds one answer's terms, and says whether there was an answer.

    `first` is the place of the field's constant among all rows; its own rows follow.
    """
    if isinstance(encoding.spec.kind, MultiLabel):
        return _labels_term(encoding, first)
    if isinstance(encoding.spec.kind, Categorical):
        return _category_term(encoding, first)
    return _number_term(encoding, first)


def _number_term(encoding: FieldEncoding, first: int) -> Term:
    number = encoding.number

    def add(answer: Any, places: list[int], factors: list[float], _: list[UnknownValue]) -> bool:
        places += (first, first + 1)
        factors += (1.0, number(answer))
        return True

    return add


def _category_term(encoding: FieldEncoding, first: int) -> Term:
    code_of = encoding.vocabulary.code

    def add(answer: Any, places: list[int], factors: list[float], unknown: list[UnknownValue]) -> bool:
        value = str(answer)
        code = code_of(value)
        if code >= 0:
            places += (first, first + 1 + code)
            factors += (1.0, 1.0)
        elif not value.strip():
            return False
        else:
            unknown.append(UnknownValue(encoding.name, value))
        return True

    return add


def _labels_term(encoding: FieldEncoding, first: int) -> Term:
    code_of, codes_of = encoding.vocabulary.code, encoding.vocabulary.codes
    place_of = {value: first + 1 + code for code, value in enumerate(encoding.values)}.get

    def add(answer: Any, places: list[int], factors: list[float], unknown: list[UnknownValue]) -> bool:
        # As spelled at training first: normalising costs more than all the rest.
        terms: set[int | None] = set(map(place_of, answer))
        if None in terms:
            terms = {first + 1 + code for code in codes_of(answer)}
            strange = [v for v in answer if v.strip() and code_of(v) < 0]
            unknown.extend([UnknownValue(encoding.name, v) for v in dict.fromkeys(strange)])
        if terms:
            places += (first, *sorted(terms))  # type: ignore[type-var, arg-type]
            factors += (1.0, *([1.0 / math.sqrt(len(terms))] * len(terms)))
        elif not has_values(answer):
            places.append(first)
            factors.append(1.0)
        return True

    return add
