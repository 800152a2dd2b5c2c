"""The compiled scorer: encoding, PCA and nearest centroid folded into additive tables.

The pipeline is linear up to the nearest centroid, so a profile's PCA coordinates are a sum:

    z = base + Σ over answered fields ( constant_f + Σ over the field's terms  factor · row )

with factor = the number x for numeric and ordinal fields, 1 for the chosen value, 1/√(values ticked) for each
value ticked (`models.encoder`). A field that was not answered adds nothing. The answer is the centroid nearest
to z. One profile is summed from rows kept ready (`models.terms`), many by numpy; both give the same numbers within
rounding.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from operator import mul
from typing import NamedTuple

import numpy as np
from pydantic import BaseModel

from models.chances import Chances, softmax_of
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
from models.completion import Completion, FieldCompletion, no_evidence, place, probabilities, spreading
from models.encoder import Encoder, FieldEncoding, raw_numbers, tick_size
from models.fields import Categorical, MultiLabel
from models.lanes import Lanes, Row, join
from models.terms import AddList, NumberRows, UnknownValue, ValueRows, list_adder

# Rows scored at once: bounds the memory of a batch without costing speed.
CHUNK = 65_536


# Sets of hidden fields whose fill is kept ready; there are 2^fields, but forms are filled in few ways.
REMEMBERED_FILLS = 1_024


class Score(NamedTuple):
    """One profile's place.

    `cluster`: the nearest centroid, of the place that the profile has once its hidden fields are filled, and
    `runner_up` the next nearest, None where there is one alone; with nothing known the two likeliest.
    `distances`: Euclidean, in PCA units, to each centroid. `hidden`: how many fields were filled.
    `probabilities`: of each persona; None where the model cannot tell (format 1). `missing_fields`: without an
    answer. `unknown_values`: that were not known.
    """

    cluster: int
    runner_up: int | None
    distances: tuple[float, ...]
    hidden: int
    probabilities: tuple[float, ...] | None
    missing_fields: tuple[str, ...]
    unknown_values: tuple[UnknownValue, ...]


class Scores(NamedTuple):
    """The same for many profiles: `clusters` (n,), `runners_up` (n,), −1 where there is one persona alone,
    `distances` (n, k), `hidden` (n,), `probabilities` (n, k)."""

    clusters: IntArray
    runners_up: IntArray
    distances: FloatArray
    hidden: IntArray
    probabilities: FloatArray | None


class Located(NamedTuple):
    """Where one profile lies: `z` (r,), the bits of the fields that were filled for it, and how much each persona
    counted in that (k,), empty where nothing was filled. `temperature`: of its probabilities."""

    z: list[float]
    hidden: int
    weights: Row
    temperature: float
    missing_fields: tuple[str, ...]
    unknown_values: tuple[UnknownValue, ...]


# What hidden fields are filled with, a row a dimension and a column a persona, and the temperature without them.
Fill = tuple[list[Row], float]
# A field's name, its bit where it can be hidden, and its rows by answer or, for a list, what adds them.
Term = tuple[str, int, NumberRows | ValueRows, None] | tuple[str, int, None, AddList]


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
    """Tables for every field of `encoder`, `base` (r,) and `centroids` (k, r).

    `completion`: what fills hidden fields; without it, as in format 1, they count as average answers.
    """

    encoder: Encoder
    base: FloatArray
    tables: tuple[FieldTable, ...]
    centroids: FloatArray
    completion: Completion | None = None

    @cached_property
    def parts(self) -> tuple[FieldCompletion | None, ...]:
        """For each field what is expected of it; None where it is never hidden."""
        return (None,) * len(self.tables) if self.completion is None else self.completion.fields

    @cached_property
    def hideable(self) -> int:
        """The bits of all fields that can be hidden: bit i is the encoder's field i."""
        return sum(1 << place for place, part in enumerate(self.parts) if part is not None)

    @cached_property
    def _terms(self) -> list[Term]:
        fields = zip(self.encoder.fields, self.tables, self.parts, strict=True)
        personas = 0 if self.completion is None else len(self.centroids)
        return [_term(1 << place & self.hideable, personas, *each) for place, each in enumerate(fields)]

    @cached_property
    def _base_row(self) -> Row:
        """The base, and after it the logarithm of the prior."""
        prior = np.zeros(0) if self.completion is None else np.log(self.completion.prior)
        return tuple(np.concatenate([self.base, prior]).tolist())

    @cached_property
    def _packed_base(self) -> int | None:
        return join(self._base_row)

    @cached_property
    def _lanes(self) -> Lanes:
        return Lanes(len(self._base_row))

    @cached_property
    def _rank(self) -> int:
        return len(self.base)

    @cached_property
    def _centroid_rows(self) -> list[list[float]]:
        rows: list[list[float]] = self.centroids.tolist()
        return rows

    @cached_property
    def _chances(self) -> Chances | None:
        return None if self.completion is None else Chances(self.completion)

    @cached_property
    def _fills(self) -> dict[int, Fill]:
        return {}

    def score(self, profile: BaseModel) -> Score:
        """Score one profile. A field that the profile's class lacks is not answered."""
        z, hidden, _, temperature, missing, unknown = self.locate(profile)
        distances = tuple([math.dist(z, centroid) for centroid in self._centroid_rows])
        count, chances, order = hidden.bit_count(), None, distances
        nearest = distances.index(min(distances))
        if self._chances is not None:
            chances = self._chances.of(nearest, distances, count, temperature)
            if hidden and hidden == self.hideable:
                order = tuple([-chance for chance in chances])
                nearest = order.index(min(order))
        return Score(nearest, _second(order, nearest), distances, count, chances, missing, unknown)

    def locate(self, profile: BaseModel) -> Located:
        """Where one profile lies, its hidden fields filled."""
        parts: list[int | Row] = []
        missing: list[str] = []
        unknown: list[UnknownValue] = []
        hidden = self.hideable
        answer_of = profile.__dict__.get
        for name, bit, rows, add_list in self._terms:
            answer = answer_of(name)
            if answer is None:
                missing.append(name)
            elif add_list is not None:
                if add_list(answer, parts, unknown):
                    hidden &= ~bit
            elif rows is not None and (row := rows[answer]) is not None:
                parts.append(row)
                hidden &= ~bit
            elif str(answer).strip():
                unknown.append(UnknownValue(name, str(answer)))
            else:
                missing.append(name)
        numbers = self._total(parts)
        z = numbers[: self._rank]
        weights: Row = ()
        temperature = 0.0
        if hidden:
            weights = softmax_of(numbers[self._rank :])
            fills, temperature = self._fills.get(hidden) or self._remember_fill(hidden)
            z = [known + sum(map(mul, weights, fill)) for known, fill in zip(z, fills, strict=True)]
        return Located(z, hidden, weights, temperature, tuple(missing), tuple(unknown))

    def _total(self, parts: list[int | Row]) -> list[float]:
        """The base and these rows, added up."""
        try:
            return self._lanes.split(sum(parts, self._packed_base))  # type: ignore[arg-type]
        except TypeError:
            # Some row is a tuple: it has numbers that no lanes hold.
            packed = sum(row for row in parts if isinstance(row, int))
            others = [row for row in parts if isinstance(row, tuple)]
            return [*map(sum, zip(self._lanes.split(packed), self._base_row, *others, strict=True))]

    def _remember_fill(self, hidden: int) -> Fill:
        """What each persona (columns) expects of these fields together, in each dimension (rows); and how soft the
        probabilities are without them."""
        parts = [part for place, part in enumerate(self.parts) if part is not None and hidden >> place & 1]
        rows = [tuple(row) for row in np.sum([part.fill for part in parts], axis=0).T.tolist()]
        temperatures = np.ones(len(parts) + 1) if self.completion is None else self.completion.temperatures
        scatter = np.sum([part.scatter for part in parts], axis=0)
        fill = rows, float(temperatures[len(parts)] * spreading(scatter)[0])
        if len(self._fills) < REMEMBERED_FILLS:
            self._fills[hidden] = fill
        return fill

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


def _second(order: Row, first: int) -> int | None:
    """The place of the least but `first`; None where there is no other."""
    others = [place for place in range(len(order)) if place != first]
    return min(others, key=order.__getitem__) if others else None


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


def _term(
    bit: int, personas: int, encoding: FieldEncoding, table: FieldTable, part: FieldCompletion | None
) -> Term:
    """`personas`: of how many there is evidence, 0 in a model of format 1."""
    terms = 2 if encoding.is_number else len(encoding.values)
    evidence = no_evidence(terms, personas) if part is None else part.evidence
    if isinstance(encoding.spec.kind, MultiLabel):
        return encoding.name, bit, None, list_adder(encoding, table.constant, table.rows, evidence)
    if isinstance(encoding.spec.kind, Categorical):
        return encoding.name, bit, ValueRows(encoding, table.constant, table.rows, evidence), None
    return encoding.name, bit, NumberRows(encoding, table.constant, table.rows[0], evidence), None
