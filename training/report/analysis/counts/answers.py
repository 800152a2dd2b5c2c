"""Counts of answers: by persona, and of two fields against each other. Every row counts; nothing is sampled.

A value that fewer than `MIN_COUNT` profiles hold is shown nowhere, and neither is a figure of fewer members: it
may identify a person.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.sparse import csr_matrix

from models.profile.field_kinds import FieldSpec, Numeric, Ordinal
from models.scoring.columns import (
    BoolArray,
    CodeColumn,
    CodeListColumn,
    FloatArray,
    IntArray,
    NumberColumn,
    known_rows,
)
from models.scoring.encoder import FieldEncoding
from training.data.dataset import Dataset
from training.data.written_forms import WrittenForms
from training.personas.traits import MIN_COUNT, NumberTable, number_table
from training.personas.value_table import ValueTable, value_table


@dataclass(frozen=True)
class FieldTable:
    """The values of a field (its vocabulary, or its levels) by persona. `written_forms`: how people write them."""

    spec: FieldSpec
    values: tuple[str, ...]
    table: ValueTable
    written_forms: WrittenForms | None = None

    @cached_property
    def is_frequent(self) -> BoolArray:
        """Which values enough profiles hold to be shown, (values,)."""
        is_frequent: BoolArray = self.table.counts.sum(axis=0) >= MIN_COUNT
        return is_frequent


@dataclass(frozen=True)
class NumberFieldTable:
    """A numeric or ordinal field (as level numbers from 0) by persona."""

    spec: FieldSpec
    table: NumberTable


def value_tables(dataset: Dataset, clusters: IntArray, k: int) -> tuple[FieldTable, ...]:
    """The tables of all fields of values or levels, in the order of their declaration."""
    return tuple(
        FieldTable(spec, values, table, dataset.written_forms.get(spec.name))
        for spec in dataset.specs
        if not isinstance(spec.kind, Numeric)
        for values in [spec.levels or dataset.vocabularies[spec.name].values]
        for table in [value_table(dataset.columns[spec.name], clusters, k, len(values))]
    )


def number_tables(dataset: Dataset, clusters: IntArray, k: int) -> tuple[NumberFieldTable, ...]:
    """The tables of numeric and ordinal fields that enough profiles answered, in the order of their
    declaration.
    """
    columns = [(spec, dataset.columns[spec.name]) for spec in dataset.specs]
    return tuple(
        NumberFieldTable(spec, number_table(column, clusters, k, isinstance(spec.kind, Numeric) and spec.kind.log))
        for spec, column in columns
        if isinstance(spec.kind, Numeric | Ordinal)
        and isinstance(column, NumberColumn)
        and known_rows(column).sum() >= MIN_COUNT
    )


def known_counts(dataset: Dataset, encoding: FieldEncoding) -> list[int]:
    """How many rows hold each value of an encoding, by its codes."""
    column = dataset.columns.get(encoding.name)
    if column is None or isinstance(column, NumberColumn):
        return [0] * len(encoding.values)
    vocabulary = dataset.vocabularies[encoding.name]
    counts = np.bincount(column.codes[column.codes >= 0], minlength=len(vocabulary.values)).tolist()
    codes = (vocabulary.code(value) for value in encoding.values)
    return [counts[code] if code >= 0 else 0 for code in codes]


@dataclass(frozen=True)
class Holders:
    """Which profiles hold which values of a field: `ticks` (n, values) of 0 and 1, `answered` (n,). Only
    frequent values, the most common first. `written_forms`: how people write them.
    """

    spec: FieldSpec
    values: tuple[str, ...]
    ticks: csr_matrix
    answered: BoolArray
    written_forms: WrittenForms | None = None


def holders_of(dataset: Dataset, spec: FieldSpec, most: int) -> Holders:
    """The holders of a field's `most` most common values."""
    column, values = dataset.columns[spec.name], dataset.vocabularies[spec.name].values
    if isinstance(column, NumberColumn):
        raise TypeError(f"'{spec.name}' holds numbers.")
    rows, codes = _pairs(column)
    counts = np.bincount(codes, minlength=len(values))
    frequent = [code for code in np.argsort(-counts, kind="stable")[:most].tolist() if counts[code] >= MIN_COUNT]
    column_of = np.full(len(values), -1)
    column_of[frequent] = np.arange(len(frequent))
    within = column_of[codes] >= 0
    pairs = (rows[within], column_of[codes[within]])
    ticks = csr_matrix((np.ones(len(pairs[0])), pairs), shape=(len(column), len(frequent)))
    common, written = tuple(values[code] for code in frequent), dataset.written_forms.get(spec.name)
    return Holders(spec, common, ticks, known_rows(column), written)


def _pairs(column: CodeColumn | CodeListColumn) -> tuple[IntArray, IntArray]:
    if isinstance(column, CodeListColumn):
        return column.rows, column.codes
    rows = np.flatnonzero(column.codes >= 0)
    return rows, column.codes[rows]


@dataclass(frozen=True, kw_only=True)
class Crossed:
    """Two fields against each other, over the `rows` profiles that answered both.

    `counts` (first values, second values): profiles with both; `holders` (first values,) and `others` (second
    values,): profiles with either.

    Shares and lifts count ticks of the second field and not profiles: who ticks many values of one field ticks
    many of the other, so that by profiles nearly every pair would exceed what independent fields give.
    """

    first: Holders
    second: Holders
    counts: FloatArray
    holders: FloatArray
    others: FloatArray
    rows: int

    @cached_property
    def everyone(self) -> FloatArray:
        """The share of each second value among all ticks, (second values,)."""
        everyone: FloatArray = self.others / max(float(self.others.sum()), 1)
        return everyone

    @cached_property
    def shares(self) -> FloatArray:
        """The share of each second value among the ticks of the holders of each first one."""
        shares: FloatArray = self.counts / np.maximum(self.counts.sum(axis=1), 1)[:, None]
        return shares

    @cached_property
    def expected(self) -> FloatArray:
        """The counts expected where the holders of each first value tick like everyone."""
        expected: FloatArray = np.outer(self.counts.sum(axis=1), self.everyone)
        return expected

    @cached_property
    def lifts(self) -> FloatArray:
        """Shares relative to everyone's; 1 where none is expected."""
        lifts: FloatArray = np.divide(
            self.counts, self.expected, where=self.expected > 0, out=np.ones_like(self.counts)
        )
        return lifts

    @cached_property
    def residuals(self) -> FloatArray:
        """Standardised residuals of the shares, approximately standard normal for independent fields."""
        variance = self.expected * np.outer(1 - self.holders / max(self.rows, 1), 1 - self.everyone)
        residuals: FloatArray = np.zeros_like(variance)
        np.divide(self.counts - self.expected, np.sqrt(variance), where=variance > 1e-12, out=residuals)
        return residuals

    @cached_property
    def enough(self) -> BoolArray:
        """Cells with enough expected profiles: five, as for a chi-square test (Cochran 1954)."""
        enough: BoolArray = self.expected >= MIN_COUNT
        return enough


def crossed(first: Holders, second: Holders) -> Crossed:
    """Count two fields against each other, over the profiles that answered both."""
    both = np.flatnonzero(first.answered & second.answered)
    ones, others = first.ticks[both], second.ticks[both]
    counts = np.asarray((ones.T @ others).todense(), np.float64)
    return Crossed(
        first=first, second=second, counts=counts, holders=_totals(ones), others=_totals(others), rows=len(both)
    )


def shown_of(values: FloatArray, members: IntArray) -> tuple[float | None, ...]:
    """One figure for each persona, (k,), rounded for a report; None where fewer than five members answered."""
    return tuple(
        value if answered >= MIN_COUNT else None
        for value, answered in zip(values.round(4).tolist(), members.tolist(), strict=True)
    )


def stated_of(values: FloatArray) -> tuple[float | None, ...]:
    """Stated figures of a table, rounded for a report; None for NaN, what is withheld."""
    return tuple(None if value != value else value for value in values.round(4).tolist())


def _totals(ticks: csr_matrix) -> FloatArray:
    return np.asarray(ticks.sum(axis=0), np.float64).ravel()
