"""Files of profiles, chunk by chunk, by suffix: separated values and JSON (optionally gzipped), Parquet and Arrow.

A cell that is text is read alike in every format: an empty one is no answer, and numbers and lists are read as
people write them (`training.data.formats`). Null is no answer.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from training.data.files.arrow import ArrowSource, ParquetSource
from training.data.files.chunks import Source, reading_errors
from training.data.files.csv_files import CsvSource
from training.data.files.folders import FolderSource, table_files
from training.data.files.json_files import JsonSource
from training.errors import UnusableInput


def open_source(path: Path, delimiter: str | None = None, encoding: str | None = None) -> Source:
    """The source of a file, by its suffix, or of a folder of files.

    `delimiter`, `encoding`: of text; without them they are found. Raises `UnusableInput` when there is no such
    file or format.
    """
    with reading_errors(path):
        if path.is_dir():
            return FolderSource(path, tuple(open_source(file, delimiter, encoding) for file in table_files(path)))
        if not path.is_file():
            what = "is not a file" if path.exists() else "does not exist"
            raise UnusableInput(f"{path} {what}; name a file of profiles.")
    zipped = path.suffix.lower() == ".gz"
    match Path(path.name.lower().removesuffix(".gz")).suffix:
        case ".csv" | ".tsv" | ".txt":
            return CsvSource(path, delimiter, encoding)
        case ".jsonl" | ".ndjson" | ".json":
            return JsonSource(path, encoding)
        case ".parquet" if not zipped:
            return ParquetSource(path)
        case ".arrow" | ".feather" if not zipped:
            return ArrowSource(path)
    raise UnusableInput(
        f"{path} is in no known format: use .csv, .tsv, .jsonl, .json (or one of them with .gz), .parquet or "
        ".arrow."
    )


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
