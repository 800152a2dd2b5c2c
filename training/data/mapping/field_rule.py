"""What the rules of a mapping share: the base class, the reader of cells, and columns of a frame."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal as PlainDecimal
from typing import Annotated, Any, ClassVar

import numpy as np
import pandas as pd
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from models.profile.field_kinds import Categorical, KindName, MultiLabel, Numeric, Ordinal
from training.data.cells.cells import as_cells, plain
from training.data.formats.cell_format import USUAL, CellFormat, cell_text
from training.data.formats.number_format import PLAIN, Decimal, NumberFormat

ANY = frozenset({Numeric.name, Ordinal.name, Categorical.name, MultiLabel.name})
LIST = frozenset({MultiLabel.name})
CHOICE = frozenset({Ordinal.name, Categorical.name})

ColumnName = Annotated[str, StringConstraints(min_length=1)]
Word = Annotated[
    str,
    # A whole number without quotes, as in missing = [99], is its text.
    BeforeValidator(lambda word: str(word) if type(word) in (int, float) else word),
    StringConstraints(min_length=1),
]


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
    targets: ClassVar[frozenset[KindName]] = ANY

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


def replaced(column: "pd.Series[Any]", new: Callable[[Any], Any]) -> "pd.Series[Any]":
    """The column with each answer replaced; blank cells become no answer."""
    cells = [new(cell) if cell_text(cell) else None for cell in as_list(column)]
    return objects(cells, column.index)


def objects(cells: list[Any], index: "pd.Index[Any]") -> "pd.Series[Any]":
    """Cells of any types as a column."""
    return pd.Series(cells, index, dtype="object")


def as_list(column: "pd.Series[Any]") -> list[Any]:
    """The cells of a column, None for none."""
    cells = as_cells(column)
    return list(plain(cells))
