"""Tables of any length as responses: NDJSON or CSV, read batch by batch while the client takes them.

The next batch is read, in a thread, when the server can send more: a slow client slows the reading down, and one
that goes away ends it. The first batch is read before the response starts, so that an error of it has its status;
after a later one the connection is cut, and the client sees that the last chunk is missing.
"""

import csv
import io
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime
from typing import Annotated, Literal, NamedTuple

from fastapi import Query
from fastapi.responses import StreamingResponse
from pydantic_core import to_json
from starlette.types import Receive, Scope, Send

from service.limits import Bulkhead, StoreThreads

Format = Literal["ndjson", "csv"]
FormatParameter = Annotated[
    Format, Query(alias="format", description="`ndjson`: a JSON object a line; `csv`: with a line of names.")
]
MEDIA_TYPES: dict[Format, str] = {"ndjson": "application/x-ndjson", "csv": "text/csv; charset=utf-8"}
# Spreadsheets run a cell that begins so (OWASP, "CSV Injection"), after a line break or in full width, too.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")

Row = Sequence[object]
# The next rows, none where a batch happens to have none, or None after the last.
ReadBatch = Callable[[], Sequence[Row] | None]
_Encode = Callable[[Sequence[str], Sequence[Row]], bytes]


class Table(NamedTuple):
    """A table to send: the file's name without suffix, the names of the columns, and where rows come from."""

    name: str
    columns: Sequence[str]
    read_batch: ReadBatch


class TableResponse(StreamingResponse):
    """A response that holds a slot of `downloads` while it is sent. Raises `Overloaded` where none is free."""

    def __init__(self, content: AsyncIterator[bytes], name: str, format: Format, downloads: Bulkhead) -> None:
        headers = {
            "Content-Disposition": f'attachment; filename="{name}.{format}"',
            "Cache-Control": "no-store",
            # No proxy may hold back what is ready.
            "X-Accel-Buffering": "no",
        }
        super().__init__(content, headers=headers, media_type=MEDIA_TYPES[format])
        self._downloads = downloads

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the response."""
        with self._downloads.slot():
            await super().__call__(scope, receive, send)


async def table_response(
    table: Table, format: Format, threads: StoreThreads, downloads: Bulkhead
) -> TableResponse:
    """The response with a table, whose first batch is read. Raises what reading that raises."""
    encode = _ENCODERS[format]

    def read() -> bytes | None:
        rows = table.read_batch()
        return None if rows is None else encode(table.columns, rows)

    first = await threads.run(read)

    async def chunks() -> AsyncIterator[bytes]:
        if format == "csv":
            yield _csv_lines(table.columns, [table.columns])
        chunk = first
        while chunk is not None:
            if chunk:
                yield chunk
            chunk = await threads.run(read)

    return TableResponse(chunks(), table.name, format, downloads)


def without_formula(text: str) -> str:
    """The text with an apostrophe before it where a spreadsheet would run it."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _csv_lines(_: Sequence[str], rows: Sequence[Row]) -> bytes:
    """Rows as CSV (RFC 4180)."""
    file = io.StringIO()
    csv.writer(file).writerows([_cell(value) for value in row] for row in rows)
    # An unpaired surrogate is in no stored id.
    return file.getvalue().encode()


def _cell(value: object) -> object:
    if isinstance(value, str):
        return without_formula(value)
    return value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else value


def _json_lines(columns: Sequence[str], rows: Sequence[Row]) -> bytes:
    return b"".join(to_json(dict(zip(columns, row, strict=True))) + b"\n" for row in rows)


_ENCODERS: dict[Format, _Encode] = {"csv": _csv_lines, "ndjson": _json_lines}
