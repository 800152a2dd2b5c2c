"""Real tables: those that scikit-learn ships, and any CSV file; their columns by kind, as a profile class.

A number with at most ten different values is ordinal, a text or a number with two values categorical, and columns
of zeros and ones are the items of one list where there are several. The other numbers are numeric, a long tail as
log(1 + x).
"""

import keyword
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, create_model
from scipy.stats import skew
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_iris, load_wine

from models.profile.field_kinds import Categorical, MultiLabel, Numeric, Ordinal
from models.scoring.columns import IntArray
from training.errors import UnusableInput

ITEMS: Final = "items"
_MOST_LEVELS: Final = 10
_MOST_WORDS: Final = 30
_FEWEST_ITEMS: Final = 3
# Skewness from which a number that is not negative has a "long tail".
_SKEWED: Final = 1.5

_LOADERS: Final[dict[str, Callable[..., Any]]] = {
    "iris": load_iris,
    "wine": load_wine,
    "breast_cancer": load_breast_cancer,
    "digits": load_digits,
    "diabetes": lambda **how: load_diabetes(scaled=False, **how),
}


@dataclass(frozen=True)
class RealTable:
    """A table of N rows. `fields`: its columns by name, which are fields of `profile_class`; `items`: columns that
    are the items of its list. `classes` (N,): the table's own classes, or None.
    """

    fields: pd.DataFrame
    items: pd.DataFrame
    profile_class: type[BaseModel]
    classes: IntArray | None

    def frame(self, fields: pd.DataFrame, items: NDArray[np.bool_], given: NDArray[np.bool_]) -> pd.DataFrame:
        """New rows as profiles. `items` (n, items); `given` (n,): whose list is answered."""
        lists = {}
        if len(self.items.columns):
            words = self.items.columns.to_numpy(object)
            rows = zip(items, given, strict=True)
            cells = [words[row].tolist() if is_given else None for row, is_given in rows]
            lists = {ITEMS: pd.Series(cells, dtype=object)}
        return fields.assign(**lists)


@lru_cache
def real_table(name: str) -> RealTable:
    """A table of scikit-learn by name, or a CSV file by path. Raises `UnusableInput`."""
    if name in _LOADERS:
        loaded = _LOADERS[name](as_frame=True)
        classes = None if name == "diabetes" else loaded.target.to_numpy(np.int64)
        return typed_table(loaded.data, classes)
    try:
        return typed_table(pd.read_csv(Path(name)), None)
    except (OSError, ValueError) as error:
        raise UnusableInput(f"Cannot read the table {name}: {error}") from error


def typed_table(frame: pd.DataFrame, classes: IntArray | None) -> RealTable:
    """The table of a data frame. Columns of one value, and texts with very many, are left out."""
    frame = frame.loc[:, frame.nunique() > 1]
    frame = frame.set_axis(_field_names([str(name) for name in frame.columns]), axis=1)
    items = [str(name) for name in frame if set(frame[name].unique()) == {0, 1}]
    items = items if len(items) >= _FEWEST_ITEMS else []
    typed = {str(name): _typed(frame[name]) for name in frame if name not in items}
    annotations = {name: kind for name, (_, kind) in typed.items() if kind is not None}
    fields = pd.DataFrame({name: typed[name][0] for name in annotations}, index=frame.index)
    if items:
        annotations[ITEMS] = Annotated[tuple[str, ...] | None, Field(strict=False), MultiLabel()]
    definitions: dict[str, Any] = {name: (kind, None) for name, kind in annotations.items()}
    config = ConfigDict(frozen=True, extra="forbid")
    return RealTable(fields, frame[items], create_model("TableRow", __config__=config, **definitions), classes)


def _typed(column: "pd.Series[Any]") -> tuple["pd.Series[Any]", Any]:
    """The answers of a column, None where missing, and the annotation of its field, None if it is of no use."""
    values = column.dropna()
    if not pd.api.types.is_numeric_dtype(column):
        kind = Annotated[str | None, Categorical()] if values.nunique() <= _MOST_WORDS else None
        return _cells(column, str), kind
    is_whole = bool((values == values.round()).all())
    if values.nunique() == 2:
        return _cells(column, lambda value: f"value {value:g}"), Annotated[str | None, Categorical()]
    if is_whole and values.nunique() <= _MOST_LEVELS:
        levels: Any = tuple(str(int(value)) for value in sorted(values.unique()))
        return _cells(column, lambda value: str(int(value))), Annotated[Literal[levels] | None, Ordinal()]
    is_long = bool((values >= 0).all()) and bool(skew(values.to_numpy(float)) > _SKEWED)
    least = Field(ge=0) if is_long else Field()
    return _cells(column, float), Annotated[float | None, Numeric(log=is_long), least]


def _cells(column: "pd.Series[Any]", read: Callable[[Any], object]) -> "pd.Series[Any]":
    cells = [None if pd.isna(value) else read(value) for value in column]
    return pd.Series(cells, column.index, dtype=object)


def _field_names(names: list[str]) -> list[str]:
    """Names of columns as names of fields, all different."""
    fields: list[str] = []
    for name in names:
        field = re.sub(r"\W+", "_", name.casefold()).strip("_")
        if not field.isidentifier() or keyword.iskeyword(field) or hasattr(BaseModel, field) or field == ITEMS:
            field = f"column_{field}"
        number = 1 + sum(field == other or other.startswith(f"{field}__") for other in fields)
        fields.append(field if number == 1 else f"{field}__{number}")
    return fields
