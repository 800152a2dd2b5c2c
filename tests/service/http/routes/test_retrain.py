"""POST /retrain and GET /retrain: which requests start a retrain, and the list."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from service.app import create_app
from service.http.idempotency import ABANDONED_AFTER, KEY_LIFETIME
from service.paging import encode_cursor
from service.retraining.jobs import RetrainRequest
from service.retraining.launcher import Ended
from service.settings import Settings
from service.store.memory.idempotency import MemoryIdempotency
from service.store.memory.jobs import MemoryJobs
from service.store.memory.store import MemoryStore
from service.store.ports.errors import StoreUnavailable
from service.store.ports.idempotency import Claim
from service.store.ports.jobs import Job, JobStatus
from tests.service.http.routes.retrains import SIMULATED, begin, end
from tests.support.launcher import FakeLauncher
from tests.support.problems import assert_problem


def test_second_retrain_is_refused_with_a_link_to_the_first(client: TestClient, launcher: FakeLauncher) -> None:
    address, _ = begin(client, launcher)
    response = client.post("/retrain", json=SIMULATED)
    problem = assert_problem(response, 409, "retrain-running")
    assert problem["job"] == response.headers["location"] == address


def test_next_retrain_starts_after_the_first_has_ended(client: TestClient, launcher: FakeLauncher) -> None:
    address, child = begin(client, launcher)
    child.say(Ended(None, "No."))
    end(client, address)
    begin(client, launcher)


@pytest.mark.parametrize("k", [0, 51, "5", "all", True, None, 2.5, [], {"k": 1}])
def test_invalid_number_of_personas_is_one_error(client: TestClient, k: object) -> None:
    problem = assert_problem(client.post("/retrain", json={**SIMULATED, "k": k}), 422, "invalid-request")
    (error,) = problem["errors"]
    assert error["pointer"] == "/k"
    assert "from 1 to 50" in error["detail"]


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_forged_cursor_out_of_the_range_of_times_is_refused(client: TestClient, moment: str) -> None:
    response = client.get("/retrain", params={"cursor": encode_cursor(moment, "0" * 32)})
    assert_problem(response, 422, "unusable-cursor")


@pytest.mark.parametrize("job_id", ["x", "0" * 32, "%00", "0" * 300])
def test_unknown_retrain_is_not_found(client: TestClient, job_id: str) -> None:
    for response in (client.get(f"/retrain/{job_id}"), client.post(f"/retrain/{job_id}/cancel")):
        assert response.status_code == (422 if len(job_id) > 200 else 404)


def test_retrains_are_listed_newest_first_page_by_page(client: TestClient, launcher: FakeLauncher) -> None:
    made = []
    for _ in range(5):
        address, child = begin(client, launcher)
        child.say(Ended(None, "No."))
        made.append(end(client, address)["id"])
    first = client.get("/retrain?limit=3").json()
    second = client.get("/retrain", params={"limit": 3, "cursor": first["next_cursor"]}).json()
    assert [job["id"] for job in [*first["items"], *second["items"]]] == made[::-1]
    assert second["next_cursor"] is None


def test_page_of_retrains_whose_begin_is_removed_as_too_old_is_gone(
    client: TestClient, launcher: FakeLauncher, store: MemoryStore
) -> None:
    for _ in range(4):
        address, child = begin(client, launcher)
        child.say(Ended(None, "No."))
        end(client, address)
    first = client.get("/retrain?limit=2").json()
    assert store.jobs.remove_ended(-1.0, 1) == 1
    rest = client.get("/retrain", params={"cursor": first["next_cursor"]}).json()
    assert (len(rest["items"]), rest["next_cursor"]) == (1, None)
    assert store.jobs.remove_ended(-1.0, 10) == 2
    response = client.get("/retrain", params={"cursor": first["next_cursor"]})
    assert "without a cursor" in assert_problem(response, 410, "expired-cursor")["detail"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"source": "elsewhere"},
        {"source": "file"},
        {"source": "users", "path": "x.csv"},
        {"source": "users", "rows": 500},
        {"source": "simulated", "rows": 1},
        {"source": "simulated", "k": 0},
        {"source": "simulated", "k": 51},
        {"source": "simulated", "k": "many"},
        {"source": "simulated", "seed": -1},
        {"source": "simulated", "activate": "maybe"},
        {"source": "simulated", "sead": 1},
        {"source": "simulated", "rows": 500, "mapping": "map.toml"},
        {"source": "file", "path": "people.csv", "mapping": {}},
        {"source": "file", "path": "people.csv", "mapping": ["age"]},
    ],
)
def test_invalid_request_starts_no_retrain(
    client: TestClient, launcher: FakeLauncher, body: dict[str, Any]
) -> None:
    assert_problem(client.post("/retrain", json=body), 422, "invalid-request")
    assert client.get("/retrain").json()["items"] == []
    begin(client, launcher)


def test_file_below_the_data_folder_is_used_for_training(
    client: TestClient, launcher: FakeLauncher, settings: Settings
) -> None:
    (settings.data_dir / "people.csv").write_text("age\n30\n")
    begin(client, launcher, source="file", path="people.csv", rows=None)
    assert launcher.orders[-1].data == (settings.data_dir / "people.csv").resolve()


def test_folder_of_files_below_the_data_folder_is_used_for_training(
    client: TestClient, launcher: FakeLauncher, settings: Settings
) -> None:
    (settings.data_dir / "people").mkdir()
    begin(client, launcher, source="file", path="people", rows=None)
    assert launcher.orders[-1].data == (settings.data_dir / "people").resolve()


def test_mapping_below_the_data_folder_is_used_for_training(
    client: TestClient, launcher: FakeLauncher, settings: Settings
) -> None:
    (settings.data_dir / "people.csv").write_text("Age\n30\n")
    (settings.data_dir / "map.toml").write_text("age = { from = 'Age' }")
    begin(client, launcher, source="file", path="people.csv", mapping="map.toml", rows=None)
    assert launcher.orders[-1].mapping == (settings.data_dir / "map.toml").resolve()


def test_mapping_in_the_request_is_a_file_for_the_child_and_removed(
    client: TestClient, launcher: FakeLauncher, settings: Settings
) -> None:
    (settings.data_dir / "people.csv").write_text("Age\n30\n")
    mapping = {"age": {"from": "Age"}}
    address, child = begin(client, launcher, source="file", path="people.csv", mapping=mapping, rows=None)
    written = launcher.orders[-1].mapping
    assert written is not None
    assert json.loads(written.read_text()) == mapping
    assert written.stat().st_mode & 0o777 == 0o600
    child.say(Ended(None, "No."))
    assert end(client, address)["request"]["mapping"] == mapping
    assert [path.name for path in settings.data_dir.iterdir()] == ["people.csv"]


def test_mapping_outside_the_data_folder_is_refused(client: TestClient, settings: Settings) -> None:
    (settings.data_dir / "people.csv").write_text("Age\n30\n")
    body = {"source": "file", "path": "people.csv", "mapping": "../map.toml"}
    assert_problem(client.post("/retrain", json=body), 422, "unusable-data-file")


def test_invalid_mapping_is_one_error(client: TestClient) -> None:
    body = {"source": "file", "path": "people.csv", "mapping": 5}
    problem = assert_problem(client.post("/retrain", json=body), 422, "invalid-request")
    assert [error["pointer"] for error in problem["errors"]] == ["/mapping"]


@pytest.mark.parametrize(
    "path",
    [
        "../secret.csv",
        "/etc/passwd",
        "link.csv",
        "folder-link/secret.csv",
        "loop",
        "none.csv",
        ".",
        "a\x00b",
        "x" * 999,
    ],
)
def test_path_outside_the_data_folder_is_refused(
    client: TestClient, settings: Settings, tmp_path: Path, path: str
) -> None:
    (tmp_path / "secret.csv").write_text("age\n30\n")
    (settings.data_dir / "link.csv").symlink_to(tmp_path / "secret.csv")
    (settings.data_dir / "folder-link").symlink_to(tmp_path)
    (settings.data_dir / "loop").symlink_to(settings.data_dir / "loop")
    response = client.post("/retrain", json={"source": "file", "path": path})
    assert_problem(response, 422, "unusable-data-file")


def test_stored_profiles_are_exported_for_the_child_and_removed(
    client: TestClient, launcher: FakeLauncher, settings: Settings
) -> None:
    for number in range(3):
        client.put(f"/users/u{number}/profile", json={"age": 30 + number})
    address, child = begin(client, launcher, source="users", rows=None)
    order = launcher.orders[-1]
    assert order.data is not None
    assert (order.origin, order.data.parent) == ("users", settings.data_dir)
    assert order.data.read_text().splitlines() == ['{"age":30}', '{"age":31}', '{"age":32}']
    assert order.data.stat().st_mode & 0o777 == 0o600
    order.data.with_name(f"{order.data.name}.refused.csv").write_text("a row that training refused")
    child.say(Ended(None, "No."))
    end(client, address)
    assert list(settings.data_dir.iterdir()) == []


def test_retrain_on_users_needs_stored_profiles(client: TestClient) -> None:
    assert_problem(client.post("/retrain", json={"source": "users"}), 409, "nothing-to-train-on")


def test_request_repeated_under_one_idempotency_key_starts_one_retrain(
    client: TestClient, launcher: FakeLauncher
) -> None:
    key = {"Idempotency-Key": "monday"}
    first = client.post("/retrain", json=SIMULATED, headers=key)
    again = client.post("/retrain", json=SIMULATED, headers=key)
    assert (again.status_code, again.content) == (202, first.content)
    assert again.headers["location"] == first.headers["location"]
    assert len(client.get("/retrain").json()["items"]) == 1
    other = client.post("/retrain", json={**SIMULATED, "rows": 600}, headers=key)
    assert_problem(other, 422, "idempotency-key-reused")


def test_refused_request_may_be_repeated_under_its_idempotency_key(
    client: TestClient, launcher: FakeLauncher
) -> None:
    address, child = begin(client, launcher)
    key = {"Idempotency-Key": "tuesday"}
    assert client.post("/retrain", json=SIMULATED, headers=key).status_code == 409
    child.say(Ended(None, "No."))
    end(client, address)
    assert client.post("/retrain", json=SIMULATED, headers=key).status_code == 202


def test_idempotency_key_in_progress_is_refused(client: TestClient, store: MemoryStore) -> None:
    digest = hashlib.sha256(
        f"retrain {RetrainRequest.model_validate(SIMULATED).model_dump_json()}".encode()
    ).hexdigest()
    store.idempotency.claim("wednesday", digest, KEY_LIFETIME, ABANDONED_AFTER)
    response = client.post("/retrain", json=SIMULATED, headers={"Idempotency-Key": "wednesday"})
    assert_problem(response, 409, "idempotency-key-in-progress")


class FailingAfterTheStart(MemoryIdempotency):
    """Idempotency keys that cannot be written any more once a job has started."""

    def complete(self, claim: Claim, status: int, headers: Mapping[str, str], body: str) -> None:
        raise StoreUnavailable("The store is away.")


class FailingInTheStart(MemoryJobs):
    """Jobs whose start is stored, although the store reports that it failed."""

    def start(self, job: Job, claim: Claim | None = None) -> Job:
        super().start(job, claim)
        raise StoreUnavailable("The store is away.")


@pytest.mark.parametrize(
    "jobs", [MemoryJobs(idempotency=FailingAfterTheStart()), FailingInTheStart()], ids=["after", "in"]
)
def test_store_that_fails_around_the_start_lets_no_repetition_start_a_second_retrain(
    settings: Settings, launcher: FakeLauncher, jobs: MemoryJobs
) -> None:
    key = {"Idempotency-Key": "thursday"}
    with TestClient(create_app(settings, store=MemoryStore(jobs=jobs), launcher=launcher)) as client:
        client.post("/retrain", json=SIMULATED, headers=key)
        (job,) = jobs.latest(10)
        jobs.finish(job.id, JobStatus.FAILED)
        again = client.post("/retrain", json=SIMULATED, headers=key)
        assert (again.status_code, again.json()["id"]) == (202, job.id)
        assert again.headers["location"] == f"/retrain/{job.id}"
    assert jobs.latest(10) == [jobs.get(job.id)]
