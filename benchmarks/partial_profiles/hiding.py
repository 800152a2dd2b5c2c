"""Hiding answers of complete profiles, in columns."""

from collections.abc import Sequence

import numpy as np

from models.scoring.columns import BoolArray, CodeColumn, CodeListColumn, Column, Columns, NumberColumn, known_rows


def known_fields(columns: Columns, names: Sequence[str]) -> BoolArray:
    """Which of these fields each profile answers, (n, fields)."""
    return np.stack([known_rows(columns[name]) for name in names], axis=1)


def random_sets(answered: BoolArray, count: int, rng: np.random.Generator) -> BoolArray:
    """For each row a random set of `count` of the fields that it answers, or all where it answers fewer."""
    order = np.where(answered, rng.random(answered.shape), 2.0).argsort(axis=1).argsort(axis=1)
    return (order < count) & answered


def hide(columns: Columns, names: Sequence[str], hidden: BoolArray) -> dict[str, Column]:
    """The columns without these answers (n, fields)."""
    indices = {name: index for index, name in enumerate(names)}
    return {
        name: _without(column, hidden[:, indices[name]]) if name in indices else column
        for name, column in columns.items()
    }


def _without(column: Column, hidden: BoolArray) -> Column:
    if isinstance(column, NumberColumn):
        return NumberColumn(np.where(hidden, np.nan, column.values))
    if isinstance(column, CodeColumn):
        return CodeColumn(np.where(hidden, -1, column.codes))
    lengths = np.where(hidden, 0, column.lengths)
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    return CodeListColumn(column.codes[~hidden[column.rows]], offsets, column.answered & ~hidden)
