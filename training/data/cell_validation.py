"""What one cell is worth: the profile class itself judges what fits, each distinct cell once."""

import math
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from types import NoneType
from typing import Any, TypeAlias, get_args, get_origin

import numpy as np
import pandas as pd
import pyarrow as pa
from pydantic import BaseModel, ValidationError
from pydantic_core import from_json

from models.profile.field_kinds import FieldSpec, Numeric, Ordinal
from models.profile.vocabulary import Vocabulary, normalise
from models.scoring.columns import IntArray
from training.data.refusals import Unfit

Cells: TypeAlias = Sequence[Any] | pa.Array
Understand: TypeAlias = Callable[[Any], str | float | None]

NONE, NOTHING, REFUSED = -1, -2, -3
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


class Misfit(Exception):
    """A cell that does not fit its field; says why, without the cell."""


class Outcomes:
    """Cells → outcomes: the code of the cell's value, numbered as they first occur, or

    −1 for no answer, −2 for a value without a letter in it, −3 and below for a refusal.

    With a `vocabulary` codes are its own, and a value that it does not know is −2 as well.
    """

    def __init__(self, understand: Understand, vocabulary: Vocabulary | None = None) -> None:
        self.values: dict[str | float, int] = {}
        self._vocabulary = vocabulary
        self._reasons: dict[str, int] = {}
        self._understand = understand
        # A memo for each type: 1, 1.0 and True are one key of a dict, and not one answer.
        self._memos: dict[type, _Memo] = {kind: _Memo(self._judge) for kind in (str, int, float, bool)}

    def forget(self, most: int) -> None:
        """Remember no cell, once there are more than `most`; the codes of `values` are no longer theirs then."""
        if sum(map(len, self._memos.values())) > most:
            self.values.clear()
            for memo in self._memos.values():
                memo.clear()

    def of(self, cells: Cells) -> IntArray:
        """Outcomes, shape (n,)."""
        if isinstance(cells, pa.Array):
            return self._of_arrow(cells)
        kinds = set(map(type, cells)) - {NoneType} or {str}
        memo = self._memos.get(kinds.pop()) if len(kinds) == 1 else None
        look_up = memo.__getitem__ if memo is not None else self.outcome
        return np.fromiter(map(look_up, cells), np.int64, len(cells))

    def outcome(self, cell: Any) -> int:
        """The outcome of one cell."""
        memo = self._memos.get(type(cell))
        return self._judge(cell) if memo is None else memo[cell]

    def refused(self, outcomes: IntArray) -> IntArray:
        """The positions of refusals."""
        return np.flatnonzero(outcomes <= REFUSED)

    def reasons(self, outcomes: IntArray) -> list[str]:
        """Why these, all refusals, were refused."""
        said = list(self._reasons)
        return [said[REFUSED - outcome] for outcome in outcomes.tolist()]

    def _of_arrow(self, cells: pa.Array) -> IntArray:
        try:
            encoded = cells.dictionary_encode()
        except pa.ArrowNotImplementedError:
            return self.of(cells.to_pylist())
        table: IntArray = np.append(self.of(encoded.dictionary.to_pylist()), self.outcome(None))
        indices = encoded.indices
        if indices.null_count:
            indices = indices.cast(pa.int64()).fill_null(len(table) - 1)
        outcomes: IntArray = table.take(indices.to_numpy())
        return outcomes

    def _judge(self, cell: Any) -> int:
        try:
            value = self._understand(cell)
        except Misfit as misfit:
            return REFUSED - self._reasons.setdefault(str(misfit), len(self._reasons))
        if value is None:
            return NONE
        return NOTHING if value == "" else self._code(value)

    def _code(self, value: str | float) -> int:
        if self._vocabulary is None:
            return self.values.setdefault(value, len(self.values))
        return self._vocabulary.by_value.get(str(value), NOTHING)


class _Memo(dict[Any, int]):
    def __init__(self, judge: Callable[[Any], int]) -> None:
        self._judge = judge

    def __missing__(self, cell: Any) -> int:
        outcome = self[cell] = self._judge(cell)
        return outcome


@dataclass(frozen=True)
class FieldCheck:
    """What one field takes. `text`: cells come as text, from which numbers and lists are read."""

    profile_class: type[BaseModel]
    spec: FieldSpec
    text: bool = False

    def single(self, cell: Any) -> str | float | None:
        """The value of a single answer: number, level number or spelling. Raises `Misfit`."""
        if self.text and isinstance(cell, str):
            cell = self._parsed(cell)
        if isinstance(cell, str) and isinstance(self.spec.kind, Ordinal):
            cell = self._level(cell)
        if isinstance(cell, float) and isinstance(self.spec.kind, Numeric) and cell.is_integer():
            cell = int(cell)  # a column of whole numbers with gaps is one of floats in most tools
        if _is_missing(cell):
            return None
        return self._value(self.fitting(cell))

    def item(self, cell: Any) -> str | None:
        """The spelling of one value in a list; None when it is blank. Raises `Misfit`."""
        (value,) = self.fitting(self.holder((cell,)), inside=True) or (cell,)
        return normalise(str(value)) if str(value).strip() else None

    def length(self, length: int) -> None:
        """Raises `Misfit` if a list may not be so long."""
        self.fitting(self.holder(map(str, range(length))), inside=False)

    def items(self, cell: Any) -> Sequence[Any] | None:
        """The raw values in a list cell; None when it is not answered. Raises `Misfit`."""
        if isinstance(cell, list | tuple):
            return cell
        if self.text and isinstance(cell, str):
            return _split(cell.strip())
        if isinstance(cell, set | frozenset | np.ndarray):
            return cell.tolist() if isinstance(cell, np.ndarray) else list(cell)
        if _is_missing(cell):
            return None
        self.fitting(cell)
        raise Misfit("Input should be a valid list")

    @property
    def holder(self) -> type[Any]:
        """See `list_holder`."""
        return list_holder(self.profile_class, self.spec.name)

    def fitting(self, cell: Any, inside: bool | None = None) -> Any:
        """The cell as the class takes it. `inside` looks at what is wrong within (or only without) a list."""
        if isinstance(cell, Unfit):
            raise Misfit(cell.reason)
        try:
            name = self.spec.name
            return getattr(self.profile_class.model_validate({name: cell}), name)
        except ValidationError as error:
            for problem in error.errors(include_url=False, include_input=False, include_context=False):
                if inside is None or inside == (len(problem["loc"]) > 1):
                    raise Misfit(_in_words(problem["msg"])) from None
        return None

    def _parsed(self, cell: str) -> str | float | None:
        cell = cell.strip()
        if isinstance(self.spec.kind, Numeric):
            with suppress(ValueError):
                return as_number(cell)
        return cell or None

    def _level(self, cell: str) -> str:
        spelled = normalise(cell)
        return next((level for level in self.spec.levels if normalise(level) == spelled), cell)

    def _value(self, answer: Any) -> str | float | None:
        match self.spec.kind:
            case Numeric():
                return _finite(answer)
            case Ordinal():
                return float(self.spec.levels.index(str(answer)))
            case _:
                return normalise(str(answer))


def as_number(text: str) -> float:
    """The number in a text: digits, point and exponent, finite. Raises `ValueError`."""
    if _NUMBER.fullmatch(text) and math.isfinite(number := float(text)):
        return number
    raise ValueError("not a number")


def _finite(number: float) -> float:
    with suppress(OverflowError):  # by an integer beyond the largest float
        if math.isfinite(number):
            return float(number)
    raise Misfit("Input should be a finite number")


def _is_missing(cell: Any) -> bool:
    return cell is None or (isinstance(cell, float) and math.isnan(cell))


def _split(cell: str) -> Sequence[Any] | None:
    if not (cell.startswith("[") and cell.endswith("]")):
        return cell.split(";") if cell else None
    try:
        return list(from_json(cell))
    except ValueError:
        raise Misfit("Not a list: write a;b;c or JSON") from None


@cache
def list_holder(profile_class: type[BaseModel], name: str) -> type[Any]:
    """The type in which a class holds the lists of a field: tuple, list, set or frozenset."""
    return _holder(profile_class.model_fields[name].annotation) or tuple


def _holder(annotation: Any) -> type[Any] | None:
    origin = get_origin(annotation)
    if origin in (tuple, list, set, frozenset):
        return origin  # type: ignore[no-any-return]
    return next(filter(None, map(_holder, get_args(annotation))), None)


def _in_words(message: str) -> str:
    """pydantic's message in the words of a file: a list is a list, and the row's own length is left out."""
    said = message.split(" after validation")[0]
    return said.replace("Tuple", "List").replace("tuple", "list")


def as_cells(column: "pd.Series[Any]") -> Cells:
    """The cells of a frame's column; what pandas holds to be missing is None."""
    if isinstance(column.dtype, pd.ArrowDtype):
        array = pa.array(column.array)
        return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
    missing = column.isna().to_numpy()
    if not missing.any():
        return column.tolist()
    return [None if gone else cell for cell, gone in zip(column.tolist(), missing, strict=True)]


def as_series(cells: Cells) -> "pd.Series[Any]":
    """Cells as a frame's column, the reverse of `as_cells`."""
    if isinstance(cells, pa.Array):
        return pd.Series(pd.arrays.ArrowExtensionArray(cells))
    return pd.Series(cells, dtype=object)
