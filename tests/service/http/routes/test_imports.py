"""POST /users:import and /imports, with children that a test controls."""

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx2 as httpx
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from models.storage.registry import Registry
from service.app import create_app
from service.importing.jobs import queued
from service.importing.launcher import ImportOrder
from service.retraining.launcher import Ended, LaunchFailed, Step
from service.settings import Settings
from service.store.memory.store import MemoryStore
from service.store.ports.jobs import JobStatus
from testkit.waiting import eventually
from tests.support.launcher import FakeChild
from tests.support.problems import assert_problem

LINES = b'{"user_id":"u","profile":{"age":30}}\n'
NDJSON = {"Content-Type": "application/x-ndjson"}
RESULT = {"rows_read": 3, "rows_stored": 1, "refused": {"ERASED": 2}}


class ImportLauncher:
    """Hands out `FakeChild`s, one an order; `refusal` makes it refuse."""

    def __init__(self) -> None:
        self.refusal = ""
        self.orders: list[ImportOrder] = []
        self.contents: list[bytes] = []
        self.children: list[FakeChild] = []

    def launch(self, order: ImportOrder) -> FakeChild:
        if self.refusal:
            raise LaunchFailed(self.refusal)
        self.orders.append(order)
        self.contents.append(order.file.read_bytes())
        self.children.append(FakeChild())
        return self.children[-1]


@pytest.fixture
def importer() -> ImportLauncher:
    return ImportLauncher()


@pytest.fixture
def app(settings: Settings, store: MemoryStore, importer: ImportLauncher) -> FastAPI:
    return create_app(settings, store=store, import_launcher=importer)


@pytest.fixture
def client(app: FastAPI, registry: Registry) -> Iterator[TestClient]:
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


def send(client: TestClient, content: Any = LINES, query: str = "", **headers: str) -> httpx.Response:
    response: httpx.Response = client.post(f"/users:import{query}", content=content, headers=NDJSON | headers)
    return response


def child_of(importer: ImportLauncher, number: int = 0) -> FakeChild:
    eventually(lambda: len(importer.children) > number)
    return importer.children[number]


def ended(client: TestClient, address: str) -> dict[str, Any]:
    def find() -> dict[str, Any] | None:
        job: dict[str, Any] = client.get(address).json()
        return job if job["finished_at"] else None

    return eventually(find)


def files(settings: Settings) -> list[str]:
    return sorted(path.name for path in settings.data_dir.iterdir())


def test_file_is_spooled_for_this_user_alone_and_imported(
    client: TestClient, importer: ImportLauncher, settings: Settings
) -> None:
    response = send(client)
    assert response.status_code == 202
    job = response.json()
    assert response.headers["location"] == f"/imports/{job['id']}"
    assert response.headers["retry-after"] == "2"
    child = child_of(importer)
    assert importer.contents == [LINES]
    (path,) = settings.data_dir.iterdir()
    assert path.stat().st_mode & 0o077 == 0
    child.say(Ended(None, result=RESULT))
    body = ended(client, response.headers["location"])
    counts = (body["rows_read"], body["rows_stored"], body["rows_refused"], body["refused_by_reason"])
    assert (body["status"], *counts) == ("SUCCEEDED", 3, 1, 2, {"ERASED": 2})
    assert files(settings) == []
    (entry,) = client.get("/audit").json()["items"]
    assert (entry["action"], entry["subject"]) == ("users.import", job["id"])
    assert "user" not in json.dumps(entry["details"])


@pytest.mark.parametrize(
    ("media", "query", "kind"),
    [
        ("text/csv; charset=utf-8", "", "csv"),
        ("application/vnd.apache.parquet", "", "parquet"),
        ("application/octet-stream", "?format=parquet", "parquet"),
    ],
)
def test_format_is_that_of_the_media_type_or_the_parameter(
    client: TestClient, importer: ImportLauncher, media: str, query: str, kind: str
) -> None:
    send(client, b"user_id,age\nu,30\n", query, **{"Content-Type": media})
    child_of(importer)
    assert (importer.orders[0].format, importer.orders[0].file.suffix) == (kind, f".{kind}")


def test_other_media_type_is_refused(client: TestClient) -> None:
    assert_problem(send(client, **{"Content-Type": "application/json"}), 415, "unsupported-media-type")
    assert_problem(send(client, **{"Content-Encoding": "gzip"}), 415, "unsupported-media-type")


def test_progress_is_shown_while_it_runs(client: TestClient, importer: ImportLauncher) -> None:
    address = send(client).headers["location"]
    child_of(importer).say(Step("importing", 0.5, {"rows_read": 2, "rows_stored": 2, "refused": {}}))
    body = eventually(lambda: (job := client.get(address).json())["rows_stored"] and job)
    assert (body["status"], body["progress"], body["rows_read"]) == ("RUNNING", 0.5, 2)
    assert body["links"]["cancel"] == f"{address}/cancel"


def test_one_import_runs_at_a_time(client: TestClient, importer: ImportLauncher, settings: Settings) -> None:
    address = send(client).headers["location"]
    child_of(importer)
    second = send(client)
    assert_problem(second, 409, "import-running")
    assert second.headers["location"] == second.json()["job"] == address
    assert len(files(settings)) == 1


def test_import_and_retrain_run_side_by_side(client: TestClient, importer: ImportLauncher) -> None:
    address = send(client).headers["location"]
    assert client.get("/retrain").json()["items"] == []
    assert [item["links"]["self"] for item in client.get("/imports").json()["items"]] == [address]
    assert_problem(client.get(address.replace("imports", "retrain")), 404, "retrain-not-found")


def test_cancelled_import_says_what_is_stored(
    client: TestClient, importer: ImportLauncher, settings: Settings
) -> None:
    address = send(client).headers["location"]
    child = child_of(importer)
    child.say(Step("importing", 0.5, RESULT))
    assert client.post(f"{address}/cancel").status_code == 202
    body = ended(client, address)
    assert (body["status"], body["rows_stored"]) == ("CANCELLED", 1)
    assert child.stopped
    assert files(settings) == []
    assert_problem(client.post(f"{address}/cancel"), 409, "import-ended")


def test_failed_import_says_why(client: TestClient, importer: ImportLauncher, settings: Settings) -> None:
    address = send(client).headers["location"]
    child = child_of(importer)
    child.say(Ended(None, f"{settings.data_dir.resolve()}/x.csv holds no rows.", (), RESULT))
    body = ended(client, address)
    assert (body["status"], body["error"], body["rows_stored"]) == ("FAILED", "x.csv holds no rows.", 1)


def test_import_that_cannot_be_started_fails(client: TestClient, importer: ImportLauncher) -> None:
    importer.refusal = "No more processes."
    body = ended(client, send(client).headers["location"])
    assert (body["status"], body["error"]) == ("FAILED", "No more processes.")


def test_same_key_and_file_get_the_same_import(
    client: TestClient, importer: ImportLauncher, settings: Settings
) -> None:
    first = send(client, **{"Idempotency-Key": "monday"})
    child_of(importer)
    second = send(client, **{"Idempotency-Key": "monday"})
    assert second.status_code == 202
    assert second.json()["id"] == first.json()["id"]
    assert len(files(settings)) == 1
    other = send(client, LINES + LINES, **{"Idempotency-Key": "monday"})
    assert_problem(other, 422, "idempotency-key-reused")
    assert len(files(settings)) == 1


def test_mapping_is_a_file_below_the_data_folder(
    client: TestClient, importer: ImportLauncher, settings: Settings
) -> None:
    (settings.data_dir / "map.toml").write_text('[age]\nfrom = "Age"\n')
    assert send(client, query="?mapping=map.toml").status_code == 202
    child_of(importer)
    assert importer.orders[0].mapping == (settings.data_dir / "map.toml").resolve()
    assert_problem(send(client, query="?mapping=../other.toml"), 422, "unusable-data-file")


def test_list_of_refused_rows_is_sent(client: TestClient, importer: ImportLauncher) -> None:
    address = send(client).headers["location"]
    child = child_of(importer)
    assert client.get(f"{address}/refused").text == ""
    importer.orders[0].refused.write_text('{"line":2,"reason":"ERASED"}\n')
    child.say(Ended(None, result=RESULT))
    ended(client, address)
    response = client.get(f"{address}/refused")
    assert response.headers["content-type"] == "application/x-ndjson"
    assert [json.loads(line) for line in response.text.splitlines()] == [{"line": 2, "reason": "ERASED"}]


def test_unknown_import_is_not_found(client: TestClient) -> None:
    for path in ("/imports/nothing", f"/imports/{'0' * 32}", f"/imports/{'0' * 32}/refused"):
        assert_problem(client.get(path), 404, "import-not-found")


def test_body_beyond_the_limit_of_other_routes_is_taken(
    client: TestClient, importer: ImportLauncher, settings: Settings
) -> None:
    def pieces() -> Iterator[bytes]:
        for _ in range(3 * settings.max_body_bytes // 2**20):
            yield LINES * (2**20 // len(LINES))

    assert send(client, pieces()).status_code == 202
    child_of(importer)
    assert len(importer.contents[0]) > 2 * settings.max_body_bytes


def test_file_beyond_the_limit_leaves_nothing(
    settings: Settings, store: MemoryStore, importer: ImportLauncher, registry: Registry
) -> None:
    small = settings.model_copy(update={"max_import_bytes": 100})
    with TestClient(create_app(small, store=store, import_launcher=importer)) as client:
        assert_problem(send(client, LINES * 10), 413, "body-too-large")
        assert_problem(send(client, iter([LINES] * 10)), 413, "body-too-large")
    assert files(settings) == []
    assert importer.orders == []


def test_files_of_ended_jobs_are_swept(client: TestClient, app: FastAPI, settings: Settings) -> None:
    imports = app.state.services.imports
    left, arriving = settings.data_dir / f".import-{'a' * 32}.csv", settings.data_dir / f".import-{'b' * 32}.csv"
    left.write_text("x")
    arriving.write_text("x")
    old = datetime.now(UTC).timestamp() - 3_600
    os.utime(left, (old, old))
    imports.sweep()
    assert not left.exists()
    assert arriving.exists()


def test_abandoned_import_is_failed(client: TestClient, store: MemoryStore, app: FastAPI) -> None:
    store.jobs.start(queued("c" * 32, {"format": "csv", "mapping": None, "bytes": 1}, "gone", "key"))
    body = ended(client, f"/imports/{'c' * 32}")
    assert body["status"] == JobStatus.FAILED
    assert body["error"] == "The process that ran this import gave no sign of life any more; start it again."
