"""Writing a table as CSV, JSON Lines or Parquet, by the suffix of the file."""

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pandas as pd

from training.errors import UnusableInput


def write_table(frame: pd.DataFrame, path: Path) -> None:
    """Write whole or not at all: to a temporary file beside it, then renamed. Lists as `a;b;c` in CSV.

    Raises `UnusableInput` for a suffix that we do not write, or a place where nothing can be written.
    """
    check_suffix(path)
    draft = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _WRITERS[path.suffix.lower()](frame, draft)
        draft.replace(path)
    except OSError as error:
        raise UnusableInput(f"Cannot write {path}: {error.strerror}.") from error
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)


def check_suffix(path: Path) -> None:
    """Raise `UnusableInput` for a suffix that we do not write."""
    if path.suffix.lower() not in _WRITERS:
        raise UnusableInput(f"Cannot write '{path.name}': use one of {', '.join(_WRITERS)}.")


def _write_csv(frame: pd.DataFrame, path: Path) -> None:
    plain = frame.copy(deep=False)
    for name in plain.columns:
        if plain[name].dtype == object:
            plain[name] = plain[name].map(_cell)
    plain.to_csv(path, index=False)


def _cell(value: object) -> object:
    """A list as `a;b;c`, or as JSON where that would not come back as it was."""
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
