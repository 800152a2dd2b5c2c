"""Lookup-based validation of profiles whose answers are all known: spelled as the model spells them.

A known answer needs no further validation: pydantic validated each text when the tables were made, and each number
when it first occurred. An unknown answer is not refused here; pydantic decides about it.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final, NamedTuple

from pydantic import BaseModel, ValidationError

from models.profile.value_forms import whole_number
from models.scoring.answer_rows import CACHED_NUMBERS, ListRows, NumberRows
from models.scoring.single import Score, SingleScorer

# Sets of answered fields whose missing fields are cached.
CACHED_FIELD_SETS: Final = 4_096


# Longest list that is looked up.
LONGEST_LIST: Final = 16


class KnownProfile(NamedTuple):
    """A profile whose answers are all known: the sum of its rows, and the bits of the fields that it answers."""

    total: int
    answered: int


class KnownAnswers:
    """The known answers of a profile class, as they are parsed from JSON."""

    def __init__(self, single: SingleScorer, profile_class: type[BaseModel]) -> None:
        self._single, self._class = single, profile_class
        self._names = tuple(name for name, *_ in single.lookups)
        declared = profile_class.model_fields
        self._bits = {name: 1 << index for index, name in enumerate(self._names) if name in declared}
        self._texts: dict[str, dict[str, int]] = {}
        self._numbers: dict[str, _Numbers] = {}
        self._lists: dict[str, _Lists] = {}
        self._missing_fields: dict[int, tuple[str, ...]] = {}
        for name, _, table, lists in single.lookups:
            if name not in self._bits:
                continue
            if lists is not None:
                self._add_lists(name, lists)
            elif isinstance(table, NumberRows) and not table.levels:
                self._numbers[name] = _Numbers(partial(self._accepts, name), table)
            elif table is not None:
                self._add_texts(name, table)
        self._row_finders = self._find_rows_by_field()

    def of(self, answers: Mapping[str, Any]) -> KnownProfile | None:
        """The sum of a profile's rows, from its parsed JSON object; None where some answer is not known."""
        total, answered, row_finders = self._single.packed_prior, 0, self._row_finders
        try:
            for name, answer in answers.items():
                bit, row_of = row_finders[name]
                if answer is not None:
                    total += row_of(answer)
                    answered |= bit
        except (KeyError, TypeError):
            return None
        return KnownProfile(total, answered)

    def score(self, profile: KnownProfile) -> Score:
        """Score a profile of known answers."""
        total, answered = profile
        return self._single.score_of(self._single.unpack(total), answered, self.missing_fields(answered))

    def _find_rows_by_field(self) -> dict[str, tuple[int, Callable[[Any], int]]]:
        """For each field its bit, and a function from an answer to its row (which raises if unknown)."""
        finders: dict[str, Callable[[Any], int]] = {
            **{name: rows.__getitem__ for name, rows in self._texts.items()},
            **{name: numbers.of for name, numbers in self._numbers.items()},
            **{name: lists.of for name, lists in self._lists.items()},
        }
        return {name: (bit, finders.get(name, {}.__getitem__)) for name, bit in self._bits.items()}

    @property
    def fields(self) -> dict[str, int]:
        """The bit of each field of the profile class, by name."""
        return self._bits

    def known_values(self, name: str) -> tuple[str, ...]:
        """The known values of a field; empty for a numeric one."""
        return tuple(self._lists[name].rows if name in self._lists else self._texts.get(name, ()))

    def is_known_number(self, name: str, answer: int) -> bool:
        """Whether a number of a field is known; an unseen one is validated now."""
        try:
            self._numbers[name].of(answer)
        except KeyError:
            return False
        return True

    def missing_fields(self, answered: int) -> tuple[str, ...]:
        """The names of the fields without an answer, given the bits of the answered ones."""
        missing = self._missing_fields.get(answered)
        return self._cache_missing_fields(answered) if missing is None else missing

    def is_fallback(self, answered: int) -> bool:
        """Whether no answer says anything to the model, given the bits of the answered fields."""
        return self._single.is_fallback(answered)

    def _cache_missing_fields(self, answered: int) -> tuple[str, ...]:
        missing = tuple(name for name in self._names if not answered & self._bits.get(name, 0))
        if len(self._missing_fields) < CACHED_FIELD_SETS:
            self._missing_fields[answered] = missing
        return missing

    def _add_texts(self, name: str, table: Mapping[Any, Any]) -> None:
        rows = {value: table[value] for value in self._single.values[name] if self._accepts(name, value)}
        self._texts[name] = {value: row for value, row in rows.items() if row is not None}

    def _add_lists(self, name: str, lists: ListRows) -> None:
        values = [value for value in self._single.values[name] if self._accepts(name, [value] * LONGEST_LIST)]
        if self._accepts(name, []):
            self._lists[name] = _Lists({value: lists[value] for value in values}, lists.constant)

    def _accepts(self, name: str, answer: object) -> bool:
        try:
            self._class.model_validate({name: answer})
        except ValidationError:
            return False
        return True


class _Numbers:
    """The known numbers of a field: pydantic validates each when it first occurs."""

    def __init__(self, accepts: Callable[[object], bool], rows: NumberRows) -> None:
        self._accepts, self._rows, self._known = accepts, rows, dict[int, int]()

    def of(self, answer: Any) -> int:
        """The row of a number. Raises `KeyError` where it is not valid."""
        # A dictionary finds a boolean as the integer that it equals.
        if answer.__class__ is not int:
            answer = whole_number(answer)
            if answer.__class__ is not int:
                raise KeyError
        return self._known.get(answer) or self._learn(answer)

    def _learn(self, answer: int) -> int:
        row = self._rows[answer] if self._accepts(answer) else None
        if not isinstance(row, int):
            raise KeyError
        if len(self._known) < CACHED_NUMBERS:
            self._known[answer] = row
        return row


class _Lists:
    """The known lists of a field: lists of known values. `rows`: by value."""

    def __init__(self, rows: dict[str, int], constant: int) -> None:
        self.rows, self._constant = rows, constant

    def of(self, answer: Any) -> int:
        """The sum of a list's rows. Raises `KeyError` or `TypeError` where some value is not known."""
        if answer.__class__ is not list or len(answer) > LONGEST_LIST:
            raise KeyError
        return sum(map(self.rows.__getitem__, set(answer)), self._constant)
