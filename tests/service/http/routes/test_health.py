"""/, /livez, /readyz, /metrics and /docs."""

import re
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue

import pytest
from starlette.testclient import TestClient

from models.storage.artifact import ARRAYS
from models.storage.manifest import Origin
from models.storage.registry import ACTIVE, Registry
from service.app import create_app
from service.settings import Settings
from service.store.memory.jobs import MemoryJobs
from service.store.memory.store import MemoryStore
from service.store.memory.users import MemoryUsers
from service.store.ports.errors import StoreUnavailable, WouldBlock
from service.store.ports.jobs import Job
from service.store.ports.users import AssignedUser, StoredUser
from testkit.small_model import write_small_model
from testkit.waiting import eventually

# More than the threads that Starlette gives to all routes over the store.
POOL = 50


def failing(client: TestClient) -> list[str]:
    """The names of the checks that fail; the status must agree."""
    response = client.get("/readyz")
    names = [check["name"] for check in response.json()["checks"] if not check["ok"]]
    assert response.status_code == (503 if names else 200)
    assert response.json()["ready"] is (not names)
    return names


class BrokenStore(MemoryStore):
    """Does not answer."""

    def check(self) -> None:
        raise StoreUnavailable("The database does not answer.")


class HangingUsers(MemoryUsers):
    """Takes its time until it is let go."""

    def __init__(self, let_go: threading.Event, calls: SimpleQueue[str]) -> None:
        super().__init__()
        self.let_go, self.calls = let_go, calls

    def assignments(self, user_ids: Sequence[str]) -> dict[str, AssignedUser]:
        self.let_go.wait(30)
        return super().assignments(user_ids)

    def assignments_nowait(self, user_ids: Sequence[str]) -> dict[str, AssignedUser]:
        raise WouldBlock("The database would block.")

    def iterate(self, batch_size: int) -> Iterator[list[StoredUser]]:
        self.calls.put("iterate")
        self.let_go.wait(30)
        return super().iterate(batch_size)


class HangingJobs(MemoryJobs):
    """Takes its time until it is let go."""

    def __init__(self, let_go: threading.Event, calls: SimpleQueue[str]) -> None:
        super().__init__()
        self.let_go, self.calls = let_go, calls

    def get(self, job_id: str) -> Job:
        self.calls.put("get")
        self.let_go.wait(30)
        return super().get(job_id)


class HangingStore(MemoryStore):
    """Takes its time until it is let go; `calls` names those that have begun."""

    def __init__(self) -> None:
        self.let_go = threading.Event()
        self.calls: SimpleQueue[str] = SimpleQueue()
        users = HangingUsers(self.let_go, self.calls)
        super().__init__(users=users, jobs=HangingJobs(self.let_go, self.calls))

    def check(self) -> None:
        self.let_go.wait(30)


def test_service_with_model_and_store_is_ready(client: TestClient) -> None:
    assert failing(client) == []
    assert client.get("/readyz").json()["simulated"] is True


def test_service_without_a_model_is_alive_but_not_ready(modelless: TestClient) -> None:
    assert modelless.get("/livez").status_code == 200
    assert failing(modelless) == ["model_loaded", "golden_predictions"]


def test_first_model_makes_the_service_ready_immediately(modelless: TestClient, settings: Settings) -> None:
    registry = Registry(settings.artifacts_dir)
    registry.activate(write_small_model(registry.root).name)
    assert failing(modelless) == []


def test_readiness_reports_an_unavailable_store(settings: Settings, registry: Registry) -> None:
    with TestClient(create_app(settings, store=BrokenStore())) as client:
        assert failing(client) == ["store"]
        assert client.post("/segment", json={}).status_code == 200


def test_readiness_reports_a_hanging_store_within_its_timeout(settings: Settings, registry: Registry) -> None:
    store = HangingStore()
    impatient = settings.model_copy(update={"readiness_timeout_seconds": 0.05})
    with TestClient(create_app(impatient, store=store)) as client:
        assert failing(client) == ["store"]
        assert failing(client) == ["store"]
        store.let_go.set()
        assert failing(client) in ([], ["store"])


def test_hanging_store_delays_neither_health_nor_assignments(settings: Settings, registry: Registry) -> None:
    store = HangingStore()
    impatient = settings.model_copy(update={"readiness_timeout_seconds": 0.05})
    with TestClient(create_app(impatient, store=store)) as client, ThreadPoolExecutor(POOL) as threads:
        waiting = [threads.submit(client.get, "/users/somebody/persona") for _ in range(POOL)]
        eventually(lambda: f"in_flight {POOL + 1}.0" in client.get("/metrics").text)
        assert failing(client) == ["store"]
        assert client.get("/livez").status_code == 200
        assert client.post("/segment/batch", json={"profiles": [{}]}).status_code == 207
        store.let_go.set()
        assert {response.result().status_code for response in waiting} == {404}


@pytest.mark.parametrize("path", ["/models/{version}/comparison", "/retrain/{job_id}/events"])
def test_comparisons_and_event_streams_of_a_hanging_store_delay_no_other_request(
    settings: Settings, registry: Registry, path: str
) -> None:
    store = HangingStore()
    long_body = {"profiles": [{"hobbies": ["reading"]}] * 1_000}
    with TestClient(create_app(settings, store=store)) as client, ThreadPoolExecutor(POOL) as threads:
        url = path.format(version=registry.active(), job_id="0" * 32)
        waiting = [threads.submit(client.get, url) for _ in range(POOL)]
        eventually(lambda: store.calls.qsize() > 0)
        for _ in range(3):
            assert client.post("/segment/batch", json=long_body).status_code == 207
        assert client.get("/metrics").status_code == 200
        store.let_go.set()
        assert {response.result().status_code for response in waiting} <= {200, 404, 503}


def test_readiness_reports_a_damaged_active_version(client: TestClient, registry: Registry) -> None:
    folder = write_small_model(registry.root, seed=1)
    (folder / ARRAYS).write_bytes(b"damaged")
    registry.activate(folder.name)
    assert failing(client) == ["active_followed"]
    assert client.post("/segment", json={}).status_code == 200


def test_readiness_reports_a_missing_active_file(client: TestClient, registry: Registry) -> None:
    (registry.root / ACTIVE).unlink()
    assert failing(client) == ["active_followed"]


def test_index_names_the_active_model(client: TestClient, registry: Registry) -> None:
    model = client.get("/").json()["model"]
    assert model["version"] == registry.active()
    assert model["simulated"] is True


@pytest.mark.parametrize("source", ["simulated", "file", "users"])
def test_open_index_names_neither_the_file_nor_how_many_people(
    source: str, modelless: TestClient, settings: Settings
) -> None:
    registry = Registry(settings.artifacts_dir)
    description = "48,213 profiles from customers-2026.csv."
    origin = Origin.model_validate(
        {"source": source, "simulated": source == "simulated", "description": description, "rows": 48_213}
        | {"refused_rows": 7, "fingerprint": "00"}
    )
    registry.activate(write_small_model(registry.root, origin=origin).name)
    assert failing(modelless) == []
    page = modelless.get("/")
    assert page.json()["model"]["origin"]
    assert not re.search(r"48|customers|csv", page.json()["model"]["origin"])
    assert description in modelless.get("/personas").text


def test_index_without_a_model_has_none(modelless: TestClient) -> None:
    assert modelless.get("/").json()["model"] is None


def test_metrics_count_requests_by_route_and_unknown_values_by_field(client: TestClient) -> None:
    client.post("/segment", json={"hobbies": ["never heard of"]})
    client.put("/users/somebody/profile", json={})
    client.get("/no/such/thing")
    text = client.get("/metrics").text
    assert 'requests_total{method="POST",route="/segment",status="200"} 1.0' in text
    assert 'route="/users/{user_id}/profile"' in text
    assert 'route="unmatched",status="404"' in text
    assert 'segments_unknown_values_total{field="hobbies"} 1.0' in text
    assert 'segments_profiles_assigned_total{way="single"} 1.0' in text
    assert "segments_model_simulated 1.0" in text
    assert "never heard" not in text
    assert "somebody" not in text


def test_every_metric_name_has_the_prefix(client: TestClient) -> None:
    names = re.findall(r"^# TYPE (\S+)", client.get("/metrics").text, re.MULTILINE)
    assert names
    assert all(name.startswith("segments_") for name in names)


def test_no_counter_has_a_series_for_its_creation_time(client: TestClient) -> None:
    names = re.findall(r"^# TYPE (\S+)", client.get("/metrics").text, re.MULTILINE)
    assert not [name for name in names if name.endswith("_created")]


def test_two_services_in_one_process_count_separately(
    client: TestClient, settings: Settings, registry: Registry
) -> None:
    client.post("/segment", json={})
    with TestClient(create_app(settings, store=MemoryStore())) as other:
        assert 'route="/segment"' not in other.get("/metrics").text


@pytest.mark.parametrize(
    "path", ["/docs", "/static/docs.js", "/static/docs/swagger-ui-bundle.js", "/static/docs/swagger-ui.css"]
)
def test_docs_page_is_served_locally(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 200


def test_docs_page_references_no_other_host(client: TestClient) -> None:
    page = client.get("/docs")
    assert not re.findall(r"(?:src|href)=\"(?!static/)", page.text)
    assert "default-src 'none'" in page.headers["content-security-policy"]
