"""Raw cells → coded columns, chunk by chunk.

Each chunk is coded with values numbered by first occurrence; at the end the open fields get their vocabularies and
final codes. A million rows thus need memory for their codes, and not for their cells.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pydantic import BaseModel

from models.profile.field_kinds import Categorical, FieldSpec, MultiLabel, declared_fields
from models.profile.vocabulary import Vocabulary, normalise
from models.scoring.columns import BoolArray, CodeColumn, CodeListColumn, Column, IntArray, NumberColumn
from training.data.cells.cell_validation import FieldCheck
from training.data.cells.cells import Cells, plain
from training.data.cells.outcomes import NOTHING, Misfit, Outcomes
from training.data.codes import by_frequency, concatenate, recode, recode_table
from training.data.formats.cell_format import CellFormat
from training.data.headers import id_column
from training.data.refusals import Refusal
from training.data.written_forms import WrittenForms, written_forms

Misfits = dict[int, str]


class SingleColumnBuilder:
    """Builds the column of a field with one answer; codes are those of `vocabulary` if there is one."""

    def __init__(self, check: FieldCheck, vocabulary: Vocabulary | None = None) -> None:
        self._spec = check.spec
        self._outcomes = Outcomes(check.single, vocabulary, check.written)

    def code(self, cells: Cells) -> tuple[Column, Misfits]:
        """The cells as a column in provisional codes, and the rows that do not fit with the reason."""
        outcomes = self._outcomes.of(cells)
        rows = self._outcomes.refused(outcomes)
        misfits = dict(zip(rows.tolist(), self._outcomes.reasons(outcomes[rows]), strict=True))
        codes = np.maximum(outcomes, -1)
        if isinstance(self._spec.kind, Categorical):
            return CodeColumn(codes), misfits
        return NumberColumn(np.array([*self._outcomes.values, np.nan], np.float64)[codes]), misfits

    def forget(self, most: int) -> None:
        """See `Outcomes.forget`."""
        self._outcomes.forget(most)

    @property
    def counts(self) -> Mapping[str, Counter[str]]:
        """See `Outcomes`."""
        return self._outcomes.counts

    @property
    def answers(self) -> list[str | float]:
        """The answers of the provisional codes, texts as they are written; void after `forget`."""
        return list(self._outcomes.values)

    def settle(self, column: Column) -> "Settled":
        """The whole column in its final codes, with vocabulary and written forms of an open field."""
        return Settled.of(column, self._outcomes.values)


class ListColumnBuilder:
    """Builds the column of a field with a list of answers; codes are those of `vocabulary` if there is one."""

    def __init__(self, check: FieldCheck, vocabulary: Vocabulary | None = None) -> None:
        self._check = check
        self._outcomes = Outcomes(check.item, vocabulary, check.written)
        self._lengths: dict[int, str] = {}

    def code(self, cells: Cells) -> tuple[Column, Misfits]:
        """As `SingleColumnBuilder.code`; the codes of a list are neither sorted nor distinct yet."""
        items, lengths, given, misfits = self._flat(cells)
        outcomes = self._outcomes.of(items)
        misfits |= self._refused(outcomes, lengths) | self._too_long(lengths)
        offsets = np.concatenate([[0], np.cumsum(lengths)])
        is_known = outcomes >= 0
        if is_known.all():
            return CodeListColumn(outcomes, offsets, given), misfits
        known_before = np.concatenate([[0], np.cumsum(is_known)])[offsets]
        # A list of blank texts alone is empty; one of words for missing answers, or of unknown values, is no
        # answer.
        wordless = np.concatenate([[0], np.cumsum(outcomes <= NOTHING)])[offsets]
        answered = given & ((np.diff(known_before) > 0) | (np.diff(wordless) == 0))
        return CodeListColumn(outcomes[is_known], known_before, answered), misfits

    def forget(self, most: int) -> None:
        """See `Outcomes.forget`."""
        self._outcomes.forget(most)

    @property
    def counts(self) -> Mapping[str, Counter[str]]:
        """See `Outcomes`."""
        return self._outcomes.counts

    @property
    def answers(self) -> list[str | float]:
        """The answers of the provisional codes, texts as they are written; void after `forget`."""
        return list(self._outcomes.values)

    def settle(self, column: Column) -> "Settled":
        """The whole column in its final codes, with vocabulary and written forms of an open field."""
        return Settled.of(column, self._outcomes.values)

    def _flat(self, cells: Cells) -> tuple[Cells, IntArray, BoolArray, Misfits]:
        """All items in one sequence, the number of items of each row, whether it is answered, and the misfits."""
        if isinstance(cells, pa.Array):
            is_list = pa.types.is_list(cells.type) or pa.types.is_large_list(cells.type)
            if is_list and not pa.types.is_struct(cells.type.value_type):
                lengths = pc.list_value_length(cells).fill_null(0).to_numpy().astype(np.int64)
                return cells.flatten(), lengths, cells.is_valid().to_numpy(False), {}
            cells = cells.to_pylist()
        return self._flat_python(cells)

    def _flat_python(self, cells: Iterable[Any]) -> tuple[Cells, IntArray, BoolArray, Misfits]:
        # A list of lists would keep the garbage collector busy: twice as slow.
        items: list[Any] = []
        lengths: list[int] = []
        misfits: Misfits = {}
        for row, cell in enumerate(cells):
            items_of_cell = None
            try:
                items_of_cell = self._check.items(cell)
            except Misfit as misfit:
                misfits[row] = str(misfit)
            items.extend(items_of_cell or ())
            lengths.append(-1 if items_of_cell is None else len(items_of_cell))
        signed = np.array(lengths, np.int64)
        return items, np.maximum(signed, 0), signed >= 0, misfits

    def _refused(self, outcomes: IntArray, lengths: IntArray) -> Misfits:
        refused = self._outcomes.refused(outcomes)
        if not len(refused):
            return {}
        rows = np.repeat(np.arange(len(lengths)), lengths)[refused]
        return dict(zip(rows.tolist(), self._outcomes.reasons(outcomes[refused]), strict=True))

    def _too_long(self, lengths: IntArray) -> Misfits:
        lengths_found = np.flatnonzero(np.bincount(lengths)).tolist()
        wrong = [length for length in lengths_found if self._length_misfit(length)]
        rows = np.flatnonzero(np.isin(lengths, wrong)).tolist() if wrong else []
        return {row: self._length_misfit(int(lengths[row])) for row in rows}

    def _length_misfit(self, length: int) -> str:
        """Why a list must not be that long; "" where it may."""
        if length not in self._lengths:
            try:
                self._lengths[length] = ""
                self._check.length(length)
            except Misfit as misfit:
                self._lengths[length] = str(misfit)
        return self._lengths[length]


@dataclass(frozen=True, slots=True)
class Settled:
    """A whole column in its final codes, with vocabulary and written forms of an open field."""

    column: Column
    vocabulary: Vocabulary | None = None
    written_forms: WrittenForms | None = None

    @classmethod
    def of(cls, column: Column, answers: Iterable[str | float]) -> "Settled":
        """A column in the codes of these answers; values are numbered by frequency then."""
        if isinstance(column, NumberColumn):
            return cls(column)
        texts = list(map(str, answers))
        counts = np.bincount(column.codes[column.codes >= 0], minlength=len(texts))
        values = list(dict.fromkeys(map(normalise, texts)))
        code_of = {value: code for code, value in enumerate(values)}
        if len(values) < len(texts):
            column = recode(column, recode_table([code_of[normalise(text)] for text in texts]))
        if isinstance(column, CodeListColumn):
            column = column.distinct()
        vocabulary = by_frequency(values, column)
        recoded = recode(column, recode_table([vocabulary.by_value.get(value, -1) for value in values]))
        return cls(recoded, vocabulary, written_forms(texts, counts))


class TableBuilder:
    """Builds the columns of all fields, chunk by chunk. A row with one misfit is refused whole.

    `written`: the format of a field's cells, for those of a file.
    """

    def __init__(self, profile_class: type[BaseModel], written: Callable[[str], CellFormat] | None = None) -> None:
        self.profile_class = profile_class
        self.refused: list[Refusal] = []
        self.refused_rows = 0
        self._fields = {
            spec.name: column_builder_for(field_check(profile_class, spec, written))
            for spec in declared_fields(profile_class)
        }
        self._parts: dict[str, list[Column]] = {name: [] for name in self._fields}
        self._lines: list[IntArray] = []
        self._ids: list[NDArray[np.object_]] = []
        self.add({}, np.zeros(0, np.int64))

    def add(self, cells: Mapping[str, Cells], lines: IntArray) -> None:
        """Add rows, by column; a missing column is not answered. `lines` (n,): their line numbers."""
        nothing = [None] * len(lines)
        coded = {name: field.code(cells.get(name, nothing)) for name, field in self._fields.items()}
        fits = self._refuse({name: misfits for name, (_, misfits) in coded.items()}, lines)
        for name, (column, _) in coded.items():
            self._parts[name].append(column if len(fits) == len(lines) else column.take(fits))
        self._lines.append(lines[fits])
        ids = id_column(cells, self.profile_class)
        if ids is not None:
            self._ids.append(as_ids(cells[ids]).take(fits).to_numpy(zero_copy_only=False))

    def refuse(self, refusals: Sequence[Refusal]) -> None:
        """Add refused rows that have no cells, one refusal each."""
        self.refused.extend(refusals)
        self.refused_rows += len(refusals)

    def settled(self) -> dict[str, Settled]:
        """The columns of all fields. Nothing can be added afterwards."""
        return {name: field.settle(concatenate(self._parts.pop(name))) for name, field in self._fields.items()}

    @property
    def line_numbers(self) -> IntArray:
        """The lines of the rows that fit, shape (n,)."""
        return np.concatenate(self._lines)

    @property
    def row_ids(self) -> NDArray[np.object_] | None:
        """The ids of the rows that fit, as text; None without an id column."""
        return np.concatenate(self._ids) if self._ids else None

    @property
    def missing_words(self) -> dict[str, Counter[str]]:
        """By field, the words for missing answers in all cells so far."""
        return {name: field.counts["missing"] for name, field in self._fields.items()}

    def _refuse(self, misfits: Mapping[str, Misfits], lines: IntArray) -> IntArray:
        """Record the misfits. Returns the rows that fit."""
        refused, fits = refused_rows(misfits, lines)
        self.refused.extend(refused)
        self.refused_rows += len(lines) - len(fits)
        return fits


def field_check(
    profile_class: type[BaseModel], spec: FieldSpec, written: Callable[[str], CellFormat] | None
) -> FieldCheck:
    """The check of a field's cells; `written`: the format of a field's cells in a file, where text is parsed."""
    if written is None:
        return FieldCheck(profile_class, spec)
    return FieldCheck(profile_class, spec, text=True, written=written(spec.name))


def column_builder_for(
    check: FieldCheck, vocabulary: Vocabulary | None = None
) -> SingleColumnBuilder | ListColumnBuilder:
    """The column builder of one field."""
    kind = ListColumnBuilder if isinstance(check.spec.kind, MultiLabel) else SingleColumnBuilder
    return kind(check, vocabulary)


def refused_rows(misfits: Mapping[str, Misfits], lines: IntArray) -> tuple[list[Refusal], IntArray]:
    """The misfits of all fields in the order of the rows, and the rows without any."""
    rows = sorted({row for field in misfits.values() for row in field})
    refused = [
        Refusal(int(lines[row]), name, misfits[name][row])
        for row in rows
        for name in misfits
        if row in misfits[name]
    ]
    return refused, np.delete(np.arange(len(lines)), rows)


def as_ids(cells: Cells) -> pa.Array:
    """Ids as text; "" for none."""
    if isinstance(cells, pa.Array) and (pa.types.is_string(cells.type) or pa.types.is_integer(cells.type)):
        return cells.cast(pa.string()).fill_null("")
    raw = plain(cells)
    return pa.array([_as_id(cell) for cell in raw], pa.string())


def as_texts(cells: Cells) -> pa.Array:
    """Cells as text, null for none; lists and objects as JSON."""
    raw = plain(cells)
    return pa.array([None if cell is None else _as_text(cell) for cell in raw], pa.string())


def _as_text(cell: Any) -> str:
    return json.dumps(cell, ensure_ascii=False, default=str) if isinstance(cell, list | dict) else _as_id(cell)


def _as_id(cell: Any) -> str:
    if cell is None:
        return ""
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)
