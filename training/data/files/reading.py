"""Files of profiles, chunk by chunk, by suffix: CSV and JSON Lines (optionally gzipped), Parquet and Arrow.

Text is UTF-8. A CSV cell is text: an empty one is no answer, a list is written `a;b;c` or as JSON. JSON Lines,
Parquet and Arrow have types of their own, which are not converted; null is no answer.
"""

import csv
import gc
import gzip
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from io import TextIOWrapper
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar, TextIO, TypeAlias

import numpy as np
from pydantic_core import from_json

from training.data.files.arrow import ArrowSource, ParquetSource
from training.data.files.chunks import Chunk, Source, reading_errors
from training.data.headers import refuse_duplicates
from training.data.refusals import Refusal
from training.errors import UnusableInput

CHUNK = 20_000
Share: TypeAlias = Callable[[], float]


def open_source(path: Path) -> Source:
    """The source of a file, by its suffix. Raises `UnusableInput` when there is no such file or format."""
    with reading_errors(path):
        if not path.is_file():
            what = "is not a file" if path.exists() else "does not exist"
            raise UnusableInput(f"{path} {what}; name a file of profiles.")
    zipped = path.suffix.lower() == ".gz"
    match Path(path.name.lower().removesuffix(".gz")).suffix:
        case ".csv":
            return CsvSource(path)
        case ".jsonl" | ".ndjson":
            return JsonLinesSource(path)
        case ".parquet" if not zipped:
            return ParquetSource(path)
        case ".arrow" | ".feather" if not zipped:
            return ArrowSource(path)
    raise UnusableInput(
        f"{path} is in no known format: use .csv, .jsonl, .ndjson (or one of them with .gz), .parquet or .arrow."
    )


@dataclass(frozen=True)
class CsvSource:
    """Comma-separated values with a header. A row's line is the one on which it begins."""

    path: Path
    text: ClassVar[bool] = True

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The header."""
        with _opened(self.path) as (file, _):
            _, header = next(_csv_rows(file), (0, None))
        if not header:
            raise UnusableInput(f"{self.path} does not begin with a line of column names.")
        if len(header) == 1 and any(mark in header[0] for mark in ";\t|"):
            raise UnusableInput(f"{self.path}: columns have to be separated by commas.")
        names = tuple(name.strip() for name in header)
        refuse_duplicates([name for name in names if name])
        return names

    def chunks(self, wanted: Sequence[str]) -> Iterator[Chunk]:
        """See `Source`."""
        positions = {name: self.names.index(name) for name in wanted}
        with _opened(self.path) as (file, read):
            rows = islice(_csv_rows(file), 1, None)
            while some := list(islice(rows, CHUNK)):
                yield self._chunk(some, positions, read())

    def _chunk(self, rows: list[tuple[int, list[str] | None]], positions: Mapping[str, int], read: float) -> Chunk:
        width = len(self.names)
        whole = [(line, row) for line, row in rows if row is not None and len(row) == width]
        columns = list(zip(*(row for _, row in whole), strict=True)) or [()] * width
        return Chunk(
            {name: columns[index] for name, index in positions.items()},
            np.array([line for line, _ in whole], np.int64),
            [] if len(whole) == len(rows) else _broken_csv(rows, width),
            read,
        )


def _csv_rows(file: TextIO) -> Iterator[tuple[int, list[str] | None]]:
    """Rows with the line on which they begin; None for each line that cannot be read. Blank lines are skipped."""
    # Strict: otherwise an unclosed quote would make one cell of the rest of the file.
    reader = csv.reader(file, strict=True, skipinitialspace=True)
    while True:
        line = reader.line_num + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield from ((lost, None) for lost in range(line, reader.line_num + 1))
        else:
            if row:
                yield line, row


def _broken_csv(rows: Iterable[tuple[int, list[str] | None]], width: int) -> list[Refusal]:
    return [
        Refusal(line, "", "Not readable as CSV" if row is None else "Not as many cells as columns")
        for line, row in rows
        if row is None or len(row) != width
    ]


@dataclass(frozen=True)
class JsonLinesSource:
    """A JSON object a line."""

    path: Path
    text: ClassVar[bool] = False

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Every key in the file, in the order of first occurrence. Reads the whole file."""
        names: dict[str, None] = {}
        objects = 0
        with _opened(self.path) as (file, _):
            for _, row in _json_rows(file):
                names |= dict.fromkeys(row or ())
                objects += row is not None
        if not objects:
            raise UnusableInput(f"{self.path} holds no rows: there has to be a JSON object on each line.")
        return tuple(names)

    def chunks(self, wanted: Sequence[str]) -> Iterator[Chunk]:
        """See `Source`."""
        with _opened(self.path) as (file, read):
            rows = _json_rows(file)
            while some := list(islice(rows, CHUNK)):
                whole = [(line, row) for line, row in some if row is not None]
                yield Chunk(
                    {name: [row.get(name) for _, row in whole] for name in wanted},
                    np.array([line for line, _ in whole], np.int64),
                    [Refusal(line, "", "Not a JSON object") for line, row in some if row is None],
                    read(),
                )


def _json_rows(file: TextIO) -> Iterator[tuple[int, dict[str, Any] | None]]:
    """Objects with their lines; None for a line that holds none. Blank lines are skipped."""
    for line, text in enumerate(file, start=1):
        if not text.isspace():
            yield line, _json_object(text)


def _json_object(text: str) -> dict[str, Any] | None:
    try:
        row = from_json(text, allow_inf_nan=False)
    except ValueError:
        return None
    return row if isinstance(row, dict) else None


@contextmanager
def without_collector() -> Iterator[None]:
    """Suspend garbage collection: rows make no cycles, and searching for some takes a quarter of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@contextmanager
def _opened(path: Path) -> Iterator[tuple[TextIO, Share]]:
    """The text of a file, and a function that gives the share of it that has been read."""
    with reading_errors(path), path.open("rb") as raw:
        size = max(path.stat().st_size, 1)
        binary = gzip.GzipFile(fileobj=raw) if path.suffix.lower() == ".gz" else raw
        with TextIOWrapper(binary, encoding="utf-8-sig", newline="") as file:
            yield file, lambda: raw.tell() / size
