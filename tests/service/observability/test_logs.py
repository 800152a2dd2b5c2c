"""Logs: one JSON object a line, with the request's id, and nothing of what was sent."""

import asyncio
import io
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from select import PIPE_BUF
from typing import Any

import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient
from starlette.types import Message

from models.storage.registry import Registry
from service.observability.logs import JsonFormatter, LineHandler, buffered_lines
from service.store.memory.store import MemoryStore
from tests.support.both_paths import both_paths
from tests.support.launcher import FakeLauncher

SECRETS = ("Zorbing", "user-4711", "27182", "sekrit")


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """All that is logged, as it would be written."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    # The test's own client logs what it asks for.
    logging.getLogger("httpx2").setLevel(logging.WARNING)
    yield stream
    root.removeHandler(handler)
    root.setLevel(level)


def parsed(lines: io.StringIO, logger: str) -> list[dict[str, Any]]:
    records = [json.loads(line) for line in lines.getvalue().splitlines()]
    return [line for line in records if line["logger"] == logger]


def test_each_request_is_one_line_with_its_route(client: TestClient, lines: io.StringIO) -> None:
    client.put("/users/user-4711/profile", json={}, headers={"X-Request-ID": "r-1"})
    (line,) = parsed(lines, "service.access")
    assert (line["method"], line["route"], line["status"]) == ("PUT", "/users/{user_id}/profile", 201)
    assert line["request_id"] == "r-1"
    assert line["duration_ms"] > 0


def test_no_value_of_a_request_is_logged(app: FastAPI, registry: Registry, lines: io.StringIO) -> None:
    @app.post("/defect")
    def defect(body: dict[str, Any]) -> None:
        raise RuntimeError(f"cannot use {body}")

    with TestClient(app) as client:
        client.post("/segment", json={"hobbies": ["Zorbing"], "age": 27182, "sekrit": 1})
        client.post("/segment?sekrit=1", content=b'{"sekrit"', headers={"Content-Type": "application/json"})
        client.put("/users/user-4711/profile", json={"occupation": "Zorbing"})
        client.get("/users/user-4711/persona")
        client.get("/users/user-4711%20/persona")
        client.post("/users/personas:batchGet", json={"user_ids": ["user-4711", "a b"]})
        client.post("/segment/batch", json={"profiles": [{"occupation": "Zorbing"}, {"sekrit": 1}]})
        client.get("/sekrit/user-4711")
        client.request("SEKRIT", "/segment")
        client.post("/defect", json={"sekrit": "Zorbing"})
        client.post("/retrain", json={"source": "file", "path": "sekrit"})
    text = lines.getvalue()
    assert len(text.splitlines()) >= 11
    assert not [secret for secret in SECRETS if secret in text]


def test_client_that_disconnects_while_sending_is_not_logged_as_a_failure(
    app: FastAPI, lines: io.StringIO
) -> None:
    scope = {"type": "http", "method": "POST", "path": "/segment", "query_string": b""}
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(app({**scope, "headers": [(b"content-type", b"application/json")]}, receive, send))
    (line,) = parsed(lines, "service.access")
    assert (line["status"], sent) == (499, [])
    assert parsed(lines, "service") == []


def test_defect_is_logged_by_its_type_and_stack(
    store: MemoryStore, launcher: FakeLauncher, app: FastAPI, lines: io.StringIO
) -> None:
    @app.get("/defect")
    def defect() -> None:
        raise RuntimeError("sekrit")

    with TestClient(app) as client:
        request_id = client.get("/defect").json()["request_id"]
    (line,) = parsed(lines, "service")
    assert line["exception"]["type"] == "builtins.RuntimeError"
    assert line["exception"]["stack"][-1].endswith(" defect")
    assert line["request_id"] == request_id


@pytest.mark.parametrize("text", ["\u2028", "\ud800", "Zoë", "\0"])
def test_record_becomes_one_line_of_ascii(text: str) -> None:
    # Formatted here: a test runner that receives the record would have to write it down itself.
    record = logging.makeLogRecord({"name": "service", "msg": "first\nsecond %s", "args": (text,)})
    line = JsonFormatter().format(record)
    assert json.loads(line)["message"] == f"first\nsecond {text}"
    assert line.isascii()
    assert len(line.splitlines()) == 1


def test_line_has_its_time(lines: io.StringIO) -> None:
    before = datetime.now(UTC)
    logging.getLogger("service").warning("now")
    (line,) = parsed(lines, "service")
    written = datetime.fromisoformat(line["time"])
    assert before - timedelta(milliseconds=1) <= written <= datetime.now(UTC)


# --- several lines in one write --------------------------------------------------------------------


class Writes(io.StringIO):
    """Stores the text of each write."""

    def __init__(self, breaks: bool = False) -> None:
        super().__init__()
        self.written: list[str] = []
        self.breaks = breaks

    def write(self, text: str) -> int:
        if self.breaks:
            raise OSError("the disk is full")
        self.written.append(text)
        return len(text)


@contextmanager
def writing_to(stream: Writes) -> Iterator[logging.Logger]:
    """A logger of which each line goes to the stream, as the service's do."""
    handler = LineHandler(stream)
    handler.setFormatter(JsonFormatter())
    root = logging.getLogger()
    root.addHandler(handler)
    try:
        yield logging.getLogger("service")
    finally:
        root.removeHandler(handler)


def test_buffered_lines_are_one_write_and_others_their_own() -> None:
    stream = Writes()
    with writing_to(stream) as log:
        log.warning("before")
        with buffered_lines():
            log.warning("one")
            log.warning("two")
            assert len(stream.written) == 1
        log.warning("after")
    assert [len(text.splitlines()) for text in stream.written] == [1, 2, 1]
    assert [json.loads(line)["message"] for line in "".join(stream.written).splitlines()] == [
        "before",
        "one",
        "two",
        "after",
    ]


@given(sizes=st.lists(st.integers(0, PIPE_BUF + 10), max_size=12))
def test_no_write_is_longer_than_a_pipe_takes_whole(sizes: list[int]) -> None:
    stream = Writes()
    lines = ["x" * size for size in sizes]
    LineHandler(stream).write(lines)
    assert "".join(stream.written) == "".join(f"{line}\n" for line in lines)
    for text in stream.written:
        assert len(text) <= PIPE_BUF or text.count("\n") == 1


def test_lines_that_cannot_be_written_are_dropped() -> None:
    stream = Writes(breaks=True)
    with writing_to(stream) as log:
        with buffered_lines():
            log.warning("one")
        stream.breaks = False
        log.warning("two")
    assert [json.loads(text)["message"] for text in stream.written] == ["two"]


def test_fast_responses_of_one_iteration_are_logged_in_one_write(tmp_path: Path) -> None:
    stream = Writes()
    with both_paths(tmp_path) as both, writing_to(stream):
        logging.getLogger("service.access").setLevel(logging.INFO)
        request = ("POST", "/segment", b"{}", {"content-type": "application/json"})
        assert None not in both.fast_batch([request] * 3)
        logging.getLogger("service.access").setLevel(logging.NOTSET)
    assert [text.count('"answered"') for text in stream.written] == [3]
