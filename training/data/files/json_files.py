"""JSON: an object a line, or one array of objects. NaN is no answer; members of nested objects are
"outer.inner".
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

import numpy as np
from pydantic_core import from_json

from training.data.files.chunks import CHUNK, Chunk
from training.data.files.text_files import Encoding, find_encoding, opened_text
from training.data.refusals import Refusal
from training.errors import UnusableInput

# The one member of an object that is a list and not a record, as BigQuery writes it.
LIST_MEMBER = "list"


@dataclass(frozen=True)
class JsonSource:
    """A JSON object a line; or one array, whose objects are numbered from 1 in place of lines."""

    path: Path
    encoding: str | None = None

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Every key in the file, in the order of first occurrence. Reads the whole file."""
        names: dict[str, None] = {}
        objects = 0
        with opened_text(self.path, self._encoding.name) as (file, _):
            for _, row in _rows(file):
                if row is not None:
                    names |= dict.fromkeys(row if not any(map(_is_record, row.values())) else _leaves(row))
                objects += row is not None
        if not objects:
            raise UnusableInput(f"{self.path} holds no rows: there has to be a JSON object on each line.")
        return tuple(names)

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences on how the file is read."""
        return tuple(note for note in (self._encoding.note,) if note)

    def chunks(self, wanted: Sequence[str], rows: int | None = None) -> Iterator[Chunk]:
        """See `Source`."""
        with opened_text(self.path, self._encoding.name) as (file, read):
            lines = _rows(file)
            while some := list(islice(lines, rows or CHUNK)):
                whole = [(line, row) for line, row in some if row is not None]
                yield Chunk(
                    {
                        name: [row[name] if name in row else _inner(row, name) for _, row in whole]
                        for name in wanted
                    },
                    np.array([line for line, _ in whole], np.int64),
                    [Refusal(line, "", "Not a JSON object") for line, row in some if row is None],
                    read(),
                )

    @cached_property
    def _encoding(self) -> Encoding:
        return find_encoding(self.path, self.encoding)


def _rows(file: TextIO) -> Iterator[tuple[int, dict[str, Any] | None]]:
    """Objects with their lines; None for a line that holds none. Blank lines are skipped."""
    first = file.readline()
    if first.lstrip().startswith("["):
        array = _parsed(first + file.read())
        if isinstance(array, list):
            yield from ((number, row if isinstance(row, dict) else None) for number, row in enumerate(array, 1))
            return
        file.seek(0)
        first = file.readline()
    if first and not first.isspace():
        yield 1, _json_object(first)
    for line, text in enumerate(file, start=2):
        if not text.isspace():
            yield line, _json_object(text)


def _json_object(text: str) -> dict[str, Any] | None:
    row = _parsed(text)
    return row if isinstance(row, dict) else None


def _parsed(text: str) -> Any:
    try:
        return from_json(text, allow_inf_nan=True)
    except ValueError:
        return None


def _is_record(value: object) -> bool:
    return isinstance(value, dict) and bool(value) and set(value) != {LIST_MEMBER}


def _leaves(row: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    for name, value in row.items():
        if _is_record(value):
            yield from _leaves(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}"


def _inner(row: Mapping[str, Any], name: str) -> Any:
    """The member "outer.inner" of nested objects; None if there is none."""
    head, dot, rest = name.partition(".")
    while dot:
        inner = row.get(head)
        if isinstance(inner, dict) and (value := inner.get(rest, _inner(inner, rest))) is not None:
            return value
        more, dot, rest = rest.partition(".")
        head = f"{head}.{more}"
    return None
