"""What the answers of one profile add to the sum: rows in r dimensions, kept ready as plain tuples.

For one profile a handful of short tuples is summed faster than numpy starts; most answers are spelled as at
training, so that their row is one look-up (benchmarks/README.md has the figures).
"""

import math
from collections.abc import Callable, Collection
from typing import Any, NamedTuple

from models.columns import FloatArray
from models.encoder import FieldEncoding, has_values

Row = tuple[float, ...]
# Ages and counts repeat, and lists are short: their rows are kept.
REMEMBERED_NUMBERS = 1_024
TABLED_LENGTHS = 8


class UnknownValue(NamedTuple):
    """A value that the model has never seen; it was left out of the arithmetic."""

    field: str
    value: str


AddList = Callable[[Collection[str], list[Row], list[UnknownValue]], None]


class NumberRows(dict[Any, Row | None]):
    """Answer → row of a numeric or ordinal field: constant + x · slope."""

    def __init__(self, encoding: FieldEncoding, constant: FloatArray, slope: FloatArray) -> None:
        super().__init__()
        self._encoding, self._constant, self._slope = encoding, constant, slope

    def __missing__(self, answer: Any) -> Row:
        row = tuple((self._constant + self._encoding.number(answer) * self._slope).tolist())
        if len(self) < REMEMBERED_NUMBERS:
            self[answer] = row
        return row


class ValueRows(dict[Any, Row | None]):
    """Answer → row of a single-choice field, in any spelling; None for a value that is not known."""

    def __init__(self, encoding: FieldEncoding, constant: FloatArray, rows: FloatArray) -> None:
        super().__init__(zip(encoding.values, _tuples(constant + rows), strict=True))
        self._encoding = encoding

    def __missing__(self, answer: Any) -> Row | None:
        code = self._encoding.vocabulary.code(str(answer))
        return None if code < 0 else self[self._encoding.values[code]]


def list_adder(encoding: FieldEncoding, constant: FloatArray, rows: FloatArray) -> AddList:
    """What adds an answer's rows of a multi-choice field: its constant, and each value's row divided by
    √(values ticked). What is not known goes to the second list."""
    constant_row: Row = tuple(constant.tolist())
    code_of = encoding.vocabulary.by_value.get
    by_length = [_tuples(rows / math.sqrt(max(length, 1))) for length in range(TABLED_LENGTHS + 1)]

    def add(answer: Collection[str], parts: list[Row], unknown: list[UnknownValue]) -> None:
        codes = {code_of(value, -1) for value in answer}
        if -1 in codes:
            codes = _in_any_spelling(encoding, answer, unknown)
        length = len(codes)
        if 0 < length <= TABLED_LENGTHS:
            ticked = by_length[length]
            parts.append(constant_row)
            parts += [ticked[code] for code in sorted(codes)]
        elif codes:
            parts.append(constant_row)
            parts += _tuples(rows[sorted(codes)] / math.sqrt(length))
        elif not has_values(answer):
            parts.append(constant_row)

    return add


def _in_any_spelling(encoding: FieldEncoding, answer: Collection[str], unknown: list[UnknownValue]) -> set[int]:
    codes = {value: encoding.vocabulary.code(value) for value in answer}
    strange = [value for value, code in codes.items() if code < 0 and value.strip()]
    unknown += [UnknownValue(encoding.name, value) for value in strange]
    return {code for code in codes.values() if code >= 0}


def _tuples(rows: FloatArray) -> list[Row]:
    return [tuple(row) for row in rows.tolist()]
