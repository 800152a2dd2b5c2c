"""Profiles as they are mostly sent: every answer is spelled as the model spells it.

What these tables know needs no validation: pydantic was asked about each text when they were made, and about each
number when it first came. What they do not know is not refused either: it is left to pydantic.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

from pydantic import BaseModel, ValidationError

from models.scoring.answer_rows import REMEMBERED_NUMBERS, TABLED_LENGTHS, ListRows, NumberRows
from models.scoring.single import Single

# Sets of answered fields for which the missing ones are kept ready.
REMEMBERED_GAPS = 4_096


class Gap(NamedTuple):
    """The fields without an answer: the bits that `models.scoring.single` hides, and their names."""

    hidden: int
    missing: tuple[str, ...]


class KnownProfile(NamedTuple):
    """A profile of which every answer is known: the sum of its rows, and what it does not answer."""

    total: int
    gap: Gap


class KnownAnswers:
    """Recognises the answers of a profile class, as they are parsed from JSON."""

    def __init__(self, single: Single, profile_class: type[BaseModel]) -> None:
        self._single, self._class = single, profile_class
        self._names = tuple(name for name, *_ in single.terms)
        known = profile_class.model_fields
        self._bits = {name: 1 << place for place, name in enumerate(self._names) if name in known}
        self._texts: dict[str, dict[str, int]] = {}
        self._numbers: dict[str, _Numbers] = {}
        self._lists: dict[str, _Lists] = {}
        self._gaps: dict[int, Gap] = {}
        for name, _, table, lists in single.terms:
            if name not in self._bits:
                continue
            if lists is not None:
                self._add_lists(name, lists)
            elif isinstance(table, NumberRows) and not table.levels:
                self._numbers[name] = _Numbers(partial(self._accepts, name), table)
            elif table is not None:
                self._add_texts(name, table)
        self._look_ups = self._all_look_ups()

    def of(self, answers: Mapping[str, Any]) -> KnownProfile | None:
        """The sum of a profile's rows, given its parsed JSON object; None where some answer is not recognised."""
        total, answered, look_ups = self._single.packed_base, 0, self._look_ups
        if total is None:
            return None
        try:
            for name, answer in answers.items():
                bit, row_of = look_ups[name]
                if answer is not None:
                    total += row_of(answer)
                    answered |= bit
        except (KeyError, TypeError):
            return None
        return KnownProfile(total, self.gap(answered))

    def _all_look_ups(self) -> dict[str, tuple[int, Callable[[Any], int]]]:
        """For each field its bit, and what finds an answer's row or raises `KeyError` or `TypeError`."""
        found: dict[str, Callable[[Any], int]] = {
            **{name: rows.__getitem__ for name, rows in self._texts.items()},
            **{name: numbers.of for name, numbers in self._numbers.items()},
            **{name: lists.of for name, lists in self._lists.items()},
        }
        return {name: (bit, found.get(name, {}.__getitem__)) for name, bit in self._bits.items()}

    @property
    def fields(self) -> dict[str, int]:
        """The names of the fields that a profile may have, each with its bit."""
        return self._bits

    def accepted(self, name: str) -> tuple[str, ...]:
        """The values of a field that are recognised; none for a number's."""
        found = self._lists[name].accepted if name in self._lists else self._texts.get(name, ())
        return tuple(found)

    def knows(self, name: str, answer: int) -> bool:
        """Whether a number is recognised."""
        try:
            self._numbers[name].of(answer)
        except KeyError:
            return False
        return True

    def gap(self, answered: int) -> Gap:
        """What is not answered where fields of these bits are."""
        return self._gaps.get(answered) or self._remember_gap(answered)

    def _remember_gap(self, answered: int) -> Gap:
        missing = tuple(name for name in self._names if not answered & self._bits.get(name, 0))
        gap = Gap(self._single.hideable & ~answered, missing)
        if len(self._gaps) < REMEMBERED_GAPS:
            self._gaps[answered] = gap
        return gap

    def _add_texts(self, name: str, table: Mapping[Any, Any]) -> None:
        rows = {value: table[value] for value in self._single.values[name] if self._accepts(name, value)}
        self._texts[name] = {value: row for value, row in rows.items() if isinstance(row, int)}

    def _add_lists(self, name: str, lists: ListRows) -> None:
        values = [value for value in self._single.values[name] if self._accepts(name, [value] * TABLED_LENGTHS)]
        if isinstance(lists.constant, int) and self._accepts(name, []):
            self._lists[name] = _Lists(lists, lists.constant, values)

    def _accepts(self, name: str, answer: object) -> bool:
        try:
            self._class.model_validate({name: answer})
        except ValidationError:
            return False
        return True


class _Numbers:
    """Recognises numbers of a field: each is put to pydantic when it comes first."""

    def __init__(self, accepts: Callable[[object], bool], rows: NumberRows) -> None:
        self._accepts, self._rows, self._known = accepts, rows, dict[int, int]()

    def of(self, answer: Any) -> int:
        """The row of a number. Raises `KeyError` where it is not recognised."""
        # A flag, or a fraction that is whole, would be found as the number that it equals.
        if answer.__class__ is not int:
            raise KeyError
        return self._known.get(answer) or self._learn(answer)

    def _learn(self, answer: int) -> int:
        row = self._rows[answer] if self._accepts(answer) else None
        if not isinstance(row, int):
            raise KeyError
        if len(self._known) < REMEMBERED_NUMBERS:
            self._known[answer] = row
        return row


class _Lists:
    """Recognises lists of a field: as they are sent, the rows of known values."""

    def __init__(self, lists: ListRows, constant: int, accepted: list[str]) -> None:
        self._lists, self._constant, self.accepted = lists, constant, accepted
        self._by_length: list[dict[str, int] | None] = [None] * (TABLED_LENGTHS + 1)

    def of(self, answer: Any) -> int:
        """What a list adds. Raises `KeyError` or `TypeError` where it is not recognised."""
        if answer.__class__ is not list or len(answer) > TABLED_LENGTHS:
            raise KeyError
        values = set(answer)
        if not values:
            return self._constant
        ticked = self._by_length[len(values)] or self._tabled(len(values))
        return sum(map(ticked.__getitem__, values), self._constant)

    def _tabled(self, length: int) -> dict[str, int]:
        rows = self._lists.ticked(length)
        table = {value: row for value in self.accepted if isinstance(row := rows[value], int)}
        self._by_length[length] = table
        return table
