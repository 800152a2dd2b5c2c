"""Columns that are rated or ticked, one an option, as one list."""

from typing import Any, Final, Self

import numpy as np
import pandas as pd
import pyarrow as pa
from pydantic import Field, model_validator

from models.profile.vocabulary import normalise
from models.scoring.columns import BoolArray, FloatArray
from training.data.headers import quoted
from training.data.mapping.field_rule import LIST, CellReader, ColumnName, FieldRule, as_list, objects
from training.data.refusals import Unfit

# What people and programs write into a column that is ticked or not, in the normalised form.
_TICKS: Final = {
    **dict.fromkeys(
        ("true", "yes", "y", "x", "ja", "oui", "si", "sí", "checked", "ticked", "selected", "✓", "✔"), 1.0
    ),
    **dict.fromkeys(("t", "wahr", "vrai", "on"), 1.0),
    **dict.fromkeys(("false", "no", "n", "nein", "non", "unchecked", "f", "falsch", "faux", "off"), 0.0),
}


class Ratings(FieldRule):
    """Makes a list of the rated columns that reach a mark; or of those that are ticked, as True, yes, x or the
    option's name.
    """

    targets = LIST
    columns: tuple[ColumnName, ...] = Field(alias="from", min_length=1, strict=False)
    at_least: float = 1.0
    names: dict[str, str] = Field(default={})

    @model_validator(mode="after")
    def _fitting(self) -> Self:
        if len(set(self.columns)) < len(self.columns):
            raise ValueError("'from' lists a column more than once")
        unknown = [name for name in self.names if name not in self.columns]
        if unknown:
            raise ValueError(f"names has {quoted(unknown)}, which 'from' does not list")
        return self

    @property
    def sources(self) -> tuple[str, ...]:
        """The rated columns."""
        return self.columns

    @property
    def numeric_sources(self) -> tuple[str, ...]:
        """The rated columns."""
        return self.columns

    def column(self, frame: pd.DataFrame, reader: CellReader) -> "pd.Series[Any]":
        """See `FieldRule`. A row with a rating that is no number is refused."""
        read = [self._ratings(frame[name], name, reader) for name in self.columns]
        ratings = np.column_stack([numbers for numbers, _ in read])
        high = ratings >= self.at_least
        items = pa.array([self.names.get(name, name) for name in self.columns])
        lists = pa.ListArray.from_arrays(
            pa.array(np.concatenate([[0], np.cumsum(high.sum(axis=1))]), pa.int32()),
            items.take(pa.array(np.nonzero(high)[1])),
            mask=pa.array(np.isnan(ratings).all(axis=1)),
        )
        if not any(unfit.any() for _, unfit in read):
            return pd.Series(pd.arrays.ArrowExtensionArray(lists), frame.index)
        cells = lists.to_pylist()
        for name, (_, unfit) in zip(self.columns, read, strict=True):
            for row in np.flatnonzero(unfit).tolist():
                cells[row] = Unfit(f"Not a number in column '{name}'")
        return objects(cells, frame.index)

    def _ratings(self, column: "pd.Series[Any]", name: str, reader: CellReader) -> tuple[FloatArray, BoolArray]:
        """The ratings in a column, NaN for none, and which cells are none at all."""
        cells = [cell if cell.__hash__ else str(cell) for cell in as_list(column)]
        options = {normalise(name), normalise(self.names.get(name, name))}
        rating_of: dict[tuple[type, Any], float | None] = {}
        for key in {(type(cell), cell) for cell in cells}:
            rating_of[key] = self._rating(key[1], name, options, reader)
        ratings = [rating_of[type(cell), cell] for cell in cells]
        word_of = {key: reader.written.missing_word(key[1]) for key in rating_of}
        if any(word is not None for word in word_of.values()):
            words = (word_of[type(cell), cell] for cell in cells)
            reader.counts.update(word for word in words if word is not None)
        unfit = np.array([rating is None for rating in ratings], np.bool_)
        return np.array([np.nan if rating is None else rating for rating in ratings], np.float64), unfit

    def _rating(self, cell: Any, name: str, options: set[str], reader: CellReader) -> float | None:
        """None for a cell that is no rating."""
        if reader.written.missing_word(cell) is not None:
            return np.nan
        try:
            return reader.number(cell, name)
        except (TypeError, ValueError, OverflowError):
            word = normalise(str(cell))
        # A tick says nothing of how much where ratings are numbers.
        ticked = 1.0 if word in options else _TICKS.get(word)
        return ticked if self.at_least <= 1 else None


def is_tick(text: str, column: str) -> bool:
    """Whether a text says that an option is ticked, or that it is not; 1 and 0 too."""
    word = normalise(text)
    return word in _TICKS or word in ("0", "1", "0.0", "1.0", normalise(column))
