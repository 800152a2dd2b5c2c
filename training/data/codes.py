"""Arithmetic on coded columns: joining, recoding, counting, distinguishing rows."""

import hashlib
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from models.profile.vocabulary import Vocabulary
from models.scoring.columns import (
    CodeColumn,
    CodeListColumn,
    Column,
    Columns,
    FloatArray,
    IntArray,
    NumberColumn,
    as_lists,
)


def recode_table(codes: Sequence[int]) -> IntArray:
    """New codes by old code; one more entry, so that −1 (none, unknown) stays −1."""
    return np.array([*codes, -1], np.int64)


def recode(column: Column, table: IntArray) -> Column:
    """The column in other codes (see `recode_table`); numbers are unchanged.

    Values that become −1 are dropped from lists; a list that loses all of them is not answered.
    """
    if isinstance(column, NumberColumn):
        return column
    if isinstance(column, CodeColumn):
        return CodeColumn(table[column.codes])
    codes = table[column.codes]
    is_known = codes >= 0
    if (np.diff(table[table >= 0]) > 0).all():
        # The remaining lists are in order already.
        known_before = np.concatenate([[0], np.cumsum(is_known)])
        lists = CodeListColumn(codes[is_known], known_before[column.offsets], column.answered)
    else:
        lists = as_lists(column.rows[is_known], codes[is_known], column.answered)
    answered = column.answered & ((lists.lengths > 0) | (column.lengths == 0))
    return CodeListColumn(lists.codes, lists.offsets, answered)


def by_frequency(values: Sequence[str], column: Column) -> Vocabulary:
    """The values that occur in a column coded in `values`: most common first, ties alphabetical."""
    codes = column.codes if isinstance(column, CodeColumn | CodeListColumn) else np.zeros(0, int)
    counts = np.bincount(codes[codes >= 0], minlength=len(values)).tolist()
    occurring = [(-count, value) for count, value in zip(counts, values, strict=True) if count]
    return Vocabulary(tuple(value for _, value in sorted(occurring)))


def concatenate(columns_to_join: Sequence[Column]) -> Column:
    """Columns of one field, one below the other. There is at least one, and all are of one kind."""
    first = columns_to_join[0]
    if isinstance(first, NumberColumn):
        return NumberColumn(np.concatenate([column.values for column in columns_to_join]))  # type: ignore[union-attr]
    codes = np.concatenate([column.codes for column in columns_to_join])  # type: ignore[union-attr]
    if isinstance(first, CodeColumn):
        return CodeColumn(codes)
    lists = [column for column in columns_to_join if isinstance(column, CodeListColumn)]
    lengths = np.concatenate([column.lengths for column in lists])
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    return CodeListColumn(codes, offsets, np.concatenate([column.answered for column in lists]))


def distinct_rows(columns: Columns, length: int) -> int:
    """The number of distinct rows: exact, and linear in the number of answers.

    A row that is alone in its group differs from all others, and is not examined again.
    """
    rows, groups, alone = np.arange(length), np.zeros(length, np.int64), 0
    for column in columns.values():
        groups = _distinguish(groups, column.take(rows))
        shared = np.bincount(groups)[groups] > 1
        alone += len(rows) - int(np.count_nonzero(shared))
        rows, groups = rows[shared], groups[shared]
    return alone + len(pd.unique(groups))


def row_groups(columns: Columns, length: int) -> IntArray:
    """A number from 0 for each row (length,): the same for rows that are equal in all of these columns."""
    groups = np.zeros(length, np.int64)
    for column in columns.values():
        groups = _distinguish(groups, column)
    return pd.factorize(groups)[0].astype(np.int64)


def _distinguish(groups: IntArray, column: Column) -> IntArray:
    """Groups of rows, split further wherever the column differs."""
    if isinstance(column, NumberColumn):
        return _split(groups, pd.factorize(column.values)[0])
    if isinstance(column, CodeColumn):
        return _split(groups, column.codes)
    groups = _split(groups, np.where(column.answered, column.lengths, -1))
    rows, position = np.flatnonzero(column.lengths), 0
    while len(rows):
        here = column.codes[column.offsets[rows] + position]
        groups[rows] = groups.max() + 1 + _split(groups[rows], here)
        position += 1
        rows = rows[column.lengths[rows] > position]
    return groups


def _split(groups: IntArray, codes: IntArray) -> IntArray:
    """Groups numbered from 0, two rows in one group if they share group and code (−1 or above)."""
    compact = pd.factorize(groups)[0]
    return pd.factorize(compact * (int(codes.max(initial=0)) + 2) + codes + 1)[0].astype(np.int64)


def digest(columns: Columns, vocabularies: Mapping[str, Vocabulary]) -> str:
    """sha256 over field names, vocabularies and answers, in the order of the columns."""
    sha = hashlib.sha256()
    for name, column in columns.items():
        values = vocabularies[name].values if name in vocabularies else ()
        sha.update(repr((name, type(column).__name__, len(column), values)).encode())
        for array in _arrays(column):
            sha.update(np.ascontiguousarray(array).tobytes())
    return sha.hexdigest()


def _arrays(column: Column) -> list[IntArray | FloatArray]:
    if isinstance(column, NumberColumn):
        # One bit pattern for each number: no negative zero, one kind of NaN.
        return [np.where(np.isnan(column.values), np.nan, column.values + 0.0).astype("<f8")]
    if isinstance(column, CodeColumn):
        return [column.codes.astype("<i8")]
    return [column.codes.astype("<i8"), column.offsets.astype("<i8"), column.answered.astype("<i8")]
