"""Many users in and out, and the feed of what changes."""

# The service's own formats, which this distribution cannot import.
# pylint: disable=duplicate-code

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, TypeVar

from backpocket_segments.calls import Call, Emit, Open, Pause, Read, Source, Steps
from backpocket_segments.cursors import CursorStore
from backpocket_segments.decoding import decode
from backpocket_segments.lines import CHUNK, LineSplitter, encode_records
from backpocket_segments.operations.batches import BATCH_TIMEOUT
from backpocket_segments.operations.jobs import POLL_SECONDS, wait_for
from backpocket_segments.operations.users import idempotency_key
from backpocket_segments.results.jobs import ImportJob, RefusedRow
from backpocket_segments.results.users import Change, ChangePage, ExportedUser

T = TypeVar("T")
Format = Literal["ndjson", "csv", "parquet"]
# Seconds for which a service that stores a long file may say nothing.
TRANSFER_TIMEOUT = 600.0
MEDIA_TYPES: dict[Format, str] = {
    "ndjson": "application/x-ndjson",
    "csv": "text/csv",
    "parquet": "application/vnd.apache.parquet",
}
_SUFFIXES: dict[str, Format] = {
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".csv": "csv",
    ".tsv": "csv",
    ".parquet": "parquet",
}


def import_users(
    source: str | os.PathLike[str] | Iterable[Mapping[str, Any]],
    *,
    format: Format | None = None,
    mapping: str | None = None,
    wait: bool = False,
    progress: Callable[[ImportJob], None] | None = None,
    poll_seconds: float = POLL_SECONDS,
) -> Steps[ImportJob]:
    """Import users from a file, or from records, which are sent as they are read.

    A record is `{"user_id": …, "profile": {…}}`, or has the id beside the profile's fields. `format`: of the file,
    by its suffix if None; `mapping`: a mapping of the service. With `wait` the job is watched to its end, and
    `progress` called with each state. Raises `AlreadyRunning`, and `JobFailed` where it waits. Records can be read
    once, so that their request is sent once; that of a file may be sent again.
    """
    content, by_suffix = _content_of(source)
    kind = format or by_suffix
    call = Call(
        method="POST",
        route="/users:import",
        result=ImportJob,
        query={"format": kind, "mapping": mapping},
        content=content,
        headers={"Content-Type": MEDIA_TYPES[kind]} | idempotency_key(),
        least_timeout=TRANSFER_TIMEOUT,
        repeatable=isinstance(source, str | os.PathLike),
    )
    job = yield from call.result_of()
    if not wait:
        return job
    return (yield from wait_for(job, "/imports/{job_id}", progress, poll_seconds))


def _content_of(
    source: str | os.PathLike[str] | Iterable[Mapping[str, Any]],
) -> tuple[Callable[[], Iterator[bytes]], Format]:
    if not isinstance(source, str | os.PathLike):
        return lambda: encode_records(source), "ndjson"
    path = Path(source)
    return lambda: _chunks(path), _SUFFIXES.get(path.suffix.lower(), "ndjson")


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk


def refused_rows(import_id: str) -> Source[RefusedRow]:
    """The rows that an import refused, at most 100,000, without a value of theirs. Raises `NotFound`."""
    route = "/imports/{job_id}/refused"
    return _lines_of(Call(method="GET", route=route, path={"job_id": import_id}, result=object), RefusedRow)


def export_users() -> Source[ExportedUser]:
    """All stored users with their personas, line by line as they arrive, in constant memory."""
    query = {"format": "ndjson"}
    return _lines_of(Call(method="GET", route="/users:export", result=object, query=query), ExportedUser)


def _lines_of(call: Call[Any], kind: type[T]) -> Source[T]:
    """The lines of a long response, each as a `kind`."""
    lines = LineSplitter()
    yield Open(replace(call, least_timeout=BATCH_TIMEOUT))
    while True:
        chunk: bytes = yield Read()
        for line in lines.feed(chunk):
            yield Emit(decode(kind, line))
        if not chunk:
            return


def latest_cursor() -> Steps[str]:
    """The cursor after the latest change. Whoever then reads all users, and follows it, misses nothing."""
    page = yield from _feed_page(None, 1, start="latest").result_of()
    return page.next_cursor


def changes(
    after: str | None = None,
    *,
    cursor_store: CursorStore | None = None,
    follow: bool = False,
    poll_seconds: float = 5.0,
    page_size: int = 100,
) -> Source[Change]:
    """What happened to the personas of users, the oldest first, at least once.

    It begins after the cursor `after`, else after that of `cursor_store`, else with the oldest change that is
    stored. The store gets the cursor of a page once the caller's loop has handled all of it: a run that is cut off
    repeats at most `page_size` changes. With `follow` it goes on for ever, and asks every `poll_seconds`. Raises
    `CursorExpired`: begin anew with `latest_cursor`.
    """
    cursor = after if after is not None or cursor_store is None else cursor_store.load()
    while True:
        page = yield from _feed_page(cursor, page_size).result_of()
        for change in page.items:
            yield Emit(change)
        if cursor_store is not None and page.next_cursor != cursor:
            cursor_store.save(page.next_cursor)
        cursor = page.next_cursor
        if not page.has_more:
            if not follow:
                return
            yield Pause(poll_seconds)


def _feed_page(after: str | None, limit: int, start: Literal["latest"] | None = None) -> Call[ChangePage]:
    query = {"after": after, "limit": limit, "start": start}
    return Call(method="GET", route="/users/changes", result=ChangePage, query=query)
