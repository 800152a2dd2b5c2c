"""A file of profiles: its columns matched with the fields, by name or by a mapping, and the format of each."""

import dataclasses
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cached_property
from glob import escape
from pathlib import Path
from typing import Any, Final, NamedTuple

import pandas as pd
import pyarrow as pa
from pydantic import BaseModel

from models.profile.field_kinds import FieldSpec, MultiLabel, Numeric, declared_fields
from training.data.cells.cells import Cells, as_cells, as_series
from training.data.files.chunks import Chunk, Source
from training.data.files.reading import open_source
from training.data.formats.cell_format import CellFormat
from training.data.formats.list_format import DEFAULT, find_separator
from training.data.formats.number_format import PLAIN, NumberFormat, find_number_format
from training.data.headers import (
    ID_COLUMNS,
    TRUTH_COLUMN,
    Columns,
    field_names,
    find_columns,
    nearest,
    quoted,
    refuse_unknown,
    unused_columns,
)
from training.data.mapping.field_rule import CellReader
from training.data.mapping.field_rules import Rename
from training.data.mapping.mapping import FieldMapping, apply, check
from training.errors import UnusableInput

NO_MAPPING: Final = FieldMapping()
_MOST_NAMES: Final = 5


class _Formats(NamedTuple):
    """The format of the cells of each field, the readers of its rule, and sentences on what was assumed."""

    written: Mapping[str, CellFormat]
    readers: Mapping[str, CellReader]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class ProfileFile:
    """The rows of a file whose columns are fields of a profile class, and an id.

    `keep`: further columns that are passed on with the rows.
    """

    path: Path
    profile_class: type[BaseModel]
    mapping: FieldMapping | None = None
    keep: Sequence[str] = field(default=())

    @cached_property
    def source(self) -> Source:
        """The file by its format. Raises `UnusableInput` when there is no such file or format."""
        options = self._mapping.options
        return open_source(self.path, options.delimiter, options.encoding)

    @cached_property
    def notes(self) -> tuple[str, ...]:
        """Sentences on how the file is read, and on columns that are not used.

        Raises `UnusableInput` when no column is a field, or the mapping does not fit the file.
        """
        names = self.source.names
        check(self._mapping, names, self.profile_class)
        self._check_beside(names)
        if not self._mapping.rules and not self._columns.of_field:
            refuse_unknown(list(dict.fromkeys(names)), self.profile_class, self._columns.notes)
        return (*self.source.notes, *self._columns.notes, *self._formats.notes, *self._unused_notes())

    @cached_property
    def unused(self) -> tuple[str, ...]:
        """The columns that nothing reads, without those that the mapping leaves out on purpose."""
        ignored = (*self._mapping.options.ignore, *map(escape, self._mapping.descriptors.names), TRUTH_COLUMN)
        return tuple(
            name
            for name in dict.fromkeys(self.source.names)
            # Also by its very name: survey tools write "G01[SQ001]", which as a pattern is something else.
            if name
            and name not in (*self._wanted, *ignored)
            and not any(fnmatchcase(name, one) for one in ignored)
        )

    @property
    def id_column(self) -> str | None:
        """The column that is the id of the rows, if there is one."""
        return self._mapping.user_id or self._columns.id

    @property
    def used(self) -> int:
        """The number of columns that fields, descriptors and the id are read from."""
        return len(self._wanted)

    def written(self, name: str) -> CellFormat:
        """The format of the cells of a field."""
        return self._formats.written[name]

    @property
    def words_in_ratings(self) -> Mapping[str, Counter[str]]:
        """By field, the words for missing answers in the columns that are rated or ticked, so far."""
        return {name: reader.counts for name, reader in self._formats.readers.items()}

    def chunks(self, rows: int | None = None) -> Iterator[Chunk]:
        """The rows in order: their cells by field, the id as "user_id", and the columns of `keep`."""
        reading = list(dict.fromkeys([*self._wanted, *self.keep]))
        for chunk in self.source.chunks(reading, rows):
            beside = {name: chunk.cells[name] for name in self.keep}
            yield dataclasses.replace(chunk, cells=self._mapped(chunk.cells), beside=beside)

    @property
    def _mapping(self) -> FieldMapping:
        return self.mapping or NO_MAPPING

    @cached_property
    def _columns(self) -> Columns:
        """The columns that need no rule."""
        mapping = self._mapping
        used = {*mapping.descriptors.names, *([mapping.user_id] if mapping.user_id else ())}
        columns = find_columns(self.source.names, self.profile_class, used)
        of_field = {name: column for name, column in columns.of_field.items() if name not in mapping.rules}
        if not mapping.rules:
            return dataclasses.replace(columns, of_field=of_field)
        # A column that a rule reads fills another field only under that field's very name.
        of_field = {
            name: column for name, column in of_field.items() if name == column or column not in mapping.sources
        }
        remarks = tuple(remark for remark in columns.remarks if remark[0] not in mapping.rules)
        return dataclasses.replace(columns, of_field=of_field, remarks=remarks)

    @cached_property
    def _wanted(self) -> list[str]:
        wanted = {*self._columns.of_field.values(), *self._mapping.sources, self.id_column}
        return [name for name in dict.fromkeys(self.source.names) if name in wanted]

    def _check_beside(self, names: Sequence[str]) -> None:
        named = {"--keep": self.keep, "[user_id]": [self._mapping.user_id] if self._mapping.user_id else []}
        for what, columns in named.items():
            for name in columns:
                if name not in names:
                    known_names = nearest(name, names)
                    raise UnusableInput(
                        f"{what} names column {quoted([name])}, which the file does not have{known_names}. "
                        f"The columns are {quoted(list(dict.fromkeys(names))[:20])}."
                    )
                if list(names).count(name) > 1:
                    raise UnusableInput(
                        f"{what} names column {quoted([name])}, which occurs more than once in the file."
                    )

    def _unused_notes(self) -> tuple[str, ...]:
        if self.mapping is None:
            ambiguous = self._columns.ambiguous
            once = [name for name in self.unused if self.source.names.count(name) == 1 and name not in ambiguous]
            return unused_columns(once, field_names(self.profile_class))
        if not self.unused:
            return ()
        more = ", …" if len(self.unused) > _MOST_NAMES else ""
        some = quoted(self.unused[:_MOST_NAMES])
        return (f"Columns that the mapping does not use: {len(self.unused):,} ({some}{more}).",)

    def _mapped(self, cells: Mapping[str, Cells]) -> dict[str, Cells]:
        fields = {name: cells[column] for name, column in self._columns.of_field.items()}
        if self._mapping.rules:
            sources = {name: as_series(cells[name]) for name in self._mapping.sources}
            mapped = apply(self._mapping, pd.DataFrame(sources), self._formats.readers)
            fields |= {name: as_cells(mapped[name]) for name in self._mapping.rules}
        if self.id_column is not None and ID_COLUMNS[0] not in fields:
            fields[ID_COLUMNS[0]] = cells[self.id_column]
        return fields

    @cached_property
    def _formats(self) -> _Formats:
        """The formats of the columns, as the mapping declares them or as the first rows show."""
        sample = next(iter(self.source.chunks(self._wanted)), None)
        texts = {name: _texts(cells) for name, cells in sample.cells.items()} if sample else {}
        written: dict[str, CellFormat] = {}
        readers: dict[str, CellReader] = {}
        notes: list[tuple[str, str]] = []
        for spec in declared_fields(self.profile_class):
            numbers = self._number_formats(spec, texts, notes)
            rule = self._mapping.rules.get(spec.name)
            own = rule.source if type(rule) is Rename else self._columns.of_field.get(spec.name, "")
            separators = find_separator(texts.get(own, ())) if isinstance(spec.kind, MultiLabel) else None
            notes += [(own, note) for note in separators[1]] if separators else ()
            written[spec.name] = CellFormat(
                words=self._mapping.words(spec.name),
                numbers=numbers.get(own, PLAIN),
                separator=separators[0] if separators else DEFAULT,
            )
            readers[spec.name] = CellReader(written[spec.name], numbers)
        rules = [note for rule in self._mapping.rules.values() for note in rule.notes]
        return _Formats(written, readers, (*_sentences(notes), *rules))

    def _number_formats(
        self, spec: FieldSpec, texts: Mapping[str, Iterable[str]], notes: list[tuple[str, str]]
    ) -> dict[str, NumberFormat]:
        """The number formats of the columns that a field is read from as numbers; sentences are added to
        `notes`.
        """
        rule = self._mapping.rules.get(spec.name)
        columns = rule.numeric_sources if rule else ()
        if isinstance(spec.kind, Numeric) and type(rule) in (Rename, type(None)):
            columns = rule.sources if rule else tuple(filter(None, [self._columns.of_field.get(spec.name)]))
        words, formats = self._mapping.words(spec.name), {}
        for column in columns:
            cells = [text for text in texts.get(column, ()) if not words.holds(text)]
            finding = find_number_format(cells, self._mapping.decimal(spec.name))
            formats[column] = finding.format
            notes += [(column, note) for note in finding.notes]
        return formats


def _sentences(notes: Iterable[tuple[str, str]]) -> list[str]:
    """One sentence for all columns of which the same was assumed."""
    columns: dict[str, dict[str, None]] = {}
    for column, note in notes:
        columns.setdefault(note, {})[column] = None
    return [
        f"{'Column' if len(names) == 1 else 'Columns'} {quoted(names)}: {note}" for note, names in columns.items()
    ]


def _texts(cells: Cells) -> set[str]:
    """The distinct texts in a column, stripped, without blank ones."""
    if isinstance(cells, pa.Array):
        try:
            cells = cells.dictionary_encode().dictionary
        except pa.ArrowNotImplementedError:
            return set()
        cells = cells.to_pylist()
    texts: set[Any] = {cell.strip() for cell in cells if isinstance(cell, str)}
    return texts - {""}
