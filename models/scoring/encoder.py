"""The fitted encoder: profiles → vectors, one field after another.

Each field of a profile becomes one or more columns. A column holds (x − centre) · weight, where x is

- the number itself, or log(1 + number), for a numeric field; the level's number from 0 for an ordinal one;
- 1 for the value that was chosen and 0 for the others, for a single-choice field;
- 1/√(values ticked) for each value ticked and 0 for the others, for a multi-choice field: people tick different
  numbers of boxes, and without this scaling that number becomes the first principal component.

A field without an answer is 0 in all its columns, which is the centre. Values that the encoder does not know are
ignored, also in the length of a list; a list of unknown values counts as not answered. Rare values share one
column (`column_of` maps their codes to it).
"""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from pydantic import BaseModel

from models.profile.field_kinds import Categorical, FieldSpec, MultiLabel, Numeric, Ordinal
from models.profile.vocabulary import Vocabulary
from models.scoring.columns import (
    CodeColumn,
    CodeListColumn,
    Column,
    Columns,
    FloatArray,
    IntArray,
    NumberColumn,
    row_count,
)


@dataclass(frozen=True, kw_only=True)
class FieldEncoding:
    """The fitted encoding of one field.

    `values`: the known values, by code (the levels of an ordinal field; empty for a numeric one).
    `column_of` (values,): the column, within this field, of each value. Empty for numeric and ordinal.
    `centre`, `weight` (columns,): see the module. A column without spread has weight 0.
    """

    spec: FieldSpec
    values: tuple[str, ...]
    column_of: IntArray
    centre: FloatArray
    weight: FloatArray
    vocabulary: Vocabulary = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "vocabulary", Vocabulary(self.values))

    @property
    def name(self) -> str:
        """The field's name."""
        return self.spec.name

    @property
    def width(self) -> int:
        """The number of columns."""
        return len(self.centre)

    @property
    def is_number(self) -> bool:
        """Whether the field is one column that holds a number (numeric or ordinal)."""
        return isinstance(self.spec.kind, Numeric | Ordinal)

    @property
    def is_list(self) -> bool:
        """Whether an answer holds any number of values."""
        return isinstance(self.spec.kind, MultiLabel)

    def number(self, answer: float | str) -> float:
        """The number x of one numeric or ordinal answer."""
        if isinstance(answer, str):
            return float(self.spec.levels.index(answer))
        if isinstance(self.spec.kind, Numeric) and self.spec.kind.log:
            return math.log1p(answer)
        return float(answer)

    def column_labels(self) -> list[str]:
        """One label a column: the value; "rare values" for the shared one; "" for numbers."""
        if self.is_number:
            return [""]
        owners: list[list[str]] = [[] for _ in range(self.width)]
        for value, column in zip(self.values, self.column_of, strict=True):
            owners[column].append(value)
        return [names[0] if len(names) == 1 else "rare values" for names in owners]


@dataclass(frozen=True)
class Encoder:
    """The fitted encodings of all fields, in the order of their columns."""

    fields: tuple[FieldEncoding, ...]

    @cached_property
    def width(self) -> int:
        """The length of a vector."""
        return sum(encoding.width for encoding in self.fields)

    @cached_property
    def spans(self) -> dict[str, slice]:
        """The columns of each field."""
        ends = np.cumsum([encoding.width for encoding in self.fields]).tolist()
        starts = [0, *ends[:-1]]
        return {
            encoding.name: slice(start, end)
            for encoding, start, end in zip(self.fields, starts, ends, strict=True)
        }

    @cached_property
    def column_names(self) -> tuple[str, ...]:
        """ "field" for a number, "field=value" for a value; as many as `width`."""
        return tuple(
            f"{encoding.name}={text}" if text else encoding.name
            for encoding in self.fields
            for text in encoding.column_labels()
        )

    def code(self, profiles: Sequence[BaseModel]) -> dict[str, Column]:
        """Profiles as columns; a field that the profiles' class lacks is not answered."""
        return {
            encoding.name: code_column(
                encoding.spec,
                encoding.vocabulary,
                [getattr(profile, encoding.name, None) for profile in profiles],
            )
            for encoding in self.fields
        }

    def encode(self, columns: Columns) -> FloatArray:
        """Vectors of shape (n, width); each row depends on its own profile only."""
        vectors = np.zeros((row_count(columns), self.width))
        for encoding in self.fields:
            fill(encoding, columns[encoding.name], vectors[:, self.spans[encoding.name]])
        return vectors


def code_column(spec: FieldSpec, vocabulary: Vocabulary, answers: Sequence[object]) -> Column:
    """The answers to one field as a column, coded by a vocabulary.

    `answers`: values of a validated profile; None where there is none.
    """
    match spec.kind:
        case Numeric():
            return NumberColumn(np.array([np.nan if a is None else a for a in answers], np.float64))
        case Ordinal():
            levels = {level: float(number) for number, level in enumerate(spec.levels)}
            return NumberColumn(np.array([levels.get(a, np.nan) for a in answers], np.float64))  # type: ignore[call-overload]
        case Categorical():
            codes = [-1 if a is None else vocabulary.code(str(a)) for a in answers]
            return CodeColumn(np.array(codes, np.int64))
        case MultiLabel():
            return _code_lists(vocabulary, answers)


def unanswered(spec: FieldSpec, rows: int) -> Column:
    """The column of a field that none of `rows` profiles answers."""
    match spec.kind:
        case MultiLabel():
            return CodeListColumn(np.zeros(0, np.int64), np.zeros(rows + 1, np.int64), np.zeros(rows, np.bool_))
        case Categorical():
            return CodeColumn(np.full(rows, -1))
        case _:
            return NumberColumn(np.full(rows, np.nan))


def _code_lists(vocabulary: Vocabulary, answers: Sequence[object]) -> CodeListColumn:
    lists = [vocabulary.codes(a) if isinstance(a, Collection) else [] for a in answers]
    answered = [
        a is not None and (bool(codes) or not has_values(a)) for a, codes in zip(answers, lists, strict=True)
    ]
    return CodeListColumn(
        np.array([code for codes in lists for code in codes], np.int64),
        np.cumsum([0, *map(len, lists)], dtype=np.int64),
        np.array(answered, np.bool_),
    )


def has_values(answer: object) -> bool:
    """Whether a multi-choice answer has values; blank entries do not count."""
    return isinstance(answer, Collection) and any(str(value).strip() for value in answer)


def raw_numbers(spec: FieldSpec, column: NumberColumn) -> FloatArray:
    """The numbers x of a numeric or ordinal column, shape (n,), with NaN for missing answers."""
    if isinstance(spec.kind, Numeric) and spec.kind.log:
        return np.log1p(column.values)
    return column.values


def tick_size(column: CodeListColumn) -> FloatArray:
    """The x of each code in a multi-choice column, 1/√(values ticked), shape (len(codes),)."""
    lengths = column.lengths
    return np.repeat(1.0 / np.sqrt(np.maximum(lengths, 1)), lengths)


def fill(encoding: FieldEncoding, column: Column, out: FloatArray) -> None:
    """Write one field's columns, (x − centre) · weight, into `out` (n, width), which holds zeros."""
    if isinstance(column, NumberColumn):
        x = raw_numbers(encoding.spec, column)
        out[:, 0] = np.where(np.isnan(x), 0.0, (x - encoding.centre[0]) * encoding.weight[0])
        return
    if isinstance(column, CodeColumn):
        rows = np.flatnonzero(column.codes >= 0)
        columns = encoding.column_of[column.codes[rows]]
        out[rows] = -encoding.centre * encoding.weight
        out[rows, columns] += encoding.weight[columns]
    else:
        columns = encoding.column_of[column.codes]
        out[column.answered] = -encoding.centre * encoding.weight
        # `np.add.at` adds repeatedly where values share a column.
        np.add.at(out, (column.rows, columns), tick_size(column) * encoding.weight[columns])
