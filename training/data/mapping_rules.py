"""The rules of a mapping, each of which makes a field from columns of a file (`training.data.mapping` has the
syntax).
"""

import datetime
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal as PlainDecimal
from typing import Annotated, Any, ClassVar, Final, Literal, Self

import numpy as np
import pandas as pd
import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Discriminator, Field, StringConstraints, Tag, model_validator

from models.profile.field_kinds import Categorical, KindName, MultiLabel, Numeric, Ordinal
from models.profile.vocabulary import normalise
from models.scoring.columns import BoolArray, FloatArray
from training.data.cell_validation import as_cells
from training.data.formats.cell_format import USUAL, CellFormat, cell_text
from training.data.formats.list_format import EMPTY_LISTS
from training.data.formats.number_format import PLAIN, Decimal, NumberFormat
from training.data.headers import quoted
from training.data.refusals import Unfit

_ANY = frozenset({Numeric.name, Ordinal.name, Categorical.name, MultiLabel.name})
_LIST = frozenset({MultiLabel.name})
_CHOICE = frozenset({Ordinal.name, Categorical.name})
# What people and programs write into a column that is ticked or not, in the normalised form.
_TICKS: Final = {
    **dict.fromkeys(
        ("true", "yes", "y", "x", "ja", "oui", "si", "sí", "checked", "ticked", "selected", "✓", "✔"), 1.0
    ),
    **dict.fromkeys(("t", "wahr", "vrai", "on"), 1.0),
    **dict.fromkeys(("false", "no", "n", "nein", "non", "unchecked", "f", "falsch", "faux", "off"), 0.0),
}

ColumnName = Annotated[str, StringConstraints(min_length=1)]
Word = Annotated[str, StringConstraints(min_length=1)]


@dataclass(frozen=True)
class CellReader:
    """Reads the cells of one field's columns. `written`: their format; `numbers`: the number format by column.

    `counts`: the words for missing answers in cells that become no cell of the field.
    """

    written: CellFormat = USUAL
    numbers: Mapping[str, NumberFormat] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)

    def number(self, cell: Any, column: str) -> float:
        """The number in a cell, NaN for none. Raises `ValueError` or `TypeError`."""
        if isinstance(cell, str):
            return self.numbers.get(column, PLAIN).number(cell.strip()) if cell.strip() else np.nan
        if not isinstance(cell, int | float | PlainDecimal | None):
            raise TypeError("not a number")
        return np.nan if cell is None else float(cell)


class FieldRule(BaseModel):
    """One field's rule. `targets`: the kinds of field it can fill.

    `missing`: further words for a missing answer; `not_missing`: words that are answers in these columns.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)
    targets: ClassVar[frozenset[KindName]] = _ANY

    missing: tuple[Word, ...] = Field(default=(), strict=False)
    not_missing: tuple[Word, ...] = Field(default=(), strict=False)
    decimal: Decimal | None = None

    @property
    def sources(self) -> tuple[str, ...]:
        """The columns it reads."""
        raise NotImplementedError

    @property
    def words(self) -> tuple[str, ...]:
        """The values it writes, as far as they are known beforehand."""
        return ()

    @property
    def numeric_sources(self) -> tuple[str, ...]:
        """The columns that it reads as numbers itself."""
        return ()

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences on what the rule assumes."""
        return ()

    def column(self, frame: pd.DataFrame, reader: CellReader) -> "pd.Series[Any]":
        """The field's column, from a frame that has the sources."""
        raise NotImplementedError


class Rename(FieldRule):
    """Takes the column unchanged."""

    source: ColumnName = Field(alias="from")

    @property
    def sources(self) -> tuple[str, ...]:
        """The one column."""
        return (self.source,)

    def column(self, frame: pd.DataFrame, reader: CellReader) -> "pd.Series[Any]":
        """See `FieldRule`."""
        return self._converted(frame[self.source], reader)

    def _converted(self, column: "pd.Series[Any]", _: CellReader) -> "pd.Series[Any]":
        return column


class AsText(Rename):
    """Takes the column as text; numbers as they are written, 3.0 as "3"."""

    targets = frozenset({Categorical.name})

    def _converted(self, column: "pd.Series[Any]", _: CellReader) -> "pd.Series[Any]":
        return _replaced(column, cell_text)


class Split(Rename):
    """Splits text into a list, at each separator; cells that are not text stay as they are."""

    targets = _LIST
    split: Annotated[str, StringConstraints(min_length=1)]

    def _converted(self, column: "pd.Series[Any]", reader: CellReader) -> "pd.Series[Any]":
        return _replaced(column, lambda cell: self._split(cell, reader.written))

    def _split(self, cell: Any, written: CellFormat) -> Any:
        if not isinstance(cell, str) or cell.strip() in EMPTY_LISTS:
            return cell
        # "n/a" is no list of two values.
        return [cell] if written.missing_word(cell) is not None else cell.split(self.split)


class Recode(Rename):
    """Replaces values by a table; numbers are looked up as they are written, 3.0 as "3". A word for a missing
    answer that the table does not hold stays as it is.
    """

    targets = frozenset({Numeric.name, Ordinal.name, Categorical.name})
    recode: dict[str, str | int | float] = Field(min_length=1)
    others: Literal["keep", "drop", "refuse"] = "refuse"

    @property
    def words(self) -> tuple[str, ...]:
        """The new values."""
        return tuple(str(value) for value in self.recode.values())

    def _converted(self, column: "pd.Series[Any]", reader: CellReader) -> "pd.Series[Any]":
        return _replaced(column, lambda cell: self._recoded(cell, reader.written))

    def _recoded(self, cell: Any, written: CellFormat) -> Any:
        new = self.recode.get(cell_text(cell), self)
        if new is not self:
            return None if new == "" else new
        if written.missing_word(cell) is not None:
            return cell
        if self.others == "refuse":
            return Unfit(f"Value not in the recode table of column '{self.source}'")
        return cell if self.others == "keep" else None


class Bins(Rename):
    """Maps numbers to named levels: `labels[i]` from `edges[i - 1]` to below `edges[i]`. A cell that is no number
    is refused.
    """

    targets = _CHOICE
    edges: tuple[float, ...] = Field(min_length=1, strict=False)
    labels: tuple[str, ...] = Field(strict=False)

    @model_validator(mode="after")
    def _fitting(self) -> Self:
        if len(self.labels) != len(self.edges) + 1:
            raise ValueError("there must be one more label than edges")
        if any(low >= high for low, high in zip(self.edges, self.edges[1:], strict=False)):
            raise ValueError("edges must rise")
        return self

    @property
    def words(self) -> tuple[str, ...]:
        """The labels."""
        return self.labels

    @property
    def numeric_sources(self) -> tuple[str, ...]:
        """The one column."""
        return (self.source,)

    def _converted(self, column: "pd.Series[Any]", reader: CellReader) -> "pd.Series[Any]":
        labels = [label or None for label in self.labels]

        def binned(cell: Any) -> Any:
            if reader.written.missing_word(cell) is not None:
                return cell
            try:
                number = reader.number(cell, self.source)
            except (TypeError, ValueError, OverflowError):
                return Unfit(f"Not a number in column '{self.source}'")
            return None if np.isnan(number) else labels[int(np.digitize(number, self.edges))]

        return _replaced(column, binned)


class AgeOn(Rename):
    """The age in whole years on a day, from a date of birth. `written_as`: as in `datetime.strptime`; without it,
    text is read as 1984-03-31, with or without a time. A cell that is no date is refused.
    """

    targets = frozenset({Numeric.name})
    age_on: datetime.date = Field(strict=False)
    written_as: Word | None = Field(default=None, alias="format")

    @property
    def notes(self) -> tuple[str, ...]:
        """The day."""
        return (f"Column '{self.source}' is read as a date of birth: the age is that on {self.age_on}.",)

    def _converted(self, column: "pd.Series[Any]", reader: CellReader) -> "pd.Series[Any]":
        def age(cell: Any) -> Any:
            if reader.written.missing_word(cell) is not None:
                return cell
            try:
                born = self._date(cell)
            except (TypeError, ValueError):
                how = self.written_as or "1984-03-31"
                return Unfit(f"Not a date like {how} in column '{self.source}'; the key 'format' says another way")
            on = self.age_on
            return on.year - born.year - ((on.month, on.day) < (born.month, born.day))

        return _replaced(column, age)

    def _date(self, cell: Any) -> datetime.date:
        if isinstance(cell, datetime.datetime):
            return cell.date()
        if isinstance(cell, datetime.date):
            return cell
        text = str(cell).strip()
        if self.written_as is not None:
            return datetime.datetime.strptime(text, self.written_as).date()
        return datetime.date.fromisoformat(text[:10] if text[10:11] in ("T", " ") else text)


class Ratings(FieldRule):
    """Makes a list of the rated columns that reach a mark; or of those that are ticked, as True, yes, x or the
    option's name.
    """

    targets = _LIST
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
        return _objects(cells, frame.index)

    def _ratings(self, column: "pd.Series[Any]", name: str, reader: CellReader) -> tuple[FloatArray, BoolArray]:
        """The ratings in a column, NaN for none, and which cells are none at all."""
        cells = [cell if cell.__hash__ else str(cell) for cell in _list(column)]
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
    return word in _TICKS or word in ("0", "1", normalise(column))


def _which(table: Any) -> str:
    """The rule of a table, by its distinctive key."""
    keys = table if isinstance(table, Mapping) else {}
    key_of_rule = {
        "at_least": "ratings",
        "split": "split",
        "recode": "recode",
        "edges": "bins",
        "age_on": "age_on",
    }
    several = "ratings" if isinstance(keys.get("from"), list | tuple) else "rename"
    return next((rule for key, rule in key_of_rule.items() if key in keys), several)


Rule = Annotated[
    Annotated[Rename, Tag("rename")]
    | Annotated[Split, Tag("split")]
    | Annotated[Ratings, Tag("ratings")]
    | Annotated[Recode, Tag("recode")]
    | Annotated[Bins, Tag("bins")]
    | Annotated[AgeOn, Tag("age_on")],
    Discriminator(_which),
]


def _replaced(column: "pd.Series[Any]", new: Callable[[Any], Any]) -> "pd.Series[Any]":
    """The column with each answer replaced; blank cells become no answer."""
    cells = [new(cell) if cell_text(cell) else None for cell in _list(column)]
    return _objects(cells, column.index)


def _objects(cells: list[Any], index: "pd.Index[Any]") -> "pd.Series[Any]":
    return pd.Series(cells, index, dtype="object")


def _list(column: "pd.Series[Any]") -> list[Any]:
    cells = as_cells(column)
    return cells.to_pylist() if isinstance(cells, pa.Array) else list(cells)
