"""Many profiles as arrays, one column a field, for encoding and scoring batches."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

# Rows computed at once: their intermediate results fit into the processor's cache.
BLOCK_ROWS: Final = 4_096


@dataclass(frozen=True, slots=True)
class NumberColumn:
    """Numeric and ordinal answers: shape (n,), NaN for none; ordinals as level numbers from 0."""

    values: FloatArray

    def __len__(self) -> int:
        return len(self.values)

    def take(self, rows: IntArray) -> "NumberColumn":
        """The rows at these positions, in this order."""
        return NumberColumn(self.values[rows])

    def slice(self, start: int, stop: int) -> "NumberColumn":
        """The rows from `start` to before `stop`, as views."""
        return NumberColumn(self.values[start:stop])


@dataclass(frozen=True, slots=True)
class CodeColumn:
    """Single-choice answers: vocabulary codes, shape (n,); −1 for a missing or unknown answer."""

    codes: IntArray

    def __len__(self) -> int:
        return len(self.codes)

    def take(self, rows: IntArray) -> "CodeColumn":
        """The rows at these positions, in this order."""
        return CodeColumn(self.codes[rows])

    def slice(self, start: int, stop: int) -> "CodeColumn":
        """The rows from `start` to before `stop`, as views."""
        return CodeColumn(self.codes[start:stop])


@dataclass(frozen=True, slots=True)
class CodeListColumn:
    """Multi-choice answers: row i holds `codes[offsets[i]:offsets[i + 1]]`, distinct and ascending.

    `offsets` has shape (n + 1,). `answered` (n,) distinguishes the answer "none" (true, an empty row) from no
    answer. `Scorer.scores` accepts the codes of a list in any order and with repeats.
    """

    codes: IntArray
    offsets: IntArray
    answered: BoolArray

    def __len__(self) -> int:
        return len(self.answered)

    @property
    def lengths(self) -> IntArray:
        """The number of values in each row, shape (n,)."""
        return np.diff(self.offsets)

    @property
    def rows(self) -> IntArray:
        """The row of each code, shape (len(codes),)."""
        return np.repeat(np.arange(len(self), dtype=np.int64), self.lengths)

    def take(self, rows: IntArray) -> "CodeListColumn":
        """The rows at these positions, in this order."""
        lengths = self.lengths[rows]
        offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        within = np.arange(offsets[-1]) - np.repeat(offsets[:-1], lengths)
        positions = np.repeat(self.offsets[:-1][rows], lengths) + within
        return CodeListColumn(self.codes[positions], offsets, self.answered[rows])

    def slice(self, start: int, stop: int) -> "CodeListColumn":
        """The rows from `start` to before `stop`; their codes are views."""
        offsets = self.offsets[start : stop + 1]
        codes = self.codes[offsets[0] : offsets[-1]]
        return CodeListColumn(codes, offsets - offsets[0], self.answered[start:stop])

    def distinct(self) -> "CodeListColumn":
        """The same lists with each code once, ascending."""
        in_order = (np.diff(_keys(self.rows, self.codes)) > 0).all()
        return self if in_order else as_lists(self.rows, self.codes, self.answered)


def as_lists(rows: IntArray, codes: IntArray, answered: BoolArray) -> CodeListColumn:
    """Lists from pairs of row and code, which may have any order and repeats."""
    width, keys = _width(codes), _keys(rows, codes)
    if not (np.diff(keys) > 0).all():
        # np.unique hashes since numpy 2.3, which is ten times slower where nearly all are distinct.
        keys = np.sort(keys)
        keys = keys[np.diff(keys, prepend=-1) > 0]
    offsets = np.concatenate([[0], np.cumsum(np.bincount(keys // width, minlength=len(answered)))])
    return CodeListColumn(keys % width, offsets.astype(np.int64), answered)


def _width(codes: IntArray) -> int:
    return int(codes.max(initial=0)) + 1


def _keys(rows: IntArray, codes: IntArray) -> IntArray:
    """A number for each pair of row and code; numbers sort like the pairs."""
    return rows * _width(codes) + codes


Column = NumberColumn | CodeColumn | CodeListColumn
Columns = Mapping[str, Column]


def known_rows(column: Column) -> BoolArray:
    """Which rows hold an answer that the model knows, (n,)."""
    if isinstance(column, NumberColumn):
        return ~np.isnan(column.values)
    return column.codes >= 0 if isinstance(column, CodeColumn) else column.answered


def row_count(columns: Columns) -> int:
    """The number of rows (0 without columns)."""
    return len(next(iter(columns.values()))) if columns else 0


def take(columns: Columns, rows: IntArray) -> dict[str, Column]:
    """The same columns with only these rows, in this order."""
    return {name: column.take(rows) for name, column in columns.items()}


def blocks(columns: Columns) -> Iterator[Columns]:
    """The same columns, up to `BLOCK_ROWS` rows at a time; one block without rows where there are none."""
    for start in range(0, max(row_count(columns), 1), BLOCK_ROWS):
        yield {name: column.slice(start, start + BLOCK_ROWS) for name, column in columns.items()}
