"""The rules of a mapping, each of which makes a field from columns of a file (`training.data.mapping.mapping` has
the syntax).
"""

import datetime
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

import numpy as np
import pandas as pd
from pydantic import Discriminator, Field, StringConstraints, Tag, model_validator

from models.profile.field_kinds import Categorical, Numeric, Ordinal
from training.data.formats.cell_format import CellFormat, cell_text
from training.data.formats.list_format import EMPTY_LISTS
from training.data.mapping.field_rule import CHOICE, LIST, CellReader, ColumnName, FieldRule, Word, replaced
from training.data.mapping.ratings import Ratings
from training.data.refusals import Unfit


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
        return replaced(column, cell_text)


class Split(Rename):
    """Splits text into a list, at each separator; cells that are not text stay as they are."""

    targets = LIST
    split: Annotated[str, StringConstraints(min_length=1)]

    def _converted(self, column: "pd.Series[Any]", reader: CellReader) -> "pd.Series[Any]":
        return replaced(column, lambda cell: self._split(cell, reader.written))

    def _split(self, cell: Any, written: CellFormat) -> Any:
        if not isinstance(cell, str):
            return cell
        if cell.strip() in EMPTY_LISTS:
            return []
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
        return replaced(column, lambda cell: self._recoded(cell, reader.written))

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

    targets = CHOICE
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

        return replaced(column, binned)


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

        return replaced(column, age)

    def _date(self, cell: Any) -> datetime.date:
        if isinstance(cell, datetime.datetime):
            return cell.date()
        if isinstance(cell, datetime.date):
            return cell
        text = str(cell).strip()
        if self.written_as is not None:
            return datetime.datetime.strptime(text, self.written_as).date()
        return datetime.date.fromisoformat(text[:10] if text[10:11] in ("T", " ") else text)


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
