"""Text with separated values: commas, semicolons, tabs or bars, as a mapping declares it or as the file shows."""

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple, TextIO

import numpy as np

from training.data.files.chunks import CHUNK, Chunk
from training.data.files.text_files import Encoding, find_encoding, opened_text
from training.data.refusals import Refusal
from training.errors import UnusableInput

DELIMITERS: Final = (",", ";", "\t", "|")
# Characters of the longest cell that is read; many more are a quote that nothing closes.
_LONGEST_CELL: Final = 1_000_000
_SAMPLE_ROWS: Final = 20
_NAMES: Final = {",": "commas", "\t": "tabs", ";": "semicolons", "|": "bars"}

_Rows = Iterator[tuple[int, list[str] | None]]


class _Layout(NamedTuple):
    """`skipped`: lines before the header, such as Excel's "sep=;". `within`: the delimiter within lines that are
    one quoted cell each.
    """

    delimiter: str
    skipped: int
    note: str | None
    within: str | None = None


@dataclass(frozen=True)
class CsvSource:
    """Separated values with a header. A row's line is the one on which it begins."""

    path: Path
    delimiter: str | None = None
    encoding: str | None = None

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The header; a name may occur more than once, or be blank."""
        with opened_text(self.path, self._encoding.name) as (file, _):
            _, header = next(self._rows_of(file), (0, None))
        if not header:
            raise UnusableInput(f"{self.path} does not begin with a line of column names.")
        return tuple(name.strip() for name in header)

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences on how the file is read."""
        return tuple(note for note in (self._encoding.note, self._layout.note) if note)

    def chunks(self, wanted: Sequence[str], rows: int | None = None) -> Iterator[Chunk]:
        """See `Source`."""
        positions = {name: self.names.index(name) for name in wanted}
        with opened_text(self.path, self._encoding.name) as (file, read):
            lines = islice(self._rows_of(file), 1, None)
            while some := list(islice(lines, rows or CHUNK)):
                yield self._chunk(some, positions, read())

    @cached_property
    def _encoding(self) -> Encoding:
        return find_encoding(self.path, self.encoding)

    @cached_property
    def _layout(self) -> _Layout:
        with opened_text(self.path, self._encoding.name) as (file, _):
            first = file.readline(_LONGEST_CELL).rstrip("\r\n").strip('"')
        declared = _declared_delimiter(first)
        skipped = int(declared is not None)
        delimiter = self.delimiter or declared or self._found_delimiter()
        if delimiter == "," and (within := self._found_within()):
            note = f"Each line of {self.path.name} stands in quotation marks as a whole: they are left out, and "
            return _Layout(
                delimiter, skipped, f"{note}the columns are read with {_name(within)} between them.", within
            )
        if delimiter == "," or self.delimiter:
            return _Layout(delimiter, skipped, None)
        name = _name(delimiter)
        return _Layout(delimiter, skipped, f"The columns of {self.path.name} are read with {name} between them.")

    def _found_delimiter(self) -> str:
        """The delimiter by which most of the first rows have as many cells as the header."""
        fits: dict[str, tuple[float, int]] = {}
        for delimiter in DELIMITERS:
            with opened_text(self.path, self._encoding.name) as (file, _):
                rows = [row for _, row in islice(_csv_rows(file, delimiter), _SAMPLE_ROWS)]
            if rows and rows[0] and len(rows[0]) > 1:
                fitting = [row is not None and len(row) == len(rows[0] or ()) for row in rows]
                fits[delimiter] = sum(fitting) / len(fitting), len(rows[0])
        return max(fits, key=lambda delimiter: fits[delimiter], default=",")

    def _found_within(self) -> str | None:
        """The delimiter within lines that are one quoted cell each, as a program writes a file that it took for
        text: all first rows have as many cells then, and quotation marks are left within.
        """
        with opened_text(self.path, self._encoding.name) as (file, _):
            rows = [row or [] for _, row in islice(_csv_rows(file, ","), _SAMPLE_ROWS)]
        lines = [row[0] for row in rows if len(row) == 1]
        if len(lines) < max(len(rows), 2) or not any('"' in line for line in lines):
            return None
        widths = {delimiter: {len(_cells(line, delimiter)) for line in lines} for delimiter in DELIMITERS}
        return next((delimiter for delimiter, some in widths.items() if len(some) == 1 and min(some) > 1), None)

    def _rows_of(self, file: TextIO) -> _Rows:
        layout = self._layout
        for _ in range(layout.skipped):
            file.readline()
        rows = _csv_rows(file, layout.delimiter, layout.skipped)
        if layout.within is None:
            return rows
        within = layout.within
        return ((line, _cells(row[0], within) if row and len(row) == 1 else None) for line, row in rows)

    def _chunk(self, rows: list[tuple[int, list[str] | None]], positions: Mapping[str, int], read: float) -> Chunk:
        width = len(self.names)
        whole = [(line, row) for line, row in rows if row is not None and len(row) == width]
        if len(whole) < len(rows):
            rows = [(line, _trimmed(row, width)) for line, row in rows]
            whole = [(line, row) for line, row in rows if row is not None and len(row) == width]
        columns = list(zip(*(row for _, row in whole), strict=True)) or [()] * width
        return Chunk(
            {name: columns[index] for name, index in positions.items()},
            np.array([line for line, _ in whole], np.int64),
            [] if len(whole) == len(rows) else _broken(rows, width),
            read,
        )


def _name(delimiter: str) -> str:
    return _NAMES.get(delimiter, f"'{delimiter}'")


def _cells(line: str, delimiter: str) -> list[str]:
    return next(csv.reader([line], delimiter=delimiter, skipinitialspace=True), [])


def _declared_delimiter(first_line: str) -> str | None:
    """The delimiter of Excel's line "sep=;", if the line is one."""
    key, equals, delimiter = first_line.partition("=")
    if not equals or key.strip().casefold() != "sep" or len(delimiter) > 2:
        return None
    return "\t" if delimiter in ("", "\\t") else delimiter[0]


def _csv_rows(file: TextIO, delimiter: str, before: int = 0) -> _Rows:
    """Rows with the line on which they begin; None for each line that cannot be read. Blank lines are skipped.

    `before`: lines of the file that have been read already.
    """
    csv.field_size_limit(_LONGEST_CELL)
    # Strict: otherwise an unclosed quote would make one cell of the rest of the file.
    reader = csv.reader(file, delimiter=delimiter, strict=True, skipinitialspace=True)
    while True:
        line = reader.line_num + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield from ((before + lost, None) for lost in range(line, reader.line_num + 1))
        else:
            if row:
                yield before + line, row


def _trimmed(row: list[str] | None, width: int) -> list[str] | None:
    """The row without blank cells beyond the header, as a delimiter at the end of each line makes one."""
    return row if row is None or len(row) <= width or any(row[width:]) else row[:width]


def _broken(rows: Iterable[tuple[int, list[str] | None]], width: int) -> list[Refusal]:
    return [
        Refusal(line, "", "Not readable as CSV" if row is None else "Not as many cells as columns")
        for line, row in rows
        if row is None or len(row) != width
    ]
