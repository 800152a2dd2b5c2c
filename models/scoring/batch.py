"""Many profiles at once: the additive tables of `models.scoring.scorer`, by numpy.

For each profile what its known fields add stands side by side: r coordinates, then k logarithms of evidence.

- A chosen value adds a row of its table, which ends in noughts for −1.
- A list adds the product of a table with noughts and ones by value, so that order and repeats mean nothing. A
  column of ones beside the table counts the values. Of a long table rows are gathered and added up instead.
- Numbers, their squares and flags of what is known are one product more.

Arrays of shape (n, ·) lie column after column here: numpy works along memory, and an axis of five or seven entries
costs more for where it begins and ends than for its sums.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

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
from models.scoring.imputation import FieldImputation, Imputation, evidence_of, parts_of, start_of
from models.scoring.single import FieldTable

# Up to so many values a product of noughts and ones costs less than a sum of rows.
SHORT_TABLE = 128


class BatchTable(NamedTuple):
    """What one field adds: `constant` (r + k,) once when it is known, and of `rows` (terms, r + k) one by value.

    A number x adds its three rows times x, times x kept within `bounds`, and times the square of that.
    """

    encoding: FieldEncoding
    constant: FloatArray
    rows: FloatArray
    bounds: FloatArray


@dataclass(frozen=True)
class BatchTables:
    """All fields' addends, and the `base` (r + k,) that every profile starts from; `rank` is r."""

    fields: tuple[BatchTable, ...]
    base: FloatArray
    rank: int

    def sums(self, columns: Columns) -> FloatArray:
        """The base and what the known fields add, shape (n, r + k)."""
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
        return [(each.encoding.name, _table(each)) for each in self.fields if not each.encoding.is_number]

    @cached_property
    def _slopes(self) -> FloatArray:
        """Rows by factor, shape (factors, r + k)."""
        return np.vstack([self.base, *(row for each in self.fields for row in _slopes(each))])

    def _factors(self, columns: Columns) -> FloatArray:
        """What the slopes are multiplied with, shape (factors, n)."""
        factors = np.ones((len(self._slopes), row_count(columns)))
        found = (factor for each in self.fields for factor in _factors(each, columns))
        for place, factor in enumerate(found, start=1):
            factors[place] = factor
        return factors


def batch_tables(
    encodings: Sequence[FieldEncoding],
    tables: Sequence[FieldTable],
    base: FloatArray,
    completion: Imputation | None,
) -> BatchTables:
    """The addends of a scorer's tables, without evidence (k = 0) if it completes nothing."""
    start = start_of(completion, base)
    each = zip(encodings, tables, parts_of(completion, len(tables)), strict=True)
    return BatchTables(tuple(_addend(len(start) - len(base), *field) for field in each), start, len(base))


def _addend(personas: int, encoding: FieldEncoding, table: FieldTable, part: FieldImputation | None) -> BatchTable:
    evidence = evidence_of(part, encoding, personas)
    constant = np.concatenate([table.constant, evidence.constant])
    if not encoding.is_number:
        return BatchTable(encoding, constant, np.hstack([table.rows, evidence.rows]), evidence.bounds)
    rows = np.zeros((3, len(constant)))
    rows[0, : len(table.constant)] = table.rows[0]
    rows[1:, len(table.constant) :] = evidence.rows
    return BatchTable(encoding, constant, rows, evidence.bounds)


def _table(addend: BatchTable) -> FloatArray:
    if addend.encoding.is_list:
        return np.column_stack([addend.rows, np.ones(len(addend.rows))])
    return np.vstack([addend.constant + addend.rows, np.zeros_like(addend.constant)])


def _slopes(addend: BatchTable) -> list[FloatArray]:
    """The rows of `_factors`."""
    if addend.encoding.is_number:
        return [addend.constant, *addend.rows]
    return [addend.constant] if addend.encoding.is_list else []


def _factors(addend: BatchTable, columns: Columns) -> Iterator[FloatArray | BoolArray]:
    column = columns[addend.encoding.name]
    if isinstance(column, CodeListColumn):
        yield column.answered
    elif isinstance(column, NumberColumn):
        x = raw_numbers(addend.encoding.spec, column)
        known = ~np.isnan(x)
        within = np.where(known, np.clip(x, *addend.bounds), 0.0)
        yield from (known, np.where(known, x, 0.0), within, within * within)


def _by_product(column: CodeListColumn, table: FloatArray) -> FloatArray:
    """The rows of each list's values added up, shape (n, width)."""
    values = len(table)
    held = np.zeros((len(column), values))
    starts = np.arange(len(column)) * values
    held.reshape(-1)[np.repeat(starts, column.lengths) + column.codes] = 1.0
    return (table.T @ held.T).T


def _by_rows(column: CodeListColumn, table: FloatArray) -> FloatArray:
    """The same, row after row."""
    column = column.distinct()
    total = np.zeros((len(column), table.shape[1]))
    filled = np.flatnonzero(column.lengths)
    if len(filled):
        rows = table.take(column.codes, axis=0)
        total[filled] = np.add.reduceat(rows, column.offsets[:-1][filled], axis=0)
    return total
