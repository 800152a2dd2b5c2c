"""Lookup-based validation of many profiles at once (`models.scoring.known_answers.single`), as columns."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate, chain, repeat
from operator import is_not
from typing import Any, Final, NamedTuple

import numpy as np

from models.profile.value_forms import whole_number
from models.scoring.columns import BoolArray, CodeColumn, CodeListColumn, Column, IntArray, NumberColumn
from models.scoring.encoder import Encoder, FieldEncoding, unanswered
from models.scoring.known_answers.single import LONGEST_LIST, KnownAnswers

UNANSWERED: Final = -1
UNKNOWN: Final = -2


class CodedProfiles(NamedTuple):
    """Profiles as columns.

    `is_known` (n,): rows whose answers are all known; the columns of other rows are meaningless.
    `answered` (n,): for each row the bits of its answered fields, numbered as in `KnownAnswers`.
    """

    columns: dict[str, Column]
    is_known: BoolArray
    answered: IntArray


class KnownAnswersBatch:
    """Looks up the answers of many profiles by column, with the same result as one by one."""

    def __init__(self, known_answers: KnownAnswers, encoder: Encoder) -> None:
        self._known_answers = known_answers
        self._fields = [encoding for encoding in encoder.fields if encoding.name in known_answers.fields]
        self._others = [encoding for encoding in encoder.fields if encoding.name not in known_answers.fields]
        self._codes = {
            encoding.name: _codes(encoding, known_answers.known_values(encoding.name)) for encoding in self._fields
        }

    def code(self, profiles: Sequence[object]) -> CodedProfiles | None:
        """Profiles, parsed from JSON, as columns; None where some value cannot be part of any profile."""
        names = self._known_answers.fields.keys()
        if not set(map(type, profiles)) <= {dict}:
            return None
        objects: Sequence[Mapping[str, Any]] = profiles  # type: ignore[assignment]
        if not set().union(*objects) <= names:
            return None
        columns: dict[str, Column] = {}
        unknown = np.zeros(len(objects), np.bool_)
        answered = np.zeros(len(objects), np.int64)
        try:
            for encoding in self._fields:
                answers = [profile.get(encoding.name) for profile in objects]
                column, is_answered, unknown_here = self._coded(encoding, answers)
                columns[encoding.name] = column
                unknown |= unknown_here
                answered += is_answered * np.int64(self._known_answers.fields[encoding.name])
        except TypeError:
            # An answer that cannot be a dictionary key: a list in a list, or an object in place of a text.
            return None
        for encoding in self._others:
            columns[encoding.name] = unanswered(encoding.spec, len(objects))
        return CodedProfiles(columns, ~unknown, answered)

    def _coded(self, encoding: FieldEncoding, answers: list[Any]) -> tuple[Column, BoolArray, BoolArray]:
        """The column of a field, which rows answer it, and which rows hold an unknown answer."""
        codes = self._codes[encoding.name]
        if encoding.is_list:
            return _coded_lists(codes, answers)
        if encoding.is_number and not encoding.spec.levels:
            return self._coded_numbers(encoding.name, answers)
        codes_found = _look_up(codes, answers)
        is_answered, is_unknown = codes_found >= 0, codes_found == UNKNOWN
        if encoding.is_number:
            return NumberColumn(np.where(is_answered, codes_found, np.nan)), is_answered, is_unknown
        return CodeColumn(np.where(is_answered, codes_found, UNANSWERED)), is_answered, is_unknown

    def _coded_numbers(self, name: str, answers: list[Any]) -> tuple[Column, BoolArray, BoolArray]:
        if float in set(map(type, answers)):
            answers = [*map(whole_number, answers)]
        answers, unknown = _of_kind(int, answers)
        distinct = set(answers) - {None}
        refused = {number for number in distinct if not self._known_answers.is_known_number(name, number)}
        if refused:
            unknown |= np.array([answer in refused for answer in answers])
            answers = [None if answer in refused else answer for answer in answers]
        values = np.array(answers, np.float64)
        return NumberColumn(values), ~np.isnan(values), unknown


def _coded_lists(codes: Mapping[Any, int], answers: list[Any]) -> tuple[Column, BoolArray, BoolArray]:
    answers, unknown = _of_kind(list, answers)
    lists = [answer or () for answer in answers]
    ends = np.fromiter(accumulate(map(len, lists), initial=0), np.int64, len(lists) + 1)
    lengths = np.diff(ends)
    unknown |= lengths > LONGEST_LIST
    codes_found = _look_up(codes, [*chain.from_iterable(lists)])
    if codes_found.min(initial=0) < 0:
        unknown[np.repeat(np.arange(len(lists)), lengths)[codes_found < 0]] = True
        codes_found = np.maximum(codes_found, 0)
    answered = np.fromiter(map(is_not, answers, repeat(None)), np.bool_, len(answers))
    return CodeListColumn(codes_found, ends, answered), answered, unknown


def _of_kind(kind: type, answers: list[Any]) -> tuple[list[Any], BoolArray]:
    """The answers, None in place of those of another type, and which rows those are."""
    unknown = np.zeros(len(answers), np.bool_)
    if set(map(type, answers)) <= {kind, type(None)}:
        return answers, unknown
    unknown = np.array([type(answer) not in (kind, type(None)) for answer in answers])
    return [None if other else answer for answer, other in zip(answers, unknown, strict=True)], unknown


def _look_up(codes: Mapping[Any, int], answers: list[Any]) -> IntArray:
    """The code of each answer, `UNKNOWN` where it has none."""
    try:
        return np.fromiter(map(codes.__getitem__, answers), np.int64, len(answers))
    except KeyError:
        return np.array([codes.get(answer, UNKNOWN) for answer in answers], np.int64)


def _codes(encoding: FieldEncoding, known_values: Iterable[str]) -> dict[Any, int]:
    """Codes by known value; None is a code too, except within a list."""
    codes: dict[Any, int] = {value: code for code, value in enumerate(encoding.values)}
    code_of: dict[Any, int] = {value: codes[value] for value in known_values}
    return code_of if encoding.is_list else code_of | {None: UNANSWERED}
