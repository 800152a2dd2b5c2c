"""The compiled scorer: encoding, PCA and nearest centroid folded into additive tables.

The pipeline is linear up to the nearest centroid, so a profile's PCA coordinates are a sum:

    z = base + Σ over answered fields ( constant_f + Σ over the field's terms  factor · row )

with factor = the number x for numeric and ordinal fields, 1 for the chosen value, 1/√(values ticked) for each
value ticked (`models.encoder`). A field that was not answered adds nothing. The answer is the centroid nearest
to z. One profile is scored in plain Python, many with numpy; both give the same numbers within rounding.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

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

Row = tuple[float, ...]
# Rows scored at once: bounds the memory of a batch without costing speed.
CHUNK = 65_536
# Ages and counts repeat, and lists are short: their rows are kept ready (benchmarks/README.md, "one profile").
REMEMBERED_NUMBERS = 1_024
TABLED_LENGTHS = 8


@dataclass(frozen=True, slots=True)
class UnknownValue:
    """A value that the model has never seen; it was left out of the arithmetic."""

    field: str
    value: str


Term = Callable[[object, list[Row], list[UnknownValue]], bool]


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
    def _terms(self) -> list[tuple[str, Term]]:
        pairs = zip(self.encoder.fields, self.tables, strict=True)
        return [(encoding.name, _term(encoding, table)) for encoding, table in pairs]

    @cached_property
    def _base_row(self) -> Row:
        return tuple(self.base.tolist())

    @cached_property
    def _centroid_rows(self) -> list[Row]:
        return _tuples(self.centroids)

    def score(self, profile: BaseModel) -> Score:
        """Score one profile. A field that the profile's class lacks is not answered."""
        parts = [self._base_row]
        missing: list[str] = []
        unknown: list[UnknownValue] = []
        for name, add in self._terms:
            answer = getattr(profile, name, None)
            if answer is None or not add(answer, parts, unknown):
                missing.append(name)
        place = tuple(map(sum, zip(*parts, strict=True)))
        distances = tuple([math.dist(place, centroid) for centroid in self._centroid_rows])
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
    """The function that adds one answer's rows, and says whether there was an answer."""
    if isinstance(encoding.spec.kind, MultiLabel):
        return _labels_term(encoding, table)
    if isinstance(encoding.spec.kind, Categorical):
        return _category_term(encoding, table)
    return _number_term(encoding, table)


def _number_term(encoding: FieldEncoding, table: FieldTable) -> Term:
    constant, slope = table.constant.tolist(), table.rows[0].tolist()
    seen: dict[object, Row] = {}

    def add(answer: object, parts: list[Row], _: list[UnknownValue]) -> bool:
        row = seen.get(answer)
        if row is None:
            x = encoding.number(answer)  # type: ignore[arg-type]
            row = tuple([c + x * s for c, s in zip(constant, slope, strict=True)])
            if len(seen) < REMEMBERED_NUMBERS:
                seen[answer] = row
        parts.append(row)
        return True

    return add


def _category_term(encoding: FieldEncoding, table: FieldTable) -> Term:
    rows = _tuples(table.constant + table.rows)
    row_of = dict(zip(encoding.values, rows, strict=True))
    code_of = encoding.vocabulary.code

    def add(answer: object, parts: list[Row], unknown: list[UnknownValue]) -> bool:
        value = str(answer)
        row = row_of.get(value)
        if row is not None:
            parts.append(row)
        elif (code := code_of(value)) >= 0:
            parts.append(rows[code])
        elif not value.strip():
            return False
        else:
            unknown.append(UnknownValue(encoding.name, value))
        return True

    return add


def _labels_term(encoding: FieldEncoding, table: FieldTable) -> Term:
    constant = tuple(table.constant.tolist())
    rows_by_length = [_tuples(table.rows / math.sqrt(n)) for n in range(1, TABLED_LENGTHS + 1)]
    code_of, codes_of = encoding.vocabulary.code, encoding.vocabulary.codes

    def add(answer: object, parts: list[Row], unknown: list[UnknownValue]) -> bool:
        values: Sequence[str] = answer  # type: ignore[assignment]
        codes = codes_of(values)
        length = len(codes)
        if length < len(values):
            strange = [v for v in values if v.strip() and code_of(v) < 0]
            unknown.extend([UnknownValue(encoding.name, v) for v in dict.fromkeys(strange)])
        if 0 < length <= TABLED_LENGTHS:
            rows = rows_by_length[length - 1]
            parts.append(constant)
            parts.extend([rows[code] for code in codes])
        elif length:
            total = table.constant + table.rows[codes].sum(axis=0) / math.sqrt(length)
            parts.append(tuple(total.tolist()))
        elif not has_values(values):
            parts.append(constant)
        return True

    return add


def _tuples(rows: FloatArray) -> list[Row]:
    return [tuple(row) for row in rows.tolist()]
