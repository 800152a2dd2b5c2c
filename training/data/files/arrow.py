"""Parquet and Arrow files, chunk by chunk. A row's line is its number, from 1.

Parquet stores distinct texts of a column apart from its cells, and they are read as such, so that the text of a
cell is never built. An Arrow file is read one record batch at a time, as large as its writer made it.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import ClassVar, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from training.data.files.chunks import Chunk, reading_errors
from training.data.headers import ID_COLUMNS, refuse_duplicates

# Rows read at once.
ROWS = 65_536
_FILE_MAGIC = b"ARROW1"

# A record batch, and how much of the file it is, 0–1.
_Read: TypeAlias = tuple[pa.RecordBatch, float]


@dataclass(frozen=True)
class ParquetSource:
    """Apache Parquet."""

    path: Path
    text: ClassVar[bool] = False

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The columns of the schema."""
        with reading_errors(self.path):
            names = tuple(pq.read_schema(self.path).names)
        refuse_duplicates(names)
        return names

    def chunks(self, wanted: Sequence[str]) -> Iterator[Chunk]:
        """See `Source`."""
        with reading_errors(self.path), self._opened() as file:
            yield from _chunks(_of_row_groups(file, wanted), wanted)

    def _opened(self) -> pq.ParquetFile:
        words = [name for name in text_columns(self.path) if name.split(".")[0] not in ID_COLUMNS]
        return pq.ParquetFile(self.path, read_dictionary=words)


@dataclass(frozen=True)
class ArrowSource:
    """Apache Arrow's own format, as a file (Feather) or as a stream."""

    path: Path
    text: ClassVar[bool] = False

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The columns of the schema."""
        with reading_errors(self.path), self._opened() as (schema, _):
            names = tuple(schema.names)
        refuse_duplicates(names)
        return names

    def chunks(self, wanted: Sequence[str]) -> Iterator[Chunk]:
        """See `Source`."""
        positions = sorted(self.names.index(name) for name in wanted)
        with reading_errors(self.path), self._opened(positions) as (_, batches):
            yield from _chunks(batches, wanted)

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


def _of_row_groups(file: pq.ParquetFile, wanted: Sequence[str]) -> Iterator[_Read]:
    # One row group at a time: iterating over all of them frees memory only at the end.
    for number in range(file.num_row_groups):
        for batch in file.iter_batches(ROWS, row_groups=[number], columns=list(wanted)):
            yield batch, len(batch) / file.metadata.num_rows


def _of_file(reader: pa.RecordBatchFileReader) -> Iterator[_Read]:
    for number in range(reader.num_record_batches):
        yield reader.get_batch(number), 1 / reader.num_record_batches


def _of_stream(reader: pa.RecordBatchStreamReader, file: pa.NativeFile) -> Iterator[_Read]:
    before, size = 0, max(file.size(), 1)
    for batch in reader:
        yield batch, (file.tell() - before) / size
        before = file.tell()


def _chunks(batches: Iterable[_Read], wanted: Sequence[str]) -> Iterator[Chunk]:
    first, read = 1, 0.0
    for batch, share in batches:
        batch.validate(full=True)
        for start in range(0, len(batch), ROWS):
            slice_of_rows = batch.slice(start, ROWS)
            read += share * len(slice_of_rows) / len(batch)
            lines = np.arange(first, first + len(slice_of_rows), dtype=np.int64)
            first += len(slice_of_rows)
            yield Chunk({name: slice_of_rows.column(name) for name in wanted}, lines, read=read)
