"""Logs: one JSON object a line, with the request's id, and nothing of what was sent."""

import asyncio
import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient
from starlette.types import Message

from models.registry import Registry
from service.logs import JsonFormatter
from service.store.memory import MemoryStore
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
    found = [json.loads(line) for line in lines.getvalue().splitlines()]
    return [line for line in found if line["logger"] == logger]


def test_each_request_is_one_line_by_its_route(client: TestClient, lines: io.StringIO) -> None:
    client.put("/users/user-4711/profile", json={}, headers={"X-Request-ID": "r-1"})
    (line,) = parsed(lines, "service.access")
    assert (line["method"], line["route"], line["status"]) == ("PUT", "/users/{user_id}/profile", 201)
    assert line["request_id"] == "r-1"
    assert line["duration_ms"] > 0


def test_nothing_that_was_sent_is_logged(app: FastAPI, registry: Registry, lines: io.StringIO) -> None:
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


def test_whoever_leaves_while_sending_is_no_failure_of_ours(app: FastAPI, lines: io.StringIO) -> None:
    scope = {"type": "http", "method": "POST", "path": "/segment", "query_string": b""}
    told: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        told.append(message)

    asyncio.run(app({**scope, "headers": [(b"content-type", b"application/json")]}, receive, send))
    (line,) = parsed(lines, "service.access")
    assert (line["status"], told) == (499, [])
    assert parsed(lines, "service") == []


def test_a_defect_is_logged_by_its_type_and_place(
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


def test_a_line_is_one_line_whatever_is_in_it(lines: io.StringIO) -> None:
    logging.getLogger("service").warning("first\nsecond \u2028 %s", "\ud800")
    assert len(parsed(lines, "service")) == 1
