"""Profiles as training uses them: coded columns, the vocabularies of the open fields, and the refused rows.

A data set is made from a file, a data frame or profile objects of any profile class. The same profiles make the
same data set, whatever their source.
"""

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import BaseModel

from models.profile.field_kinds import FieldSpec, Ordinal, declared_fields
from models.profile.vocabulary import Vocabulary
from models.scoring.columns import CodeColumn, Columns, IntArray, NumberColumn, known_rows, take
from models.storage.manifest import Reading
from training.data.cells.cell_validation import list_holder
from training.data.cells.cells import as_cells
from training.data.codes import digest, distinct_rows
from training.data.column_builder import TableBuilder
from training.data.descriptors import Descriptors, descriptors_of
from training.data.files.chunks import CHUNK
from training.data.files.profile_file import ProfileFile
from training.data.files.reading import without_collector
from training.data.headers import field_names, refuse_duplicates, unknown_columns
from training.data.mapping.mapping import FieldMapping
from training.data.reading_notes import Counts, merged, missing_sentence
from training.data.refusals import Refusals, refused_rows_file
from training.data.written_forms import WrittenForms
from training.errors import UnusableInput

# Names of unused columns that are stored with a model.
_MOST_NAMES: Final = 50


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Dataset:
    """Profiles of one class, shape (n,).

    `vocabularies`: for each open field its distinct normalised values, most common first, ties alphabetical.
    `written_forms`: for each open field how people write those values.
    `columns`: one for each field, in the order of `specs`, in the codes of those vocabularies. `row_ids`: the
    file's id column as text, or None. `line_numbers`: the line of each row in its file. `notes`: sentences on
    columns and rows that are not used. `reading`: what was read of the file, if it is from one. `descriptors`:
    answers that no model learns.
    """

    profile_class: type[BaseModel]
    vocabularies: Mapping[str, Vocabulary]
    columns: Columns
    line_numbers: IntArray
    written_forms: Mapping[str, WrittenForms] = field(default_factory=dict)
    row_ids: NDArray[np.object_] | None = None
    refusals: Refusals = field(default_factory=Refusals)
    notes: tuple[str, ...] = ()
    reading: Reading | None = None
    descriptors: Descriptors = field(default_factory=Descriptors)

    def __len__(self) -> int:
        return len(self.line_numbers)

    @property
    def specs(self) -> tuple[FieldSpec, ...]:
        """The declared fields of the class that a model learns."""
        return tuple(spec for spec in declared_fields(self.profile_class) if not spec.descriptor)

    @cached_property
    def fingerprint(self) -> str:
        """sha256 of the vocabularies and answers: independent of the file format and the order of columns, not of
        rows.
        """
        return digest(self.columns, self.vocabularies)

    def take(self, rows: IntArray) -> "Dataset":
        """The rows of these positions, in that order, in the same vocabularies."""
        return dataclasses.replace(
            self,
            columns=take(self.columns, rows),
            descriptors=self.descriptors.take(rows),
            line_numbers=self.line_numbers[rows],
            row_ids=None if self.row_ids is None else self.row_ids[rows],
        )

    def slice(self, start: int, stop: int) -> "Dataset":
        """The rows from `start` to before `stop`, not copied."""
        return dataclasses.replace(
            self,
            columns={name: column.slice(start, stop) for name, column in self.columns.items()},
            descriptors=self.descriptors.slice(start, stop),
            line_numbers=self.line_numbers[start:stop],
            row_ids=None if self.row_ids is None else self.row_ids[start:stop],
        )

    @cached_property
    def distinct_rows(self) -> int:
        """How many different profiles there are."""
        return distinct_rows(self.columns, len(self))

    def profiles(self, rows: IntArray) -> list[BaseModel]:
        """The profiles of these rows, in the normalised spelling of their values."""
        answers = {name: self._answers(name, rows) for name in self.columns}
        # Not validated again: a value within a limit of length may be longer in its normalised form.
        return [
            self.profile_class.model_construct(**dict(zip(answers, row, strict=True)))
            for row in zip(*answers.values(), strict=True)
        ]

    def _answers(self, name: str, rows: IntArray) -> Iterable[Any]:
        column = self.columns[name].take(rows)
        if isinstance(column, NumberColumn):
            return (self._number(name, value) for value in column.values.tolist())
        values = (*self.vocabularies[name].values, None)
        if isinstance(column, CodeColumn):
            return (values[code] for code in column.codes.tolist())
        holder = list_holder(self.profile_class, name)
        ends = column.offsets.tolist()
        return (
            holder(values[code] for code in column.codes[start:end]) if is_answered else None
            for start, end, is_answered in zip(ends, ends[1:], column.answered.tolist(), strict=False)
        )

    def _number(self, name: str, value: float) -> float | str | None:
        if value != value:
            return None
        spec = next(spec for spec in self.specs if spec.name == name)
        if isinstance(spec.kind, Ordinal):
            return spec.levels[int(value)]
        return int(value) if value.is_integer() else value


def from_frame(
    frame: pd.DataFrame, profile_class: type[BaseModel], line_numbers: IntArray | None = None
) -> Dataset:
    """The dataset of a frame whose columns are profile fields (lists as Python lists).

    Rows that do not fit are left out and counted in `refusals`; `line_numbers` (default: from 1) name them.
    Raises `UnusableInput` when no column is a field, or two have one name.
    """
    names = [str(name) for name in frame.columns]
    refuse_duplicates(names)
    notes = unknown_columns(names, profile_class)
    lines = np.arange(1, len(frame) + 1) if line_numbers is None else line_numbers
    builder = TableBuilder(profile_class)
    for rows in _slices(len(frame)):
        cells = {name: as_cells(frame.iloc[rows, at]) for at, name in enumerate(names)}
        builder.add(cells, lines[rows])
    return _dataset(builder, notes)


def from_profiles(profiles: Sequence[BaseModel], profile_class: type[BaseModel] | None = None) -> Dataset:
    """The dataset of profile objects; `profile_class` is the class of the first unless given."""
    if profile_class is None and not profiles:
        raise UnusableInput("There is no profile to train on.")
    profile_class = profile_class or type(profiles[0])
    lines = np.arange(1, len(profiles) + 1)
    builder = TableBuilder(profile_class)
    for rows in _slices(len(profiles)):
        some = profiles[rows]
        names = field_names(profile_class)
        builder.add({name: [getattr(profile, name, None) for profile in some] for name in names}, lines[rows])
    return _dataset(builder)


def read_dataset(
    path: Path,
    profile_class: type[BaseModel],
    mapping: FieldMapping | None = None,
    max_refused: float = 0.05,
    side_file: Path | None = None,
) -> Dataset:
    """The dataset of a CSV, JSON Lines, Parquet or Arrow file (see `training.data.files.reading`).

    Refused rows are listed in `side_file`, if there is one, by line, field and reason. Raises `UnusableInput`
    when the file cannot be used, holds no rows, or more than the share `max_refused` of them is refused.
    """
    described, columns = (profile_class, mapping) if mapping is None else mapping.described(profile_class)
    file = ProfileFile(path, described, columns)
    notes = file.notes
    builder = TableBuilder(described, file.written)
    with without_collector():
        for chunk in file.chunks():
            builder.refuse(chunk.broken)
            builder.add(chunk.cells, chunk.lines)
    # The class itself: one with a file's descriptors could not be pickled with the pipeline.
    dataset = dataclasses.replace(_dataset(builder, notes), profile_class=profile_class)
    titles = _titles_of_columns(described, profile_class)
    refusals = dataclasses.replace(
        dataset.refusals,
        misfits=tuple(one._replace(field=titles.get(one.field, one.field)) for one in dataset.refusals.misfits),
    )
    dataset = dataclasses.replace(dataset, refusals=refusals)
    if not len(dataset) + dataset.refusals.rows:
        raise UnusableInput(f"{path} holds no rows.")
    counts = merged([builder.missing_words, file.words_in_ratings])
    words = merged({titles.get(name, name): counter} for name, counter in counts.items())
    sentences = filter(None, [missing_sentence(words), _empty_sentence(dataset)])
    dataset = dataclasses.replace(dataset, notes=(*dataset.notes, *sentences))
    dataset = _with_side_file(dataset, max_refused, side_file)
    return dataclasses.replace(dataset, reading=_reading(file, words, dataset.notes))


def _titles_of_columns(described: type[BaseModel], profile_class: type[BaseModel]) -> dict[str, str]:
    """The columns of the descriptors that a mapping names, by the names of their fields, which nobody chose."""
    own = set(field_names(profile_class))
    return {spec.name: spec.title for spec in declared_fields(described) if spec.name not in own}


def _empty_sentence(dataset: Dataset) -> str | None:
    """How many profiles hold no answer that a model could learn from."""
    answered = np.zeros(len(dataset), np.bool_)
    for column in dataset.columns.values():
        answered |= known_rows(column)
    empty = int((~answered).sum())
    rows = "row holds" if empty == 1 else "rows hold"
    return f"{empty:,} {rows} no answer in any field: a model learns nothing from them." if empty else None


def _reading(file: ProfileFile, words: Counts, notes: tuple[str, ...]) -> Reading:
    return Reading(
        columns=file.used + len(file.unused),
        used_columns=file.used,
        unused=file.unused[:_MOST_NAMES],
        missing_words={field: counter.total() for field, counter in words.items()},
        notes=notes,
    )


def _slices(length: int) -> Iterator[slice]:
    return (slice(start, start + CHUNK) for start in range(0, length, CHUNK))


def _dataset(builder: TableBuilder, notes: tuple[str, ...] = ()) -> Dataset:
    settled = builder.settled()
    described = descriptors_of(builder.profile_class, settled)
    fields = {name: one for name, one in settled.items() if name not in described.columns}
    return Dataset(
        profile_class=builder.profile_class,
        vocabularies={name: one.vocabulary for name, one in fields.items() if one.vocabulary is not None},
        columns={name: one.column for name, one in fields.items()},
        written_forms={name: one.written_forms for name, one in fields.items() if one.written_forms is not None},
        line_numbers=builder.line_numbers,
        row_ids=builder.row_ids,
        refusals=Refusals(builder.refused_rows, tuple(sorted(builder.refused))),
        notes=notes,
        descriptors=described,
    )


def _with_side_file(dataset: Dataset, max_refused: float, path: Path | None) -> Dataset:
    with refused_rows_file(path) as listing:
        listing.add(dataset.refusals.rows, dataset.refusals.misfits)
        listing.close()
        sentence = listing.summary(len(dataset), max_refused)
    return dataset if sentence is None else dataclasses.replace(dataset, notes=(*dataset.notes, sentence))
