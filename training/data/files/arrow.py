"""Parquet and Arrow files, chunk by chunk. A row's line is its number, from 1.

Parquet stores distinct texts of a column apart from its cells, and they are read as such, so that the text of a
cell is never built. An Arrow file is read one record batch at a time, as large as its writer made it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from training.data.files.chunks import Chunk, reading_errors
from training.data.files.json_files import LIST_MEMBER
from training.data.headers import ID_COLUMNS

# Rows read at once.
ROWS = 65_536
_FILE_MAGIC = b"ARROW1"

# A record batch, and how much of the file it is, 0–1.
_Read: TypeAlias = tuple[pa.RecordBatch, float]


@dataclass(frozen=True)
class ParquetSource:
    """Apache Parquet."""

    path: Path
    notes: tuple[str, ...] = ()

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The columns of the schema."""
        return tuple(name for name, _ in self._leaves)

    def chunks(self, wanted: Sequence[str], rows: int | None = None) -> Iterator[Chunk]:
        """See `Source`."""
        paths = {name: path for name, path in self._leaves if name in wanted}
        columns = list(dict.fromkeys(path[0] for path in paths.values()))
        with reading_errors(self.path), self._opened() as file:
            yield from _chunks(_of_row_groups(file, columns, rows or ROWS), paths, rows or ROWS)

    @cached_property
    def _leaves(self) -> list[tuple[str, tuple[str, ...]]]:
        with reading_errors(self.path):
            return _leaves(pq.read_schema(self.path))

    def _opened(self) -> pq.ParquetFile:
        words = [name for name in text_columns(self.path) if name.split(".")[0] not in ID_COLUMNS]
        return pq.ParquetFile(self.path, read_dictionary=words)


@dataclass(frozen=True)
class ArrowSource:
    """Apache Arrow's own format, as a file (Feather) or as a stream."""

    path: Path
    notes: tuple[str, ...] = ()

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The columns of the schema."""
        return tuple(name for name, _ in _leaves(self._schema))

    def chunks(self, wanted: Sequence[str], rows: int | None = None) -> Iterator[Chunk]:
        """See `Source`."""
        paths = {name: path for name, path in _leaves(self._schema) if name in wanted}
        positions = sorted({self._schema.names.index(path[0]) for path in paths.values()})
        with reading_errors(self.path), self._opened(positions) as (_, batches):
            yield from _chunks(batches, paths, rows or ROWS)

    @cached_property
    def _schema(self) -> pa.Schema:
        with reading_errors(self.path), self._opened() as (schema, _):
            return schema

    @contextmanager
    def _opened(self, positions: Sequence[int] | None = None) -> Iterator[tuple[pa.Schema, Iterator[_Read]]]:
        """The schema, and the record batches with these columns."""
        options = pa.ipc.IpcReadOptions(included_fields=positions)
        with pa.OSFile(str(self.path)) as file:
            is_file = file.read(len(_FILE_MAGIC)) == _FILE_MAGIC
            file.seek(0)
            opening = pa.ipc.open_file if is_file else pa.ipc.open_stream
            with opening(file, options=options) as reader:
                yield reader.schema, _of_file(reader) if is_file else _of_stream(reader, file)


def text_columns(path: Path) -> list[str]:
    """The paths of the columns of a Parquet file that hold text, those within lists included."""
    columns = pq.read_metadata(path).schema
    columns_in_order = map(columns.column, range(len(columns)))
    return [column.path for column in columns_in_order if column.physical_type == "BYTE_ARRAY"]


def _of_row_groups(file: pq.ParquetFile, wanted: Sequence[str], rows: int) -> Iterator[_Read]:
    # One row group at a time: iterating over all of them frees memory only at the end.
    for number in range(file.num_row_groups):
        for batch in file.iter_batches(rows, row_groups=[number], columns=list(wanted)):
            yield batch, len(batch) / file.metadata.num_rows


def _of_file(reader: pa.RecordBatchFileReader) -> Iterator[_Read]:
    for number in range(reader.num_record_batches):
        yield reader.get_batch(number), 1 / reader.num_record_batches


def _of_stream(reader: pa.RecordBatchStreamReader, file: pa.NativeFile) -> Iterator[_Read]:
    before, size = 0, max(file.size(), 1)
    for batch in reader:
        yield batch, (file.tell() - before) / size
        before = file.tell()


def _leaves(schema: pa.Schema) -> list[tuple[str, tuple[str, ...]]]:
    """The columns of a schema by name, with their paths: members of structs are "outer.inner", but for a struct
    that is a list (BigQuery's {"list": …}).
    """
    return [leaf for field in schema for leaf in _leaves_of(field, ())]


def _leaves_of(field: pa.Field, outer: tuple[str, ...]) -> Iterator[tuple[str, tuple[str, ...]]]:
    path = (*outer, field.name)
    if pa.types.is_struct(field.type) and [inner.name for inner in field.type.fields] != [LIST_MEMBER]:
        for inner in field.type.fields:
            yield from _leaves_of(inner, path)
    else:
        yield ".".join(path), path


def _at(batch: pa.RecordBatch, path: Sequence[str]) -> pa.Array:
    column = batch.column(path[0])
    for name in path[1:]:
        column = pc.struct_field(column, name)
    return column


def _chunks(batches: Iterable[_Read], paths: Mapping[str, Sequence[str]], rows: int) -> Iterator[Chunk]:
    first, read = 1, 0.0
    for batch, share in batches:
        batch.validate(full=True)
        for start in range(0, len(batch), rows):
            slice_of_rows = batch.slice(start, rows)
            read += share * len(slice_of_rows) / len(batch)
            lines = np.arange(first, first + len(slice_of_rows), dtype=np.int64)
            first += len(slice_of_rows)
            yield Chunk({name: _at(slice_of_rows, path) for name, path in paths.items()}, lines, read=read)
