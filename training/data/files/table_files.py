"""Writing a table as CSV, JSON Lines or Parquet, by the suffix of the file.

CSV is opened in spreadsheets, which run a cell that begins like a formula: text that does so gets an apostrophe.
"""

import csv
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol, TextIO

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from training.data.headers import ID_COLUMNS
from training.data.refusals import new_draft
from training.errors import UnusableInput

_PLAIN_NUMBER: Final = re.compile(r"[+-]?\d+([.,]\d+)*([eE][+-]?\d+)?%?")
_NEVER: Final = re.compile(r"(?!)")


def write_table(frame: pd.DataFrame, path: Path) -> None:
    """Write a table completely or not at all: to a temporary file, then renamed. Lists are `a;b;c` in CSV.

    Raises `UnusableInput` for an unsupported suffix, or where the file cannot be written.
    """
    check_suffix(path)
    with _draft(path) as draft:
        _WRITERS[path.suffix.lower()](frame, draft)


def side_file(out: Path, data: Path) -> Path:
    """The file of the rows of `data` that are refused: "users.csv.refused.csv", beside `out`, which is no
    folder.
    """
    return out.with_name(f"{data.name}.refused.csv")


def refuse_overwriting(out: Path, *inputs: Path | None) -> None:
    """Raise `UnusableInput` where `out` is one of the files that are read, also by a link, or lies within one."""
    for path in inputs:
        if path is None or not path.exists():
            continue
        same = out.exists() and out.samefile(path)
        if same or out.resolve() == path.resolve() or path.resolve() in out.resolve().parents:
            raise UnusableInput(f"{out} would replace what is read from {path}; name another file with --out.")


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
    draft = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = new_draft(path)
        yield draft
        draft.replace(path)
    except OSError as error:
        raise UnusableInput(f"Cannot write {path}: {error.strerror}.") from error
    finally:
        if draft is not None:
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
            frame = frame.apply(_without_formulas)
            quoting = csv.QUOTE_NONNUMERIC if _has_carriage_return(batch) else csv.QUOTE_MINIMAL
            frame.to_csv(self.file, index=False, header=not self._begun, quoting=quoting)
        else:
            frame.to_json(self.file, orient="records", lines=True, force_ascii=False)
        self._begun = True


def _has_carriage_return(batch: pa.RecordBatch) -> bool:
    """Whether some text has a carriage return, which ends a row unless it is quoted, and is not quoted by
    itself.
    """
    columns = [column.dictionary if pa.types.is_dictionary(column.type) else column for column in batch.columns]
    texts = [column for column in columns if pa.types.is_string(column.type)]
    in_cells = any(pc.any(pc.match_substring(text, "\r")).as_py() for text in texts)
    return in_cells or any("\r" in name for name in batch.schema.names)


def _without_formulas(column: "pd.Series[Any]") -> "pd.Series[Any]":
    if isinstance(column.dtype, pd.CategoricalDtype):
        return column.cat.rename_categories(without_formula)
    if column.dtype.kind != "O" and not pd.api.types.is_string_dtype(column.dtype):
        return column
    # An id is a name, and not a number: "+4917…" must not lose its sign in a spreadsheet.
    as_it_is = _PLAIN_NUMBER.fullmatch if column.name not in ID_COLUMNS else _NEVER.fullmatch
    return column.map(lambda cell: cell if not isinstance(cell, str) or as_it_is(cell) else without_formula(cell))


def without_formula(text: str) -> str:
    """The text with an apostrophe before it where a spreadsheet would run it: before =, +, -, @ and control
    characters (OWASP, "CSV Injection").
    """
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")) else text


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
