"""Many profiles at once: the additive tables of `models.scoring.scorer`, applied with numpy.

The sum of a profile has r coordinates, then k logarithms of evidence.

- A chosen value adds a row of its field's table; code −1 adds the last row, which is zero.
- A list adds the product of the table with a 0/1 vector over the values, so order and repeats do not matter. A
  column of ones in the table counts the values. With a long table the rows are gathered and added instead.
- Numbers, their squares and flags of answered fields are one more matrix product.

Arrays of shape (n, ·) are stored column by column: numpy loops along memory, and looping over an axis of five or
seven entries costs more in overhead than in additions.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple

import numpy as np

from models.scoring.columns import (
    BoolArray,
    CodeColumn,
    CodeListColumn,
    Columns,
    FloatArray,
    NumberColumn,
    row_count,
)
from models.scoring.encoder import FieldEncoding, raw_numbers
from models.scoring.imputation import FieldImputation, Imputation, evidence_of, field_imputations_of, initial_sum
from models.scoring.single import FieldTable

# Up to this many values a 0/1 product costs less than adding gathered rows.
SHORT_TABLE: Final = 128


class FieldTerms(NamedTuple):
    """The terms of one field: `constant` (r + k,) once if answered, and a row of `rows` (terms, r + k) a value.

    A number x adds its three rows times x, x clipped to `bounds`, and the square of the clipped x.
    """

    encoding: FieldEncoding
    constant: FloatArray
    rows: FloatArray
    bounds: FloatArray


@dataclass(frozen=True)
class BatchTables:
    """The terms of all fields, and the `base` (r + k,) that every sum starts from; `rank` is r."""

    fields: tuple[FieldTerms, ...]
    base: FloatArray
    rank: int

    def sums(self, columns: Columns) -> FloatArray:
        """The sums of many profiles, shape (n, r + k)."""
        chosen = np.zeros((row_count(columns), len(self.base)))
        total = (self._slopes.T @ self._factors(columns)).T
        for name, table in self._tables:
            column = columns[name]
            if isinstance(column, CodeColumn):
                chosen += table.take(column.codes, axis=0, mode="wrap")
            elif isinstance(column, CodeListColumn):
                self._add_lists(column, table, total)
        total += chosen
        return total

    def _add_lists(self, column: CodeListColumn, table: FloatArray, total: FloatArray) -> None:
        added = (_by_product if len(table) <= SHORT_TABLE else _by_rows)(column, table)
        added[:, : self.rank] /= np.sqrt(np.maximum(added[:, -1:], 1.0))
        total += added[:, :-1]

    @cached_property
    def _tables(self) -> list[tuple[str, FloatArray]]:
        return [(terms.encoding.name, _table(terms)) for terms in self.fields if not terms.encoding.is_number]

    @cached_property
    def _slopes(self) -> FloatArray:
        """Rows by factor, shape (factors, r + k)."""
        return np.vstack([self.base, *(row for terms in self.fields for row in _slopes(terms))])

    def _factors(self, columns: Columns) -> FloatArray:
        """The factors of the slopes, shape (factors, n)."""
        factors = np.ones((len(self._slopes), row_count(columns)))
        field_factors = (factor for terms in self.fields for factor in _factors(terms, columns))
        for index, factor in enumerate(field_factors, start=1):
            factors[index] = factor
        return factors


def batch_tables(
    encodings: Sequence[FieldEncoding],
    tables: Sequence[FieldTable],
    base: FloatArray,
    imputation: Imputation | None,
) -> BatchTables:
    """The batch tables of a scorer, without evidence (k = 0) where the model does not impute."""
    start = initial_sum(imputation, base)
    fields = zip(encodings, tables, field_imputations_of(imputation, len(tables)), strict=True)
    return BatchTables(tuple(_field_terms(len(start) - len(base), *field) for field in fields), start, len(base))


def _field_terms(
    personas: int, encoding: FieldEncoding, table: FieldTable, imputation: FieldImputation | None
) -> FieldTerms:
    evidence = evidence_of(imputation, encoding, personas)
    constant = np.concatenate([table.constant, evidence.constant])
    if not encoding.is_number:
        return FieldTerms(encoding, constant, np.hstack([table.rows, evidence.rows]), evidence.bounds)
    rows = np.zeros((3, len(constant)))
    rows[0, : len(table.constant)] = table.rows[0]
    rows[1:, len(table.constant) :] = evidence.rows
    return FieldTerms(encoding, constant, rows, evidence.bounds)


def _table(terms: FieldTerms) -> FloatArray:
    if terms.encoding.is_list:
        return np.column_stack([terms.rows, np.ones(len(terms.rows))])
    return np.vstack([terms.constant + terms.rows, np.zeros_like(terms.constant)])


def _slopes(terms: FieldTerms) -> list[FloatArray]:
    """The rows that `_factors` are multiplied with."""
    if terms.encoding.is_number:
        return [terms.constant, *terms.rows]
    return [terms.constant] if terms.encoding.is_list else []


def _factors(terms: FieldTerms, columns: Columns) -> Iterator[FloatArray | BoolArray]:
    column = columns[terms.encoding.name]
    if isinstance(column, CodeListColumn):
        yield column.answered
    elif isinstance(column, NumberColumn):
        x = raw_numbers(terms.encoding.spec, column)
        answered = ~np.isnan(x)
        clipped = np.where(answered, np.clip(x, *terms.bounds), 0.0)
        yield from (answered, np.where(answered, x, 0.0), clipped, clipped * clipped)


def _by_product(column: CodeListColumn, table: FloatArray) -> FloatArray:
    """The sum of the rows of each list's values, shape (n, width), as a 0/1 product."""
    values = len(table)
    ticks = np.zeros((len(column), values))
    starts = np.arange(len(column)) * values
    ticks.reshape(-1)[np.repeat(starts, column.lengths) + column.codes] = 1.0
    return (table.T @ ticks.T).T


def _by_rows(column: CodeListColumn, table: FloatArray) -> FloatArray:
    """The same by gathering rows."""
    column = column.distinct()
    total = np.zeros((len(column), table.shape[1]))
    filled = np.flatnonzero(column.lengths)
    if len(filled):
        rows = table.take(column.codes, axis=0)
        total[filled] = np.add.reduceat(rows, column.offsets[:-1][filled], axis=0)
    return total
