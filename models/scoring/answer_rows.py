"""What the answers of one profile add to the sum: rows kept ready, each of r contributions and after them the
answer's evidence for each of k personas (`models.scoring.imputation`); in format 1 there is no evidence.

A row is one integer that holds its numbers side by side (`models.scoring.packed_rows`), so that adding a row is
one addition; most answers are spelled as at training, so that their row is one look-up (benchmarks/README.md has
the figures).
"""

import math
from collections.abc import Collection
from typing import Any, NamedTuple

import numpy as np

from models.scoring.columns import FloatArray
from models.scoring.encoder import FieldEncoding, has_values
from models.scoring.imputation import Evidence
from models.scoring.packed_rows import Row, join

# Ages and counts repeat, and lists are short: their rows are kept.
REMEMBERED_NUMBERS = 1_024
TABLED_LENGTHS = 16


class UnknownValue(NamedTuple):
    """A value that the model has never seen; it was left out of the arithmetic."""

    field: str
    value: str


class NumberRows(dict[Any, int | Row | None]):
    """Answer → row of a numeric or ordinal field: constant + x · slope; the evidence is a quadratic in x.

    Here and below a row that no lanes hold, as that of a very large number, stays a tuple.
    """

    def __init__(
        self, encoding: FieldEncoding, constant: FloatArray, slope: FloatArray, evidence: Evidence
    ) -> None:
        super().__init__()
        self._encoding, self._constant, self._slope, self._evidence = encoding, constant, slope, evidence

    @property
    def levels(self) -> tuple[str, ...]:
        """The answers of an ordinal field, of which there are no others; none of a numeric one."""
        return self._encoding.spec.levels

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


class ListRows:
    """What an answer of a multi-choice field adds: its constant once, and for each value a row, of which the
    contributions are divided by √(values ticked) and the evidence is not."""

    def __init__(
        self, encoding: FieldEncoding, constant: FloatArray, rows: FloatArray, evidence: Evidence
    ) -> None:
        (self.constant,) = _rows(np.concatenate([constant, evidence.constant])[None])
        self._encoding, self._contributions, self._evidence = encoding, rows, evidence.rows
        self._known = frozenset(encoding.values)
        self._by_length: dict[int, dict[str, int | Row]] = {}

    def add(self, answer: Collection[str], rows: list[int | Row], unknown: list[UnknownValue]) -> bool:
        """Add an answer's rows to one list and what is not known to the other; whether the field is known."""
        values = set(answer)
        if not values <= self._known:
            values = self._in_any_spelling(answer, unknown)
        if not values and has_values(answer):
            return False
        rows.append(self.constant)
        if len(values) > TABLED_LENGTHS:
            rows.append(self._summed(values))
        elif values:
            rows += map(self.ticked(len(values)).__getitem__, values)
        return True

    def ticked(self, length: int) -> dict[str, int | Row]:
        """The row of each value where so many are ticked, 1 to `TABLED_LENGTHS`."""
        return self._by_length.get(length) or self._tabled(length)

    def _tabled(self, length: int) -> dict[str, int | Row]:
        rows = _rows(np.hstack([self._contributions / math.sqrt(length), self._evidence]))
        table = self._by_length[length] = dict(zip(self._encoding.values, rows, strict=True))
        return table

    def _summed(self, values: Collection[str]) -> int | Row:
        codes = self._encoding.vocabulary.codes(values)
        contributions = self._contributions[codes].sum(axis=0) / math.sqrt(len(codes))
        return _row(np.concatenate([contributions, self._evidence[codes].sum(axis=0)]).tolist())

    def _in_any_spelling(self, answer: Collection[str], unknown: list[UnknownValue]) -> set[str]:
        encoding = self._encoding
        codes = {value: encoding.vocabulary.code(value) for value in answer}
        strange = [value for value, code in codes.items() if code < 0 and value.strip()]
        unknown += [UnknownValue(encoding.name, value) for value in strange]
        return {encoding.values[code] for code in codes.values() if code >= 0}


def _rows(numbers: FloatArray) -> list[int | Row]:
    return [_row(row) for row in numbers.tolist()]


def _row(numbers: list[float]) -> int | Row:
    packed = join(numbers)
    return tuple(numbers) if packed is None else packed
