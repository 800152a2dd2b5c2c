"""Many profiles at once: the evidence tables of `models.scoring.evidence`, applied with numpy.

- A chosen value adds a row of its field's table; code −1 adds the last row, which is zero.
- A list adds the product of the table with a 0/1 vector over the values, so order and repeats do not matter. With
  a long table the rows are gathered and added instead.
- Numbers, their squares and flags of answered fields are one more matrix product.

Arrays of shape (n, ·) are stored column by column: numpy loops along memory, and looping over an axis of five or
seven entries costs more in overhead than in additions.
"""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np

from models.scoring.columns import (
    CodeColumn,
    CodeListColumn,
    Columns,
    FloatArray,
    NumberColumn,
    known_rows,
    row_count,
)
from models.scoring.encoder import FieldEncoding, raw_numbers
from models.scoring.evidence import Classifier, Evidence

# Up to this many values a 0/1 product costs less than adding gathered rows.
SHORT_TABLE: Final = 128


class Sums(NamedTuple):
    """The sums of n profiles.

    `numbers` (n, k + 1): each persona's log odds, then the likelihood among everyone. `answered` (n, fields): 1
    where a field has a known answer.
    """

    numbers: FloatArray
    answered: FloatArray


class BatchTables:
    """A classifier's tables, prepared for many profiles at a time."""

    def __init__(self, encodings: Sequence[FieldEncoding], classifier: Classifier) -> None:
        fields = [(encoding, field.evidence) for encoding, field in zip(encodings, classifier.fields, strict=True)]
        self._fields = fields
        self._start = classifier.log_prior
        self._tables = {encoding.name: _table(*field) for field in fields if not (encoding := field[0]).is_number}
        slopes = [row for encoding, evidence in fields for row in _slopes(encoding, evidence)]
        self._slopes = np.vstack([self._start, *slopes])

    def sums(self, columns: Columns) -> Sums:
        """The sums of many profiles."""
        rows = row_count(columns)
        answered = np.empty((len(self._fields), rows))
        for index, (encoding, _) in enumerate(self._fields):
            answered[index] = known_rows(columns[encoding.name])
        chosen = np.zeros((rows, len(self._start)))
        total = (self._slopes.T @ self._factors(columns, answered)).T
        for name, table in self._tables.items():
            column = columns[name]
            if isinstance(column, CodeColumn):
                chosen += table.take(column.codes, axis=0, mode="wrap")
            elif isinstance(column, CodeListColumn):
                total += (_by_product if len(table) <= SHORT_TABLE else _by_rows)(column, table)
        total += chosen
        return Sums(total, answered.T)

    def _factors(self, columns: Columns, answered: FloatArray) -> FloatArray:
        """The factors of the slopes, shape (factors, n)."""
        factors = np.ones((len(self._slopes), row_count(columns)))
        by_field = (
            factor
            for (encoding, evidence), flags in zip(self._fields, answered, strict=True)
            for factor in _factors(encoding, evidence, columns, flags)
        )
        for index, factor in enumerate(by_field, start=1):
            factors[index] = factor
        return factors


def _table(encoding: FieldEncoding, evidence: Evidence) -> FloatArray:
    """The rows of a field's values; of a single choice with the constant, and a row of zeros for no answer."""
    if encoding.is_list:
        return evidence.rows
    return np.vstack([evidence.constant + evidence.rows, np.zeros_like(evidence.constant)])


def _slopes(encoding: FieldEncoding, evidence: Evidence) -> list[FloatArray]:
    """The rows that `_factors` are multiplied with."""
    if encoding.is_number:
        return [evidence.constant, *evidence.rows]
    return [evidence.constant] if encoding.is_list else []


def _factors(
    encoding: FieldEncoding, evidence: Evidence, columns: Columns, flags: FloatArray
) -> Iterator[FloatArray]:
    column = columns[encoding.name]
    if isinstance(column, CodeListColumn):
        yield flags
    elif isinstance(column, NumberColumn):
        y = np.where(flags > 0, evidence.position(raw_numbers(encoding.spec, column)), 0.0)
        yield from (flags, y, y * y)


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
