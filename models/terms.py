"""What the answers of one profile add to the sum: rows kept ready, each of r contributions and after them the
answer's evidence for each of k personas (`models.completion`); in format 1 there is no evidence.

A row is one integer that holds its numbers side by side (`models.lanes`), so that adding a row is one addition;
most answers are spelled as at training, so that their row is one look-up (benchmarks/README.md has the figures).
"""

import math
from collections.abc import Callable, Collection
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from models.columns import FloatArray
from models.completion import Evidence
from models.encoder import FieldEncoding, has_values
from models.lanes import Row, join

# Ages and counts repeat, and lists are short: their rows are kept.
REMEMBERED_NUMBERS = 1_024
TABLED_LENGTHS = 16


class UnknownValue(NamedTuple):
    """A value that the model has never seen; it was left out of the arithmetic."""

    field: str
    value: str


# Adds an answer's rows to the first list and what is not known to the second; whether the field is known.
AddList = Callable[[Collection[str], list[int | Row], list[UnknownValue]], bool]


class NumberRows(dict[Any, int | Row | None]):
    """Answer → row of a numeric or ordinal field: constant + x · slope; the evidence is a quadratic in x.

    Here and below a row that no lanes hold, as that of a very large number, stays a tuple.
    """

    def __init__(
        self, encoding: FieldEncoding, constant: FloatArray, slope: FloatArray, evidence: Evidence
    ) -> None:
        super().__init__()
        self._encoding, self._constant, self._slope, self._evidence = encoding, constant, slope, evidence

    def __missing__(self, answer: Any) -> int | Row:
        x = self._encoding.number(answer)
        row = _row([*(self._constant + x * self._slope).tolist(), *self._told(x)])
        if len(self) < REMEMBERED_NUMBERS:
            self[answer] = row
        return row

    def _told(self, x: float) -> list[float]:
        x = min(max(x, float(self._evidence.bounds[0])), float(self._evidence.bounds[1]))
        linear, square = self._evidence.rows
        told: list[float] = (self._evidence.constant + x * linear + x * x * square).tolist()
        return told


class ValueRows(dict[Any, int | Row | None]):
    """Answer → row of a single-choice field, in any spelling; None for a value that is not known."""

    def __init__(
        self, encoding: FieldEncoding, constant: FloatArray, rows: FloatArray, evidence: Evidence
    ) -> None:
        moves = np.hstack([constant + rows, evidence.constant + evidence.rows])
        super().__init__(zip(encoding.values, _rows(moves), strict=True))
        self._encoding = encoding

    def __missing__(self, answer: Any) -> int | Row | None:
        code = self._encoding.vocabulary.code(str(answer))
        return None if code < 0 else self[self._encoding.values[code]]


def list_adder(encoding: FieldEncoding, constant: FloatArray, rows: FloatArray, evidence: Evidence) -> AddList:
    """What adds an answer's rows of a multi-choice field: its constant, and each value's row, whose contributions
    are divided by √(values ticked) and whose evidence is not."""
    (constant_row,) = _rows(np.concatenate([constant, evidence.constant])[None])
    code_of = encoding.vocabulary.by_value.get

    @cache
    def tabled(length: int) -> list[int | Row]:
        return _rows(np.hstack([rows / math.sqrt(length), evidence.rows]))

    def summed(codes: list[int]) -> int | Row:
        contributions = rows[codes].sum(axis=0) / math.sqrt(len(codes))
        return _row(np.concatenate([contributions, evidence.rows[codes].sum(axis=0)]).tolist())

    def add(answer: Collection[str], parts: list[int | Row], unknown: list[UnknownValue]) -> bool:
        codes = {code_of(value, -1) for value in answer}
        if -1 in codes:
            codes = _in_any_spelling(encoding, answer, unknown)
        if not codes and has_values(answer):
            return False
        parts.append(constant_row)
        if len(codes) > TABLED_LENGTHS:
            parts.append(summed(sorted(codes)))
        elif codes:
            ticked = tabled(len(codes))
            parts += [ticked[code] for code in codes]
        return True

    return add


def _in_any_spelling(encoding: FieldEncoding, answer: Collection[str], unknown: list[UnknownValue]) -> set[int]:
    codes = {value: encoding.vocabulary.code(value) for value in answer}
    strange = [value for value, code in codes.items() if code < 0 and value.strip()]
    unknown += [UnknownValue(encoding.name, value) for value in strange]
    return {code for code in codes.values() if code >= 0}


def _rows(numbers: FloatArray) -> list[int | Row]:
    return [_row(row) for row in numbers.tolist()]


def _row(numbers: list[float]) -> int | Row:
    packed = join(numbers)
    return tuple(numbers) if packed is None else packed
