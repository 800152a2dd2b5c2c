"""Validation of cells: the profile class decides what fits, once for each distinct cell."""

import math
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from decimal import Decimal as PlainDecimal
from functools import cache
from typing import Any, Final, get_args, get_origin

import numpy as np
from pydantic import BaseModel, ValidationError

from models.profile.field_kinds import Categorical, FieldSpec, Numeric, Ordinal
from models.profile.value_forms import level_of
from models.profile.vocabulary import normalise
from training.data.cells.outcomes import Misfit
from training.data.formats.cell_format import USUAL, CellFormat, cell_text
from training.data.formats.list_format import EMPTY_LISTS, split_list
from training.data.refusals import Unfit

_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d|\d{1,2}[./]\d{1,2}[./]\d{4}")


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
        if isinstance(self.spec.kind, Ordinal):
            cell = level_of(self.spec.levels, cell)
        if _is_missing(cell):
            return None
        if isinstance(self.spec.kind, Numeric) and self.text and _is_date(cell):
            raise Misfit("A date, and no number: a mapping makes an age of it (age_on)")
        if isinstance(self.spec.kind, Numeric) and isinstance(cell, float | PlainDecimal):
            cell = _as_number(cell)
        elif isinstance(self.spec.kind, Categorical) and self.text and type(cell) in (int, float):
            # What is text in CSV is a number in Parquet: codes of shops, of postal areas.
            cell = cell_text(cell)
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
            return _without_structs(cell) if self.text else cell
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


def _is_date(cell: Any) -> bool:
    return isinstance(cell, date) or (isinstance(cell, str) and _DATE.match(cell) is not None)


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
    return _without_structs(inner)


def _without_structs(values: Sequence[Any]) -> Sequence[Any]:
    """The values of a list, without structs of one member around them."""
    if not values or not isinstance(values[0], dict):
        return values
    return [
        next(iter(value.values())) if isinstance(value, dict) and len(value) == 1 else value for value in values
    ]


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
