"""Writing a table as CSV, JSON Lines or Parquet, by the suffix of the file."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TextIO

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from training.errors import UnusableInput


def write_table(frame: pd.DataFrame, path: Path) -> None:
    """Write a table completely or not at all: to a temporary file, then renamed. Lists are `a;b;c` in CSV.

    Raises `UnusableInput` for an unsupported suffix, or where the file cannot be written.
    """
    check_suffix(path)
    with _draft(path) as draft:
        _WRITERS[path.suffix.lower()](frame, draft)


class BatchWriter(Protocol):
    """Writes a table in batches."""

    def write(self, batch: pa.RecordBatch) -> None:
        """Write these rows."""


@contextmanager
def growing_table(path: Path, schema: pa.Schema) -> Iterator[BatchWriter]:
    """As `write_table`, in batches; the file appears only when all has succeeded."""
    check_suffix(path)
    with _draft(path) as draft:
        if path.suffix.lower() == ".parquet":
            with _parquet_writer(draft, schema) as writer:
                yield writer
        else:
            with draft.open("w", encoding="utf-8", newline="") as file:
                yield _TextWriter(file, path.suffix.lower() == ".csv")


@contextmanager
def _draft(path: Path) -> Iterator[Path]:
    """A temporary file that replaces `path` on success, and is removed otherwise."""
    draft = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield draft
        draft.replace(path)
    except OSError as error:
        raise UnusableInput(f"Cannot write {path}: {error.strerror}.") from error
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)


def _parquet_writer(path: Path, schema: pa.Schema) -> pq.ParquetWriter:
    """A writer that stores repeated text once; numbers mostly differ, and searching for repeated ones is slow."""
    repeated = [field.name for field in schema if pa.types.is_dictionary(field.type)]
    # Without the Arrow schema, readers find text and not categories.
    return pq.ParquetWriter(path, schema, use_dictionary=repeated, store_schema=False)


@dataclass
class _TextWriter:
    file: TextIO
    is_csv: bool
    _begun: bool = field(default=False, init=False)

    def write(self, batch: pa.RecordBatch) -> None:
        frame = batch.to_pandas()
        if self.is_csv:
            frame.to_csv(self.file, index=False, header=not self._begun)
        else:
            frame.to_json(self.file, orient="records", lines=True, force_ascii=False)
        self._begun = True


def check_suffix(path: Path) -> None:
    """Raise `UnusableInput` for an unsupported suffix."""
    if path.suffix.lower() not in _WRITERS:
        raise UnusableInput(f"Cannot write '{path.name}': use one of {', '.join(_WRITERS)}.")


def _write_csv(frame: pd.DataFrame, path: Path) -> None:
    plain = frame.copy(deep=False)
    for name in plain.columns:
        if plain[name].dtype == object:
            plain[name] = plain[name].map(_cell)
    plain.to_csv(path, index=False)


def _cell(value: object) -> object:
    """A list as `a;b;c`, or as JSON where `a;b;c` would not be read back as written."""
    if not isinstance(value, list | tuple):
        return value
    texts = [str(item) for item in value]
    plain = any(map(str.strip, texts)) and not any(";" in text or text.startswith("[") for text in texts)
    return ";".join(texts) if plain else json.dumps(texts, ensure_ascii=False)


def _write_json_lines(frame: pd.DataFrame, path: Path) -> None:
    frame.to_json(path, orient="records", lines=True, force_ascii=False)


def _write_parquet(frame: pd.DataFrame, path: Path) -> None:
    frame.to_parquet(path, index=False)


_WRITERS: dict[str, Callable[[pd.DataFrame, Path], None]] = {
    ".csv": _write_csv,
    ".jsonl": _write_json_lines,
    ".parquet": _write_parquet,
}
