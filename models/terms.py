"""What the answers of one profile add to the sums: rows in r dimensions, and their evidence for each of k personas
(`models.completion`), kept ready as plain tuples. A model of format 1 has no evidence: its tuples are empty.

For one profile a handful of short tuples is summed faster than numpy starts; most answers are spelled as at
training, so that their row is one look-up (benchmarks/README.md has the figures).
"""

import math
from collections.abc import Callable, Collection
from typing import Any, NamedTuple

from models.columns import FloatArray
from models.completion import FieldCompletion
from models.encoder import FieldEncoding, has_values
from models.fields import MultiLabel

Row = tuple[float, ...]
# What an answer adds to the position, and to the evidence.
Rows = tuple[Row, Row]
# Ages and counts repeat, and lists are short: their rows are kept.
REMEMBERED_NUMBERS = 1_024
TABLED_LENGTHS = 8


class UnknownValue(NamedTuple):
    """A value that the model has never seen; it was left out of the arithmetic."""

    field: str
    value: str


# Adds an answer's rows to the two lists and what is not known to the third; whether the field is known.
AddList = Callable[[Collection[str], list[Row], list[Row], list[UnknownValue]], bool]


class NumberRows(dict[Any, Rows | None]):
    """Answer → rows of a numeric or ordinal field: constant + x · slope; the evidence is a quadratic in x."""

    def __init__(
        self, encoding: FieldEncoding, constant: FloatArray, slope: FloatArray, part: FieldCompletion | None
    ) -> None:
        super().__init__()
        self._encoding, self._constant, self._slope, self._part = encoding, constant, slope, part

    def __missing__(self, answer: Any) -> Rows:
        x = self._encoding.number(answer)
        rows = tuple((self._constant + x * self._slope).tolist()), self._evidence(x)
        if len(self) < REMEMBERED_NUMBERS:
            self[answer] = rows
        return rows

    def _evidence(self, x: float) -> Row:
        if self._part is None:
            return ()
        x = min(max(x, float(self._part.evidence.bounds[0])), float(self._part.evidence.bounds[1]))
        linear, square = self._part.evidence.rows
        return tuple((self._part.evidence.constant + x * linear + x * x * square).tolist())


class ValueRows(dict[Any, Rows | None]):
    """Answer → rows of a single-choice field, in any spelling; None for a value that is not known."""

    def __init__(
        self, encoding: FieldEncoding, constant: FloatArray, rows: FloatArray, part: FieldCompletion | None
    ) -> None:
        evidence = evidence_rows(encoding, part)
        super().__init__(zip(encoding.values, zip(_tuples(constant + rows), evidence, strict=True), strict=True))
        self._encoding = encoding

    def __missing__(self, answer: Any) -> Rows | None:
        code = self._encoding.vocabulary.code(str(answer))
        return None if code < 0 else self[self._encoding.values[code]]


def list_adder(
    encoding: FieldEncoding, constant: FloatArray, rows: FloatArray, part: FieldCompletion | None
) -> AddList:
    """What adds an answer's rows of a multi-choice field: its constant, and each value's row divided by
    √(values ticked); of the evidence its constant and each value's row as it is."""
    constant_row: Row = tuple(constant.tolist())
    evidence_constant: Row = () if part is None else tuple(part.evidence.constant.tolist())
    evidence_of = evidence_rows(encoding, part)
    code_of = encoding.vocabulary.by_value.get
    by_length = [_tuples(rows / math.sqrt(max(length, 1))) for length in range(TABLED_LENGTHS + 1)]

    def add(answer: Collection[str], parts: list[Row], evidence: list[Row], unknown: list[UnknownValue]) -> bool:
        found = {code_of(value, -1) for value in answer}
        if -1 in found:
            found = _in_any_spelling(encoding, answer, unknown)
        if not found and has_values(answer):
            return False
        codes, length = sorted(found), len(found)
        parts.append(constant_row)
        if length <= TABLED_LENGTHS:
            ticked = by_length[length]
            parts += [ticked[code] for code in codes]
        else:
            parts += _tuples(rows[codes] / math.sqrt(length))
        if evidence_constant:
            evidence.append(evidence_constant)
            evidence += [evidence_of[code] for code in codes]
        return True

    return add


def evidence_rows(encoding: FieldEncoding, part: FieldCompletion | None) -> list[Row]:
    """The evidence of each value of a choice, its constant included, or of a list, without it."""
    if part is None:
        return [()] * len(encoding.values)
    return _tuples(
        part.evidence.rows
        if isinstance(encoding.spec.kind, MultiLabel)
        else part.evidence.constant + part.evidence.rows
    )


def _in_any_spelling(encoding: FieldEncoding, answer: Collection[str], unknown: list[UnknownValue]) -> set[int]:
    codes = {value: encoding.vocabulary.code(value) for value in answer}
    strange = [value for value, code in codes.items() if code < 0 and value.strip()]
    unknown += [UnknownValue(encoding.name, value) for value in strange]
    return {code for code in codes.values() if code >= 0}


def _tuples(rows: FloatArray) -> list[Row]:
    return [tuple(row) for row in rows.tolist()]
