"""Many profiles as arrays, one column a field: the form in which batches are encoded and scored."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class NumberColumn:
    """Numeric and ordinal answers: shape (n,), NaN where there is none; ordinals as level numbers from 0."""

    values: FloatArray

    def __len__(self) -> int:
        return len(self.values)

    def take(self, rows: IntArray) -> "NumberColumn":
        """The rows of these positions, in that order."""
        return NumberColumn(self.values[rows])


@dataclass(frozen=True, slots=True)
class CodeColumn:
    """Single-choice answers: vocabulary codes, shape (n,); −1 where there is none or it is not known."""

    codes: IntArray

    def __len__(self) -> int:
        return len(self.codes)

    def take(self, rows: IntArray) -> "CodeColumn":
        """The rows of these positions, in that order."""
        return CodeColumn(self.codes[rows])


@dataclass(frozen=True, slots=True)
class CodeListColumn:
    """Multi-choice answers: row i holds `codes[offsets[i]:offsets[i + 1]]`, distinct and ascending.

    `offsets` has shape (n + 1,). `answered` (n,) tells "none of them" (true, an empty row) from no answer.
    """

    codes: IntArray
    offsets: IntArray
    answered: BoolArray

    def __len__(self) -> int:
        return len(self.answered)

    @property
    def lengths(self) -> IntArray:
        """How many values each row holds, shape (n,)."""
        return np.diff(self.offsets)

    @property
    def rows(self) -> IntArray:
        """For each code the row that it belongs to, shape (len(codes),)."""
        return np.repeat(np.arange(len(self), dtype=np.int64), self.lengths)

    def take(self, rows: IntArray) -> "CodeListColumn":
        """The rows of these positions, in that order."""
        lengths = self.lengths[rows]
        offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        within = np.arange(offsets[-1]) - np.repeat(offsets[:-1], lengths)
        positions = np.repeat(self.offsets[:-1][rows], lengths) + within
        return CodeListColumn(self.codes[positions], offsets, self.answered[rows])


Column = NumberColumn | CodeColumn | CodeListColumn
Columns = Mapping[str, Column]


def row_count(columns: Columns) -> int:
    """How many rows the columns have (0 when there is no column)."""
    return len(next(iter(columns.values()))) if columns else 0


def take(columns: Columns, rows: IntArray) -> dict[str, Column]:
    """The same columns with only these rows, in that order."""
    return {name: column.take(rows) for name, column in columns.items()}
