"""The rules of a mapping, each of which makes a field from columns of a file (`training.data.mapping` has the
syntax).
"""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
import pandas as pd
import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Discriminator, Field, StringConstraints, Tag, model_validator

from models.profile.field_kinds import Categorical, KindName, MultiLabel, Numeric, Ordinal
from models.scoring.columns import FloatArray
from training.data.cell_validation import as_cells, as_number
from training.data.headers import quoted
from training.data.refusals import Unfit
from training.errors import UnusableInput

_ANY = frozenset({Numeric.name, Ordinal.name, Categorical.name, MultiLabel.name})
_LIST = frozenset({MultiLabel.name})
_CHOICE = frozenset({Ordinal.name, Categorical.name})

ColumnName = Annotated[str, StringConstraints(min_length=1)]


class FieldRule(BaseModel):
    """One field's rule. `targets`: the kinds of field it can fill."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)
    targets: ClassVar[frozenset[KindName]] = _ANY

    @property
    def sources(self) -> tuple[str, ...]:
        """The columns it reads."""
        raise NotImplementedError

    @property
    def words(self) -> tuple[str, ...]:
        """The values it writes, as far as they are known beforehand."""
        return ()

    def column(self, frame: pd.DataFrame) -> "pd.Series[Any]":
        """The field's column, from a frame that has the sources."""
        raise NotImplementedError


class Rename(FieldRule):
    """Takes the column unchanged."""

    source: ColumnName = Field(alias="from")

    @property
    def sources(self) -> tuple[str, ...]:
        """The one column."""
        return (self.source,)

    def column(self, frame: pd.DataFrame) -> "pd.Series[Any]":
        """See `FieldRule`."""
        return frame[self.source]


class AsText(Rename):
    """Takes the column as text; numbers as they are written, 3.0 as "3"."""

    targets = frozenset({Categorical.name})

    def column(self, frame: pd.DataFrame) -> "pd.Series[Any]":
        """See `FieldRule`."""
        return _replaced(frame[self.source], _cell_text)


class Split(Rename):
    """Splits text into a list, at each separator."""

    targets = _LIST
    split: Annotated[str, StringConstraints(min_length=1)]

    def column(self, frame: pd.DataFrame) -> "pd.Series[Any]":
        """See `FieldRule`; cells that are not text stay as they are."""
        return _replaced(frame[self.source], self._parts)

    def _parts(self, cell: Any) -> Any:
        return cell.split(self.split) if isinstance(cell, str) else cell


class Recode(Rename):
    """Replaces values by a table; numbers are looked up as they are written, 3.0 as "3"."""

    targets = frozenset({Numeric.name, Ordinal.name, Categorical.name})
    recode: dict[str, str | int | float] = Field(min_length=1)
    others: Literal["keep", "drop", "refuse"] = "refuse"

    @property
    def words(self) -> tuple[str, ...]:
        """The new values."""
        return tuple(str(value) for value in self.recode.values())

    def column(self, frame: pd.DataFrame) -> "pd.Series[Any]":
        """See `FieldRule`."""
        return _replaced(frame[self.source], self._recoded)

    def _recoded(self, cell: Any) -> Any:
        new = self.recode.get(_cell_text(cell), self)
        if new is not self:
            return None if new == "" else new
        if self.others == "refuse":
            return Unfit(f"Value not in the recode table of column '{self.source}'")
        return cell if self.others == "keep" else None


class Bins(Rename):
    """Maps numbers to named levels: `labels[i]` from `edges[i - 1]` to below `edges[i]`."""

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

    def column(self, frame: pd.DataFrame) -> "pd.Series[Any]":
        """See `FieldRule`. Raises `UnusableInput` when the column holds something else than numbers."""
        numbers = _numbers(frame[self.source])
        labels = [label or None for label in self.labels] + [None]
        indices = np.where(np.isnan(numbers), -1, np.digitize(numbers, self.edges))
        return _objects([labels[index] for index in indices.tolist()], frame.index)


class Ratings(FieldRule):
    """Makes a list of the rated columns that reach a mark."""

    targets = _LIST
    columns: tuple[ColumnName, ...] = Field(alias="from", min_length=1, strict=False)
    at_least: float
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

    def column(self, frame: pd.DataFrame) -> "pd.Series[Any]":
        """See `FieldRule`. Raises `UnusableInput` when a column holds something else than numbers."""
        ratings = np.column_stack([_numbers(frame[name]) for name in self.columns])
        high = ratings >= self.at_least
        items = pa.array([self.names.get(name, name) for name in self.columns])
        lists = pa.ListArray.from_arrays(
            pa.array(np.concatenate([[0], np.cumsum(high.sum(axis=1))]), pa.int32()),
            items.take(pa.array(np.nonzero(high)[1])),
            mask=pa.array(np.isnan(ratings).all(axis=1)),
        )
        return pd.Series(pd.arrays.ArrowExtensionArray(lists), frame.index)


def _which(table: Any) -> str:
    """The rule of a table, by its distinctive key."""
    keys = table if isinstance(table, Mapping) else {}
    key_of_rule = {"at_least": "ratings", "split": "split", "recode": "recode", "edges": "bins"}
    return next((rule for key, rule in key_of_rule.items() if key in keys), "rename")


Rule = Annotated[
    Annotated[Rename, Tag("rename")]
    | Annotated[Split, Tag("split")]
    | Annotated[Ratings, Tag("ratings")]
    | Annotated[Recode, Tag("recode")]
    | Annotated[Bins, Tag("bins")],
    Discriminator(_which),
]


def _replaced(column: "pd.Series[Any]", new: Callable[[Any], Any]) -> "pd.Series[Any]":
    """The column with each answer replaced; blank cells become no answer."""
    cells = [new(cell) if _cell_text(cell) else None for cell in _list(column)]
    return _objects(cells, column.index)


def _objects(cells: list[Any], index: "pd.Index[Any]") -> "pd.Series[Any]":
    return pd.Series(cells, index, dtype="object")


def _numbers(column: "pd.Series[Any]") -> FloatArray:
    cells = _list(column)
    try:
        number_of = {cell: _number(cell) for cell in set(cells)}
    except (TypeError, ValueError):
        raise UnusableInput(
            f"Column '{column.name}' is to be read as numbers, but holds something else."
        ) from None
    return np.array([number_of[cell] for cell in cells], np.float64)


def _number(cell: Any) -> float:
    """NaN for a blank cell. Raises `TypeError`, `ValueError`."""
    if isinstance(cell, str):
        cell = as_number(cell.strip()) if cell.strip() else None
    return float("nan") if cell is None else float(cell)


def _cell_text(cell: Any) -> str:
    """The text of a cell; "" for none."""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return "" if cell is None else str(cell).strip()


def _list(column: "pd.Series[Any]") -> list[Any]:
    cells = as_cells(column)
    return cells.to_pylist() if isinstance(cells, pa.Array) else list(cells)
