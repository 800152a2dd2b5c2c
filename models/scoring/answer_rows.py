"""The precomputed row of each answer: its r contributions to the coordinates, then its evidence for each of k
personas (`models.scoring.imputation`; none in format 1).

A row is packed into one integer (`models.scoring.packed_rows`), so that adding a row is one addition. Most answers
are spelled as at training, so that finding their row is one look-up (benchmarks/README.md has the figures).
"""

import math
from collections.abc import Collection
from typing import Any, Final, NamedTuple

import numpy as np

from models.scoring.columns import FloatArray
from models.scoring.encoder import FieldEncoding, has_values
from models.scoring.imputation import Evidence
from models.scoring.packed_rows import Row, pack

# Ages and counts repeat, and lists are short: their rows are cached.
CACHED_NUMBERS: Final = 1_024
CACHED_LENGTHS: Final = 16


class UnknownValue(NamedTuple):
    """A value that the model does not know; scoring ignores it."""

    field: str
    value: str


class NumberRows(dict[Any, int | Row | None]):
    """Answer → row of a numeric or ordinal field: constant + x · slope; the evidence is a quadratic in x.

    Here and below a row that cannot be packed, such as that of a very large number, stays a tuple.
    """

    def __init__(
        self, encoding: FieldEncoding, constant: FloatArray, slope: FloatArray, evidence: Evidence
    ) -> None:
        super().__init__()
        self._encoding, self._constant, self._slope, self._evidence = encoding, constant, slope, evidence

    @property
    def levels(self) -> tuple[str, ...]:
        """All possible answers of an ordinal field, lowest first; empty for a numeric one."""
        return self._encoding.spec.levels

    def __missing__(self, answer: Any) -> int | Row:
        x = self._encoding.number(answer)
        row = _row([*(self._constant + x * self._slope).tolist(), *self._evidence_at(x)])
        if len(self) < CACHED_NUMBERS:
            self[answer] = row
        return row

    def _evidence_at(self, x: float) -> list[float]:
        x = min(max(x, float(self._evidence.bounds[0])), float(self._evidence.bounds[1]))
        linear, square = self._evidence.rows
        evidence: list[float] = (self._evidence.constant + x * linear + x * x * square).tolist()
        return evidence


class ValueRows(dict[Any, int | Row | None]):
    """Answer → row of a single-choice field, normalised where needed; None for an unknown value."""

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
    """The rows of a multi-choice field: a constant once, and a row for each value ticked.

    A value's contributions are divided by √(values ticked); its evidence is not.
    """

    def __init__(
        self, encoding: FieldEncoding, constant: FloatArray, rows: FloatArray, evidence: Evidence
    ) -> None:
        (self.constant,) = _rows(np.concatenate([constant, evidence.constant])[None])
        self._encoding, self._contributions, self._evidence = encoding, rows, evidence.rows
        self._known = frozenset(encoding.values)
        self._by_length: dict[int, dict[str, int | Row]] = {}

    def add(self, answer: Collection[str], rows: list[int | Row], unknown: list[UnknownValue]) -> bool:
        """Append the rows of an answer to `rows` and its unknown values to `unknown`.

        Returns whether the field counts as answered: it does not where every value is unknown.
        """
        values = set(answer)
        if not values <= self._known:
            values = self._normalised(answer, unknown)
        if not values and has_values(answer):
            return False
        rows.append(self.constant)
        if len(values) > CACHED_LENGTHS:
            rows.append(self._sum_of(values))
        elif values:
            rows += map(self.ticked(len(values)).__getitem__, values)
        return True

    def ticked(self, length: int) -> dict[str, int | Row]:
        """The row of each value where `length` values are ticked, 1 to `CACHED_LENGTHS`."""
        return self._by_length.get(length) or self._cache_length(length)

    def _cache_length(self, length: int) -> dict[str, int | Row]:
        rows = _rows(np.hstack([self._contributions / math.sqrt(length), self._evidence]))
        table = self._by_length[length] = dict(zip(self._encoding.values, rows, strict=True))
        return table

    def _sum_of(self, values: Collection[str]) -> int | Row:
        codes = self._encoding.vocabulary.codes(values)
        contributions = self._contributions[codes].sum(axis=0) / math.sqrt(len(codes))
        return _row(np.concatenate([contributions, self._evidence[codes].sum(axis=0)]).tolist())

    def _normalised(self, answer: Collection[str], unknown: list[UnknownValue]) -> set[str]:
        encoding = self._encoding
        codes = {value: encoding.vocabulary.code(value) for value in answer}
        unknown_values = [value for value, code in codes.items() if code < 0 and value.strip()]
        unknown += [UnknownValue(encoding.name, value) for value in unknown_values]
        return {encoding.values[code] for code in codes.values() if code >= 0}


def _rows(numbers: FloatArray) -> list[int | Row]:
    return [_row(row) for row in numbers.tolist()]


def _row(numbers: list[float]) -> int | Row:
    packed = pack(numbers)
    return tuple(numbers) if packed is None else packed
