"""Tables of any length as responses."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Any

import pytest
from starlette.requests import ClientDisconnect
from starlette.types import Message

from service.http.table_stream import Format, Table, table_response, without_formula
from service.limits import Bulkhead, Overloaded, StoreThreads

SCOPE: dict[str, Any] = {"type": "http", "asgi": {"version": "3.0", "spec_version": "2.4"}, "method": "GET"}


class Endless:
    """A table without an end, which counts the batches that were read."""

    def __init__(self) -> None:
        self.read = 0

    def __call__(self) -> Sequence[Sequence[object]]:
        self.read += 1
        return [(self.read, "a")]


async def never() -> Message:
    await asyncio.Event().wait()
    raise AssertionError


@pytest.fixture
def threads() -> Iterator[StoreThreads]:
    with closing(StoreThreads(1)) as threads:
        yield threads


@pytest.mark.parametrize("format", ["ndjson", "csv"])
def test_client_that_goes_away_ends_the_reading(threads: StoreThreads, format: Format) -> None:
    downloads, rows = Bulkhead(1), Endless()

    async def send(message: Message) -> None:
        if rows.read > 5:
            raise OSError
        assert downloads.in_use == 1

    async def download() -> None:
        response = await table_response(Table("t", ("number", "text"), rows), format, threads, downloads)
        await response(SCOPE, never, send)

    with pytest.raises(ClientDisconnect):
        asyncio.run(download())
    assert rows.read <= 7
    assert downloads.in_use == 0


def test_batch_is_read_when_the_one_before_is_sent(threads: StoreThreads) -> None:
    rows, sent = Endless(), 0

    async def send(message: Message) -> None:
        nonlocal sent
        sent += message["type"] == "http.response.body"
        assert rows.read <= sent + 1
        await asyncio.sleep(0.01)
        if sent == 5:
            raise OSError

    async def download() -> None:
        response = await table_response(Table("t", ("number", "text"), rows), "ndjson", threads, Bulkhead(1))
        await response(SCOPE, never, send)

    with pytest.raises(ClientDisconnect):
        asyncio.run(download())


def test_download_too_many_is_refused_before_it_starts(threads: StoreThreads) -> None:
    messages: list[Message] = []

    async def send(message: Message) -> None:
        messages.append(message)

    async def download() -> None:
        response = await table_response(Table("t", ("number", "text"), Endless()), "csv", threads, Bulkhead(0))
        await response(SCOPE, never, send)

    with pytest.raises(Overloaded):
        asyncio.run(download())
    assert messages == []


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1"])
def test_formula_gets_an_apostrophe(text: str) -> None:
    assert without_formula(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "a=1", "'=1", "user-42", "1"])
def test_other_text_stays(text: str) -> None:
    assert without_formula(text) == text
