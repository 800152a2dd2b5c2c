"""Supervision of retrains: leases, limits, cancellation, shutdown, and the schedule."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from time import sleep
from typing import Any

from fastapi import FastAPI
from starlette.testclient import TestClient

from models.storage.registry import Registry
from service.app import create_app
from service.retraining.heartbeat import STOPPED
from service.retraining.launcher import Ended
from service.settings import Settings
from service.store.memory.jobs import MemoryJobs
from service.store.memory.store import MemoryStore
from service.store.ports.errors import StoreUnavailable
from service.store.ports.jobs import Job, JobStatus
from testkit.waiting import eventually
from tests.service.http.routes.retrains import begin, end, train
from tests.support.launcher import FakeLauncher
from tests.support.problems import assert_problem

ABANDONED = "The process that ran this retrain gave no sign of life any more; start it again."


def test_cancelled_retrain_stops_its_child(client: TestClient, launcher: FakeLauncher) -> None:
    address, child = begin(client, launcher)
    assert client.post(f"{address}/cancel").status_code == 202
    job = end(client, address)
    assert (job["status"], job["error"]) == ("CANCELLED", "Cancelled as asked.")
    assert job["stage"].startswith("cancelled during “")
    assert child.stopped
    assert "cancel" not in job["links"]


def test_ended_retrain_cannot_be_cancelled(client: TestClient, launcher: FakeLauncher) -> None:
    address, child = begin(client, launcher)
    child.say(Ended(None, "No."))
    end(client, address)
    assert_problem(client.post(f"{address}/cancel"), 409, "retrain-ended")


def test_lease_is_renewed_while_the_child_is_silent(
    client: TestClient, launcher: FakeLauncher, store: MemoryStore
) -> None:
    address, _ = begin(client, launcher)
    job_id = address.rpartition("/")[2]
    first = store.jobs.get(job_id).heartbeat_at
    eventually(lambda: store.jobs.get(job_id).heartbeat_at > first + timedelta(seconds=1.2))
    assert store.jobs.get(job_id).status == JobStatus.RUNNING


def abandoned(job_id: str) -> Job:
    long_ago = datetime.now(UTC) - timedelta(minutes=5)
    return Job(
        id=job_id,
        status=JobStatus.QUEUED,
        request={"source": "users"},
        owner="gone:1:x",
        created_at=long_ago,
        heartbeat_at=long_ago,
    )


def test_job_of_a_dead_process_fails_and_its_files_are_removed(
    app: FastAPI, store: MemoryStore, settings: Settings
) -> None:
    job_id = "a" * 32
    store.jobs.start(abandoned(job_id))
    (settings.data_dir / f".retrain-{job_id}.jsonl").write_text("{}")
    (settings.data_dir / f".retrain-{job_id}.jsonl.refused.csv").write_text("1")
    (settings.data_dir / "other.csv").write_text("")
    with TestClient(app) as client:
        job = end(client, f"/retrain/{job_id}")
        assert (job["status"], job["error"]) == ("FAILED", ABANDONED)
        eventually(lambda: [path.name for path in settings.data_dir.iterdir()] == ["other.csv"])


def test_stopping_the_service_ends_its_retrain(app: FastAPI, store: MemoryStore, launcher: FakeLauncher) -> None:
    with TestClient(app) as client:
        address, child = begin(client, launcher)
    job = store.jobs.get(address.rpartition("/")[2])
    assert (job.status, job.error) == (JobStatus.FAILED, STOPPED)
    assert child.stopped


class LeavingJobs(MemoryJobs):
    """Unavailable once `away` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.away = False

    def heartbeat(
        self,
        job_id: str,
        owner: str,
        stage: str,
        progress: float,
        steps: Sequence[Mapping[str, Any]] = (),
    ) -> Job:
        if self.away:
            raise StoreUnavailable("The database does not answer.")
        return super().heartbeat(job_id, owner, stage, progress, steps)


def test_child_is_stopped_when_the_store_stays_unavailable(
    settings: Settings, launcher: FakeLauncher, registry: Registry
) -> None:
    jobs = LeavingJobs()
    with TestClient(create_app(settings, store=MemoryStore(jobs=jobs), launcher=launcher)) as client:
        address, child = begin(client, launcher)
        jobs.away = True
        eventually(lambda: child.stopped)
        assert end(client, address)["error"] == ABANDONED


def test_short_outage_of_the_store_does_not_fail_the_job(
    settings: Settings, launcher: FakeLauncher, registry: Registry
) -> None:
    jobs = LeavingJobs()
    with TestClient(create_app(settings, store=MemoryStore(jobs=jobs), launcher=launcher)) as client:
        address, child = begin(client, launcher)
        jobs.away = True
        child.say(Ended(train(registry)))
        jobs.away = False
        assert end(client, address)["status"] == "SUCCEEDED"


def test_expired_job_activates_nothing(
    client: TestClient, launcher: FakeLauncher, registry: Registry, store: MemoryStore
) -> None:
    before = registry.active()
    address, child = begin(client, launcher)
    store.jobs.expire(-60.0, ABANDONED)
    child.say(Ended(train(registry)))
    eventually(lambda: child.stopped)
    assert end(client, address)["error"] == ABANDONED
    assert registry.active() == before


def test_retrain_over_its_time_limit_is_stopped(
    settings: Settings, store: MemoryStore, launcher: FakeLauncher
) -> None:
    impatient = settings.model_copy(update={"retrain_seconds": 0.1})
    with TestClient(create_app(impatient, store=store, launcher=launcher)) as client:
        address, child = begin(client, launcher)
        job = end(client, address)
    assert job["status"] == "FAILED"
    assert "took longer than 0.1 s (setting RETRAIN_SECONDS)" in job["error"]
    assert child.stopped


def test_retrain_over_its_memory_limit_is_stopped(client: TestClient, launcher: FakeLauncher) -> None:
    address, child = begin(client, launcher)
    child.bytes_held = 5 * 10**9
    job = end(client, address)
    assert "more than 4,096 MB of memory (setting RETRAIN_MEMORY_MB)" in job["error"]
    assert child.stopped


def test_schedule_starts_one_retrain_on_the_stored_users(
    settings: Settings, store: MemoryStore, launcher: FakeLauncher, registry: Registry
) -> None:
    often = settings.model_copy(update={"retrain_every": 60.0, "upkeep_seconds": 0.05})
    with (
        TestClient(create_app(often, store=store, launcher=launcher)) as client,
        TestClient(create_app(often, store=store, launcher=launcher)),
    ):
        sleep(0.3)
        assert launcher.orders == []
        client.put("/users/u/profile", json={"age": 30})
        eventually(lambda: launcher.children)[0].say(Ended(None, "No."))
        sleep(0.5)
        (job,) = client.get("/retrain").json()["items"]
    assert (job["request"]["source"], job["request"]["by"]) == ("users", "the schedule (RETRAIN_EVERY)")


def test_no_retrain_starts_without_a_schedule(
    settings: Settings, store: MemoryStore, launcher: FakeLauncher, registry: Registry
) -> None:
    often = settings.model_copy(update={"upkeep_seconds": 0.05})
    with TestClient(create_app(often, store=store, launcher=launcher)) as client:
        client.put("/users/u/profile", json={"age": 30})
        sleep(0.3)
    assert launcher.orders == []
