"""GET /users:export."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from models.storage.registry import Registry
from service.container import Services
from service.store.memory.store import MemoryStore
from service.store.memory.users import MemoryUsers
from service.store.ports.errors import StoreUnavailable
from service.store.ports.users import AssignedUser
from service.users.export import BATCH, UserExport
from service.users.personas import Reading
from testkit.small_model import write_small_model
from testkit.waiting import eventually
from tests.support.problems import assert_problem

COLUMNS = ["user_id", "persona_id", "confidence", "assigned_at", "model_version", "status", "basis"]


def exported(client: TestClient) -> list[dict[str, Any]]:
    response = client.get("/users:export")
    assert response.status_code == 200
    return [json.loads(line) for line in response.text.splitlines()]


def exported_csv(client: TestClient) -> list[list[str]]:
    response = client.get("/users:export?format=csv")
    assert response.status_code == 200
    return list(csv.reader(io.StringIO(response.text, newline="")))


def put(client: TestClient, user_id: str, age: int = 30) -> None:
    response = client.post("/users:batchUpsert", json={"users": [{"user_id": user_id, "profile": {"age": age}}]})
    assert response.json()["items"][0]["status"] in (200, 201)


def test_export_of_nobody_is_empty(client: TestClient) -> None:
    assert exported(client) == []
    assert exported_csv(client) == [COLUMNS]


def test_row_says_what_the_user_s_persona_says(client: TestClient) -> None:
    put(client, "u")
    persona = client.get("/users/u/persona").json()
    (row,) = exported(client)
    assert list(row) == COLUMNS
    assert row == {name: persona.get(name) for name in COLUMNS} | {"persona_id": persona["persona"]["id"]}


def test_both_formats_have_the_same_rows(client: TestClient) -> None:
    for age in (20, 50, 80):
        put(client, f"u{age}", age)
    header, *rows = exported_csv(client)
    assert header == COLUMNS
    as_text = [[str(value) for value in row.values()] for row in exported(client)]
    assert rows == as_text


def test_user_who_objects_has_no_persona(client: TestClient, store: MemoryStore) -> None:
    put(client, "u")
    store.users.opt_out("u", datetime.now(UTC))
    (row,) = exported(client)
    assert row == dict.fromkeys(COLUMNS) | {"user_id": "u", "status": "OPTED_OUT"}
    assert exported_csv(client)[1] == ["u", "", "", "", "", "OPTED_OUT", ""]


def test_users_of_another_model_are_assigned_on_the_way(client: TestClient, registry: Registry) -> None:
    put(client, "u")
    version = write_small_model(registry.root, seed=3).name
    registry.activate(version)
    eventually(lambda: client.get("/personas").json()["model_version"] == version)
    assert [row["model_version"] for row in exported(client)] == [version]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "＝"])
def test_csv_holds_no_formula(client: TestClient, start: str) -> None:
    put(client, f"{start}cmd|' /C calc'!A0")
    assert exported_csv(client)[1][0] == f"'{start}cmd|' /C calc'!A0"
    assert exported(client)[0]["user_id"] == f"{start}cmd|' /C calc'!A0"


def test_id_with_separators_is_one_cell(client: TestClient) -> None:
    put(client, 'a,"b";c')
    assert exported_csv(client)[1][0] == 'a,"b";c'


def test_more_users_than_a_batch_are_all_there_once(client: TestClient, store: MemoryStore) -> None:
    count = 2 * BATCH + 1
    for start in range(0, count, 1_000):
        users = [{"user_id": f"u{n:05d}", "profile": {}} for n in range(start, min(start + 1_000, count))]
        assert client.post("/users:batchUpsert", json={"users": users}).status_code == 207
    assert [row["user_id"] for row in exported(client)] == [f"u{n:05d}" for n in range(count)]


def test_table_has_a_name_and_a_media_type(client: TestClient) -> None:
    response = client.get("/users:export?format=csv")
    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    assert response.headers["content-disposition"] == 'attachment; filename="users.csv"'
    assert response.headers["cache-control"] == "no-store"
    assert client.get("/users:export").headers["content-type"] == "application/x-ndjson"


def test_other_format_is_refused(client: TestClient) -> None:
    assert_problem(client.get("/users:export?format=xlsx"), 422, "invalid-request")


def test_export_needs_a_model(modelless: TestClient, store: MemoryStore) -> None:
    store.users.put("u", "{}", datetime.now(UTC), None)
    assert_problem(modelless.get("/users:export"), 503, "no-model")


def test_too_many_downloads_are_refused(client: TestClient, app: FastAPI) -> None:
    services: Services = app.state.services
    services.downloads.in_use = services.downloads.capacity
    assert_problem(client.get("/users:export"), 503, "overloaded")
    services.downloads.in_use = 0
    assert exported(client) == []
    assert services.downloads.in_use == 0


class CutOff(MemoryUsers):
    """Fails after the first batch, until it is available again."""

    available = False

    def assignments_after(self, user_id: str, limit: int) -> list[AssignedUser]:
        if user_id and not self.available:
            raise StoreUnavailable("The database does not answer.")
        return super().assignments_after(user_id, limit)


def test_reading_goes_on_after_a_failure(client: TestClient, app: FastAPI) -> None:
    services: Services = app.state.services
    users = CutOff()
    for number in range(3):
        users.put(f"u{number}", "{}", datetime.now(UTC), None)
    export = UserExport(users, services.model.require, lambda: Reading(datetime.now(UTC)), batch_size=2)
    assert [row.user_id for row in export.next_batch() or ()] == ["u0", "u1"]
    with pytest.raises(StoreUnavailable):
        export.next_batch()
    users.available = True
    assert [row.user_id for row in export.next_batch() or ()] == ["u2"]
    assert export.next_batch() is None


def test_stale_user_says_so(client: TestClient, app: FastAPI, store: MemoryStore) -> None:
    services: Services = app.state.services
    put(client, "u")
    later = datetime.now(UTC) + timedelta(days=2)
    export = UserExport(store.users, services.model.require, lambda: Reading(later, stale_after=timedelta(days=1)))
    assert [row.status for row in export.next_batch() or ()] == ["STALE"]
