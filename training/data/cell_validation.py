"""Validation of cells: the profile class decides what fits, once for each distinct cell."""

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal as PlainDecimal
from functools import cache
from types import NoneType
from typing import Any, Final, Literal, NamedTuple, TypeAlias, get_args, get_origin

import numpy as np
import pandas as pd
import pyarrow as pa
from pydantic import BaseModel, ValidationError

from models.profile.field_kinds import FieldSpec, Numeric, Ordinal
from models.profile.vocabulary import Vocabulary, normalise
from models.scoring.columns import IntArray
from training.data.formats.cell_format import USUAL, CellFormat
from training.data.formats.list_format import EMPTY_LISTS, split_list
from training.data.refusals import Unfit

Cells: TypeAlias = Sequence[Any] | pa.Array
Understand: TypeAlias = Callable[[Any], str | float | None]

NONE, NOTHING, REMARKED = -1, -2, -3
# Values that are counted by themselves; the rest of a field is counted together.
_MOST_COUNTED: Final = 10_000
_LONGEST: Final = 60
OTHERS: Final = "…"


class Remark(NamedTuple):
    """Something about a cell: why it is refused, the word for a missing answer that it holds, or the value that
    the vocabulary lacks.
    """

    kind: Literal["refused", "missing", "unknown"]
    text: str


class Misfit(Exception):
    """A cell that does not fit its field. The message gives the reason, and not the cell."""


class Outcomes:
    """Maps cells to outcomes: the code of the cell's value, numbered by first occurrence; −1 for no answer, −2 for
    a value without a letter, −3 and below for a remark (see `Remark`).

    Texts are numbered as they are written, so that it is known afterwards how people write a value. With a
    `vocabulary` codes are those of the vocabulary, and an unknown value is a remark. `counts`: the cells that hold
    a word for a missing answer, and those with an unknown value, as they are written.
    """

    def __init__(
        self, understand: Understand, vocabulary: Vocabulary | None = None, written: CellFormat = USUAL
    ) -> None:
        self.values: dict[str | float, int] = {}
        self.counts: Mapping[str, Counter[str]] = {"missing": Counter(), "unknown": Counter()}
        self._vocabulary = vocabulary
        self._format = written
        self._remarks: dict[Remark, int] = {}
        self._understand = understand
        # A memo for each type: 1, 1.0 and True are the same dict key, but different answers.
        self._memos: dict[type, _Memo] = {kind: _Memo(self._validate) for kind in (str, int, float, bool)}

    def forget(self, most: int) -> None:
        """Forget all cells once there are more than `most`; the codes of `values` are void then."""
        if sum(map(len, self._memos.values())) > most:
            self.values.clear()
            self._remarks.clear()
            for memo in self._memos.values():
                memo.clear()
        for counts in self.counts.values():
            if len(counts) > _MOST_COUNTED:
                common = dict(counts.most_common(_MOST_COUNTED // 10))
                common[OTHERS] = common.get(OTHERS, 0) + counts.total() - sum(common.values())
                counts.clear()
                counts.update(common)

    def of(self, cells: Cells) -> IntArray:
        """Outcomes, shape (n,)."""
        outcomes = self._of_arrow(cells) if isinstance(cells, pa.Array) else self._of_python(cells)
        self._count(outcomes)
        return outcomes

    def outcome(self, cell: Any) -> int:
        """The outcome of one cell."""
        memo = self._memos.get(type(cell))
        return self._validate(cell) if memo is None else memo[cell]

    def refused(self, outcomes: IntArray) -> IntArray:
        """The positions of refusals."""
        positions = np.flatnonzero(outcomes <= REMARKED)
        if not len(positions):
            return positions
        refusals = np.array([remark.kind == "refused" for remark in self._remarks], np.bool_)
        refused: IntArray = positions[refusals[REMARKED - outcomes[positions]]]
        return refused

    def reasons(self, outcomes: IntArray) -> list[str]:
        """The reasons of these outcomes, all of which are refusals."""
        remarks = list(self._remarks)
        return [remarks[REMARKED - outcome].text for outcome in outcomes.tolist()]

    def _count(self, outcomes: IntArray) -> None:
        remarked = outcomes[outcomes <= REMARKED]
        if not len(remarked):
            return
        remarks = list(self._remarks)
        for index, count in enumerate(np.bincount(REMARKED - remarked).tolist()):
            if count and (counts := self.counts.get(remarks[index].kind)) is not None:
                counts[remarks[index].text] += count

    def _of_python(self, cells: Sequence[Any]) -> IntArray:
        kinds = set(map(type, cells)) - {NoneType} or {str}
        memo = self._memos.get(kinds.pop()) if len(kinds) == 1 else None
        look_up = memo.__getitem__ if memo is not None else self.outcome
        return np.fromiter(map(look_up, cells), np.int64, len(cells))

    def _of_arrow(self, cells: pa.Array) -> IntArray:
        try:
            encoded = cells.dictionary_encode()
        except pa.ArrowNotImplementedError:
            return self._of_python(cells.to_pylist())
        table: IntArray = np.append(self._of_python(encoded.dictionary.to_pylist()), self.outcome(None))
        indices = encoded.indices
        if indices.null_count:
            indices = indices.cast(pa.int64()).fill_null(len(table) - 1)
        outcomes: IntArray = table.take(indices.to_numpy())
        return outcomes

    def _validate(self, cell: Any) -> int:
        if (word := self._format.missing_word(cell)) is not None:
            return self._remark("missing", word)
        try:
            value = self._understand(cell)
        except Misfit as misfit:
            return self._remark("refused", str(misfit))
        if value is None:
            return NONE
        return NOTHING if value == "" else self._code(value, cell)

    def _remark(self, kind: Literal["refused", "missing", "unknown"], text: str) -> int:
        return REMARKED - self._remarks.setdefault(Remark(kind, text), len(self._remarks))

    def _code(self, value: str | float, cell: Any) -> int:
        spelled = " ".join(cell.split()) if isinstance(cell, str) else ""
        if self._vocabulary is not None:
            code = self._vocabulary.by_value.get(str(value))
            return self._remark("unknown", (spelled or str(value))[:_LONGEST]) if code is None else code
        # A class may change the text that it is given.
        key = spelled if isinstance(value, str) and normalise(spelled) == value else value
        return self.values.setdefault(key, len(self.values))


class _Memo(dict[Any, int]):
    def __init__(self, validate: Callable[[Any], int]) -> None:
        self._validate = validate

    def __missing__(self, cell: Any) -> int:
        outcome = self[cell] = self._validate(cell)
        return outcome


@dataclass(frozen=True)
class FieldCheck:
    """Validates cells of one field. `text`: numbers and lists are parsed from text, as it is `written`."""

    profile_class: type[BaseModel]
    spec: FieldSpec
    text: bool = False
    written: CellFormat = USUAL

    def single(self, cell: Any) -> str | float | None:
        """The value of a single answer: number, level number or normalised text. Raises `Misfit`."""
        if self.text and isinstance(cell, str):
            cell = self._parsed(cell)
        if isinstance(cell, str) and isinstance(self.spec.kind, Ordinal):
            cell = self._level(cell)
        if _is_missing(cell):
            return None
        if isinstance(self.spec.kind, Numeric) and isinstance(cell, float | PlainDecimal):
            cell = _as_number(cell)
        return self._value(self.validated(cell))

    def item(self, cell: Any) -> str | None:
        """The normalised text of one value in a list; None when it is blank, or an empty list as text. Raises
        `Misfit`.
        """
        if _is_missing(cell) or (isinstance(cell, str) and cell in EMPTY_LISTS):
            return None
        (value,) = self.validated(self.holder((cell,)), within_list=True) or (cell,)
        return normalise(str(value)) if str(value).strip() else None

    def length(self, length: int) -> None:
        """Raises `Misfit` if a list must not be that long."""
        self.validated(self.holder(map(str, range(length))), within_list=False)

    def items(self, cell: Any) -> Sequence[Any] | None:
        """The raw values in a list cell; None when it is not answered. Raises `Misfit`."""
        if isinstance(cell, list | tuple):
            return cell
        if isinstance(cell, str) and self.text:
            return _split(cell.strip(), self.written)
        if self.text and isinstance(cell, dict):
            return _unwrapped(cell)
        if isinstance(cell, set | frozenset | np.ndarray):
            return cell.tolist() if isinstance(cell, np.ndarray) else list(cell)
        if _is_missing(cell):
            return None
        self.validated(cell)
        raise Misfit("Input should be a valid list")

    @property
    def holder(self) -> type[Any]:
        """See `list_holder`."""
        return list_holder(self.profile_class, self.spec.name)

    def validated(self, cell: Any, within_list: bool | None = None) -> Any:
        """The cell as the class takes it. `within_list`: count errors within a list alone, or those of the list
        itself.
        """
        if isinstance(cell, Unfit):
            raise Misfit(cell.reason)
        try:
            name = self.spec.name
            return getattr(self.profile_class.model_validate({name: cell}), name)
        except ValidationError as error:
            for problem in error.errors(include_url=False, include_input=False, include_context=False):
                if within_list is None or within_list == (len(problem["loc"]) > 1):
                    raise Misfit(_in_words(problem["msg"])) from None
        return None

    def _parsed(self, cell: str) -> str | float | None:
        cell = cell.strip()
        if isinstance(self.spec.kind, Numeric):
            with suppress(ValueError):
                return self.written.numbers.number(cell)
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


def _as_number(number: "float | PlainDecimal") -> float | int:
    """Whole numbers as such: most tools store a column of whole numbers with gaps as floats, databases as
    decimals.
    """
    if not math.isfinite(number):
        return float(number)
    return int(number) if number == int(number) else float(number)


def _finite(number: float) -> float:
    with suppress(OverflowError):  # of an integer beyond the largest float
        if math.isfinite(number):
            return float(number)
    raise Misfit("Input should be a finite number")


def _is_missing(cell: Any) -> bool:
    return cell is None or (isinstance(cell, float) and math.isnan(cell))


def _split(cell: str, written: CellFormat) -> Sequence[Any] | None:
    # The usual words hold no separator, and are found as values.
    if written.words.more and written.missing_word(cell) is not None:
        return [cell]
    try:
        return split_list(cell, written.separator)
    except ValueError:
        raise Misfit("Not a list: write a;b;c or JSON") from None


def _unwrapped(cell: dict[Any, Any]) -> Sequence[Any] | None:
    """The list in a struct, as BigQuery writes one: {"list": [{"element": "a"}]}. Raises `Misfit`."""
    inner = next(iter(cell.values())) if len(cell) == 1 else cell
    if inner is None:
        return None
    if not isinstance(inner, list):
        raise Misfit("Input should be a valid list")
    return [next(iter(item.values())) if isinstance(item, dict) and len(item) == 1 else item for item in inner]


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
    """pydantic's message for a file: tuples are lists, and the length of the row is left out."""
    text = message.split(" after validation")[0]
    return text.replace("Tuple", "List").replace("tuple", "list")


def as_cells(column: "pd.Series[Any]") -> Cells:
    """The cells of a frame's column, with None for missing values."""
    if isinstance(column.dtype, pd.ArrowDtype):
        array = pa.array(column.array)
        return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
    missing = column.isna().to_numpy()
    if not missing.any():
        return column.tolist()
    return [None if is_missing else cell for cell, is_missing in zip(column.tolist(), missing, strict=True)]


def as_series(cells: Cells) -> "pd.Series[Any]":
    """Cells as a frame's column, the reverse of `as_cells`."""
    if isinstance(cells, pa.Array):
        return pd.Series(pd.arrays.ArrowExtensionArray(cells))
    return pd.Series(cells, dtype=object)
