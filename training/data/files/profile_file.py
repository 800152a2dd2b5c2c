"""A file of profiles: its columns matched with the fields, by name or by a mapping."""

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd
from pydantic import BaseModel

from training.data.cell_validation import Cells, as_cells, as_series
from training.data.files.chunks import Chunk, Source
from training.data.files.reading import open_source
from training.data.headers import ID_COLUMNS, field_names, id_column, unknown_columns
from training.data.mapping import FieldMapping, apply, check


@dataclass(frozen=True)
class ProfileFile:
    """The rows of a file whose columns are fields of a profile class, and an id."""

    path: Path
    profile_class: type[BaseModel]
    mapping: FieldMapping | None = None

    @cached_property
    def source(self) -> Source:
        """The file by its format. Raises `UnusableInput` when there is no such file or format."""
        return open_source(self.path)

    @cached_property
    def notes(self) -> tuple[str, ...]:
        """Sentences on columns that are not used.

        Raises `UnusableInput` when no column is a field, or the mapping does not fit the file.
        """
        names = self.source.names
        if self.mapping is None:
            return unknown_columns(names, self.profile_class)
        check(self.mapping, names, self.profile_class)
        unused = set(names) - set(self._wanted)
        return (f"Columns that the mapping does not use: {len(unused)}.",) if unused else ()

    @property
    def side_file(self) -> Path:
        """The default file of refused rows: "users.csv.refused.csv"."""
        return Path(f"{self.path}.refused.csv")

    @property
    def id_column(self) -> str | None:
        """The column that is the id of the rows, if there is one."""
        return id_column(self.source.names, self.profile_class)

    def chunks(self) -> Iterator[Chunk]:
        """The rows in order."""
        for chunk in self.source.chunks(self._wanted):
            yield chunk if self.mapping is None else dataclasses.replace(chunk, cells=self._mapped(chunk.cells))

    @cached_property
    def _wanted(self) -> list[str]:
        filled = set(self.mapping.rules) if self.mapping else set()
        wanted = {*field_names(self.profile_class), self.id_column} - filled
        read = self.mapping.sources if self.mapping else frozenset()
        return [name for name in self.source.names if name in wanted or name in read]

    def _mapped(self, cells: Mapping[str, Cells]) -> dict[str, Cells]:
        assert self.mapping is not None
        frame = pd.DataFrame({name: as_series(column) for name, column in cells.items()})
        mapped = apply(self.mapping, frame)
        understood = {*field_names(self.profile_class), *ID_COLUMNS}
        return {name: as_cells(mapped[name]) for name in map(str, mapped) if name in understood}
