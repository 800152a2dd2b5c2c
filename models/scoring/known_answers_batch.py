"""Many profiles that are recognised at sight (`models.scoring.known_answers`), as columns."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate, chain, repeat
from operator import is_not
from typing import Any, NamedTuple

import numpy as np

from models.scoring.answer_rows import TABLED_LENGTHS
from models.scoring.columns import BoolArray, CodeColumn, CodeListColumn, Column, IntArray, NumberColumn
from models.scoring.encoder import Encoder, FieldEncoding, unanswered
from models.scoring.known_answers import KnownAnswers

UNANSWERED, UNKNOWN = -1, -2


class CodedProfiles(NamedTuple):
    """Profiles as columns. Only rows of `recognised` (n,) are what was sent; what the others hold means nothing.

    `answered` (n,): for each row the bits of its answered fields, as `KnownAnswers` counts them.
    """

    columns: dict[str, Column]
    recognised: BoolArray
    answered: IntArray


class KnownAnswersBatch:
    """Recognises profiles by columns: what is recognised alone is recognised here."""

    def __init__(self, recognition: KnownAnswers, encoder: Encoder) -> None:
        self._recognition = recognition
        self._fields = [encoding for encoding in encoder.fields if encoding.name in recognition.fields]
        self._others = [encoding for encoding in encoder.fields if encoding.name not in recognition.fields]
        self._codes = {each.name: _codes(each, recognition.accepted(each.name)) for each in self._fields}

    def code(self, profiles: Sequence[object]) -> CodedProfiles | None:
        """Profiles, as parsed from JSON, as columns; None where some hold what no profile may."""
        names = self._recognition.fields.keys()
        if not set(map(type, profiles)) <= {dict}:
            return None
        sent: Sequence[Mapping[str, Any]] = profiles  # type: ignore[assignment]
        if not set().union(*sent) <= names:
            return None
        columns: dict[str, Column] = {}
        strange = np.zeros(len(sent), np.bool_)
        answered = np.zeros(len(sent), np.int64)
        try:
            for encoding in self._fields:
                answers = [each.get(encoding.name) for each in sent]
                column, known, odd = self._coded(encoding, answers)
                columns[encoding.name] = column
                strange |= odd
                answered += known * np.int64(self._recognition.fields[encoding.name])
        except TypeError:
            # An answer that cannot be looked up: a list in a list, an object where a text should be.
            return None
        for encoding in self._others:
            columns[encoding.name] = unanswered(encoding.spec, len(sent))
        return CodedProfiles(columns, ~strange, answered)

    def _coded(self, encoding: FieldEncoding, answers: list[Any]) -> tuple[Column, BoolArray, BoolArray]:
        """A field's column, which rows are answered, and which are not recognised."""
        codes = self._codes[encoding.name]
        if encoding.is_list:
            return _coded_lists(codes, answers)
        if encoding.is_number and not encoding.spec.levels:
            return self._coded_numbers(encoding.name, answers)
        found = _look_up(codes, answers)
        known = found >= 0
        if encoding.is_number:
            return NumberColumn(np.where(known, found, np.nan)), known, found == UNKNOWN
        return CodeColumn(np.where(known, found, UNANSWERED)), known, found == UNKNOWN

    def _coded_numbers(self, name: str, answers: list[Any]) -> tuple[Column, BoolArray, BoolArray]:
        answers, odd = _of_kind(int, answers)
        refused = {each for each in set(answers) if each is not None and not self._recognition.knows(name, each)}
        if refused:
            odd |= np.array([answer in refused for answer in answers])
            answers = [None if answer in refused else answer for answer in answers]
        values = np.array(answers, np.float64)
        return NumberColumn(values), ~np.isnan(values), odd


def _coded_lists(codes: Mapping[Any, int], answers: list[Any]) -> tuple[Column, BoolArray, BoolArray]:
    answers, odd = _of_kind(list, answers)
    lists = [answer or () for answer in answers]
    ends = np.fromiter(accumulate(map(len, lists), initial=0), np.int64, len(lists) + 1)
    lengths = np.diff(ends)
    odd |= lengths > TABLED_LENGTHS
    found = _look_up(codes, [*chain.from_iterable(lists)])
    if found.min(initial=0) < 0:
        odd[np.repeat(np.arange(len(lists)), lengths)[found < 0]] = True
        found = np.maximum(found, 0)
    answered = np.fromiter(map(is_not, answers, repeat(None)), np.bool_, len(answers))
    return CodeListColumn(found, ends, answered), answered, odd


def _of_kind(kind: type, answers: list[Any]) -> tuple[list[Any], BoolArray]:
    """The answers without those that are of another kind, and which those are."""
    odd = np.zeros(len(answers), np.bool_)
    if set(map(type, answers)) <= {kind, type(None)}:
        return answers, odd
    odd = np.array([type(answer) not in (kind, type(None)) for answer in answers])
    return [None if strange else answer for answer, strange in zip(answers, odd, strict=True)], odd


def _look_up(codes: Mapping[Any, int], answers: list[Any]) -> IntArray:
    """The code of each answer, `UNKNOWN` for one that has none."""
    try:
        return np.fromiter(map(codes.__getitem__, answers), np.int64, len(answers))
    except KeyError:
        return np.array([codes.get(answer, UNKNOWN) for answer in answers], np.int64)


def _codes(encoding: FieldEncoding, accepted: Iterable[str]) -> dict[Any, int]:
    """Codes by accepted value; in a list there is nothing that is no answer."""
    codes: dict[Any, int] = {value: code for code, value in enumerate(encoding.values)}
    known: dict[Any, int] = {value: codes[value] for value in accepted}
    return known if encoding.is_list else known | {None: UNANSWERED}
