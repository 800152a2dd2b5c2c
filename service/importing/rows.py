"""Rows of an import, one after the other, and where they come from.

Lines of JSON are read here: `{"user_id": …, "profile": {…}}`, or the id beside the profile's fields. What needs a
mapping, or is no JSON, is read by a process of training's (`service.importing.reader`), which prints such lines.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from pydantic_core import from_json

from models.errors import SegmentsError
from service.store.ports.texts import id_fault

# Many times the longest profile that is valid in practice.
MAX_LINE_BYTES = 256 * 1_024
_BOM = b"\xef\xbb\xbf"
_ID, _PROFILE = "user_id", "profile"


class UnusableImportFile(SegmentsError):
    """The file cannot be imported; the sentence says why."""


class Row(NamedTuple):
    """A row whose id is valid; the profile is as parsed from JSON."""

    line: int
    user_id: str
    profile: object


class RefusedRow(NamedTuple):
    """A row that is not stored. `reason`: never with a value of the row."""

    line: int
    reason: str


class Share(NamedTuple):
    """How much of the file is read, 0–1."""

    read: float


Item = Row | RefusedRow | Share


def json_lines(path: Path, every: int = 2_000) -> Iterator[Item]:
    """The rows of a file of JSON lines, with the share that is read after `every` lines.

    Raises `UnusableImportFile`.
    """
    try:
        with path.open("rb") as file:
            size = max(path.stat().st_size, 1)
            read = 0
            for line, (text, length) in enumerate(_lines(file), start=1):
                read += length
                if text is None:
                    yield RefusedRow(line, f"The line has more than {MAX_LINE_BYTES:,} bytes.")
                elif text and not text.isspace():
                    yield parsed_row(line, text)
                if line % every == 0:
                    yield Share(read / size)
    except OSError as error:
        raise UnusableImportFile(f"{path.name} cannot be read: {error.strerror}.") from error


def parsed_row(line: int, text: bytes) -> Row | RefusedRow:
    """The row of a line of JSON."""
    try:
        value = from_json(text, allow_inf_nan=False)
    except ValueError:
        return RefusedRow(line, "The line is not JSON in UTF-8.")
    if not isinstance(value, dict):
        return RefusedRow(line, "The line is not a JSON object.")
    if _ID not in value:
        return RefusedRow(line, "The row has no user_id.")
    user_id = value.pop(_ID)
    nested = len(value) == 1 and isinstance(value.get(_PROFILE), dict)
    return row_of(line, user_id, value[_PROFILE] if nested else value)


def row_of(line: int, user_id: object, profile: object) -> Row | RefusedRow:
    """The row of an id and a profile; a whole number as an id counts as its text."""
    if type(user_id) is int:
        user_id = str(user_id)
    if not isinstance(user_id, str):
        return RefusedRow(line, "user_id is a text.")
    if (fault := id_fault(user_id)) is not None:
        return RefusedRow(line, f"user_id: {fault}.")
    return Row(line, user_id, profile)


def _lines(file: BinaryIO) -> Iterator[tuple[bytes | None, int]]:
    """Lines with their lengths; None for one that is too long, which is not held in memory."""
    mark = file.read(len(_BOM))
    if mark != _BOM:
        file.seek(0)
    while text := file.readline(MAX_LINE_BYTES):
        length = len(text)
        if length < MAX_LINE_BYTES or text.endswith(b"\n"):
            yield text, length
            continue
        while (rest := file.readline(MAX_LINE_BYTES)) and not rest.endswith(b"\n"):
            length += len(rest)
        yield None, length + len(rest)
