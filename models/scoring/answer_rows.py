"""The precomputed row of each answer: its evidence for each of k personas, then its likelihood among everyone.

A row is packed into one integer (`models.scoring.packed_rows`), so that adding a row is one addition. Most answers
are spelled as at training, so that finding their row is one look-up (benchmarks/README.md has the figures).
"""

from collections.abc import Collection
from typing import Any, Final, NamedTuple

from models.profile.missing_words import is_missing_word
from models.scoring.columns import FloatArray
from models.scoring.encoder import FieldEncoding, has_values
from models.scoring.evidence import Evidence
from models.scoring.packed_rows import pack

# Ages and counts repeat: their rows are cached.
CACHED_NUMBERS: Final = 1_024


class UnknownValue(NamedTuple):
    """A value that the model does not know; scoring ignores it."""

    field: str
    value: str


class NumberRows(dict[Any, int | None]):
    """Answer → row of a numeric or ordinal field."""

    def __init__(self, encoding: FieldEncoding, evidence: Evidence) -> None:
        super().__init__()
        self._encoding, self._evidence = encoding, evidence

    @property
    def levels(self) -> tuple[str, ...]:
        """All possible answers of an ordinal field, lowest first; empty for a numeric one."""
        return self._encoding.spec.levels

    def numbers(self, answer: float | str) -> FloatArray:
        """The row of an answer before it is packed, (k + 1,)."""
        y = self._evidence.position_of(self._encoding.number(answer))
        linear, square = self._evidence.rows
        numbers: FloatArray = self._evidence.constant + y * linear + y * y * square
        return numbers

    def __missing__(self, answer: Any) -> int:
        row = pack(self.numbers(answer).tolist())
        if len(self) < CACHED_NUMBERS:
            self[answer] = row
        return row


class ValueRows(dict[Any, int | None]):
    """Answer → row of a single-choice field, normalised where needed; None for an unknown value."""

    def __init__(self, encoding: FieldEncoding, evidence: Evidence) -> None:
        super().__init__(zip(encoding.values, _packed(evidence.constant + evidence.rows), strict=True))
        self._encoding = encoding

    def __missing__(self, answer: Any) -> int | None:
        code = self._encoding.vocabulary.code(str(answer))
        return None if code < 0 else self[self._encoding.values[code]]


class ListRows(dict[str, int]):
    """Value → row of a multi-choice field; `constant` is added once, for the values that are not ticked."""

    def __init__(self, encoding: FieldEncoding, evidence: Evidence) -> None:
        super().__init__(zip(encoding.values, _packed(evidence.rows), strict=True))
        self.constant = pack(evidence.constant.tolist())
        self._encoding = encoding

    def add(self, answer: Collection[str], rows: list[int], unknown: list[UnknownValue]) -> bool:
        """Append the rows of an answer to `rows` and its unknown values to `unknown`.

        Returns whether the field counts as answered: it does not where every value is unknown, or a word for a
        missing answer.
        """
        values = set(answer)
        if not values <= self.keys():
            values = self._normalised(answer, unknown)
            if not values and has_values(answer):
                return False
        rows.append(self.constant)
        rows += map(self.__getitem__, values)
        return True

    def _normalised(self, answer: Collection[str], unknown: list[UnknownValue]) -> set[str]:
        encoding = self._encoding
        codes = {value: encoding.vocabulary.code(value) for value in answer}
        unknown_values = [value for value, code in codes.items() if code < 0 and not is_missing_word(value)]
        unknown += [UnknownValue(encoding.name, value) for value in unknown_values]
        return {encoding.values[code] for code in codes.values() if code >= 0}


def _packed(numbers: FloatArray) -> list[int]:
    return [pack(row) for row in numbers.tolist()]
