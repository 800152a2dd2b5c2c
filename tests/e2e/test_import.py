"""Files of users into a live server and out again: a child process stores them while others are answered."""

import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2 as httpx

from models.storage.registry import Registry
from testkit.server import PATIENCE, Server, serving
from testkit.small_model import write_small_model
from testkit.waiting import eventually

ROWS = 5_000
NDJSON = {"Content-Type": "application/x-ndjson"}
CSV = {"Content-Type": "text/csv"}


def lines(rows: int) -> Iterator[bytes]:
    for number in range(rows):
        user = {"user_id": f"user-{number:06d}", "profile": {"age": 13 + number % 90, "hobbies": ["value_1"]}}
        yield json.dumps(user).encode() + b"\n"


def sent(server: Server, content: Any, headers: dict[str, str], query: str = "") -> str:
    """Send a file; the path of its import."""
    response = httpx.post(f"{server.url}/users:import{query}", content=content, headers=headers)
    assert response.status_code == 202, response.text
    path: str = response.headers["location"]
    return path


def ended(server: Server, path: str) -> dict[str, Any]:
    """Wait for the end of an import."""

    def find() -> dict[str, Any] | None:
        job: dict[str, Any] = httpx.get(server.url + path).json()
        return job if job["finished_at"] else None

    return eventually(find, PATIENCE)


def imported(server: Server, content: Any, headers: dict[str, str], query: str = "") -> dict[str, Any]:
    """Send a file, and wait for the end of its import."""
    return ended(server, sent(server, content, headers, query))


def cut_upload(server: Server) -> None:
    """Begin an upload, and go away before its end."""
    head = "POST /users:import HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/csv\r\n"
    head += "Content-Length: 9999999\r\n\r\n"
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(head.encode() + b"user_id,age\n" + b"user,30\n" * 300_000)
        time.sleep(0.2)


def test_file_of_users_is_stored_and_comes_out_again(tmp_path: Path) -> None:
    registry = Registry(tmp_path / "artifacts")
    registry.activate(write_small_model(registry.root, seed=0).name)
    with serving(tmp_path, registry.root, CLIENT_SECONDS="5") as server:
        data = tmp_path / "data"
        job = imported(server, lines(ROWS), NDJSON)
        assert (job["status"], job["rows_stored"], job["refused_by_reason"]) == ("SUCCEEDED", ROWS, {}), job
        exported = [json.loads(line) for line in httpx.get(f"{server.url}/users:export").text.splitlines()]
        assert [row["user_id"] for row in exported] == [f"user-{number:06d}" for number in range(ROWS)]
        assert {row["status"] for row in exported} == {"PRESENT"}

        (data / "crm.toml").write_text('[user_id]\nfrom = "Kunde"\n[age]\nfrom = "Alter"\n')
        job = imported(server, b"Kunde,Alter\nk-1,30\nk-2,7\n", CSV, "?mapping=crm.toml")
        assert (job["status"], job["rows_stored"], job["rows_refused"]) == ("SUCCEEDED", 1, 1), job
        refused = httpx.get(server.url + job["links"]["refused"]).text
        assert [json.loads(line)["line"] for line in refused.splitlines()] == [3]
        assert httpx.get(f"{server.url}/users/k-1/persona").status_code == 200

        job = imported(server, b"no,such\ncolumns,here\n", CSV)
        assert job["status"] == "FAILED"
        assert str(tmp_path) not in job["error"]

        cut_upload(server)
        eventually(lambda: not list(data.glob(".import-*.csv")), PATIENCE)
        assert len(httpx.get(f"{server.url}/imports").json()["items"]) == 3


def test_killed_server_fails_its_import_and_loses_no_user(tmp_path: Path) -> None:
    registry = Registry(tmp_path / "artifacts")
    registry.activate(write_small_model(registry.root, seed=0).name)
    rows = 40_000
    with serving(tmp_path, registry.root) as server:
        path = sent(server, lines(rows), NDJSON)
        eventually(lambda: httpx.get(server.url + path).json()["rows_stored"], PATIENCE)
        server.kill()
        server.start()
        job = ended(server, path)
        assert job["status"] == "FAILED"
        assert "gave no sign of life" in job["error"]
        eventually(
            lambda: not [file for file in (tmp_path / "data").iterdir() if file.suffix == ".ndjson"], PATIENCE
        )
        stored = sum(item["users"] for item in httpx.get(f"{server.url}/personas").json()["items"])
        assert job["rows_stored"] <= stored <= rows
        assert imported(server, lines(rows), NDJSON)["rows_stored"] == rows
        assert sum(item["users"] for item in httpx.get(f"{server.url}/personas").json()["items"]) == rows
