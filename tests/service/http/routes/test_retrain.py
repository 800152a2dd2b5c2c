"""POST /retrain and what becomes of it, with a launcher that does as it is told."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import sleep
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from models.storage.manifest import Verdict
from models.storage.registry import Registry
from service.app import create_app
from service.paging import encode_cursor
from service.retraining.heartbeat import STOPPED
from service.retraining.jobs import RetrainRequest
from service.retraining.launcher import Ended, Step
from service.retraining.supervisor import ABANDONED
from service.settings import Settings
from service.store.memory.jobs import MemoryJobs
from service.store.memory.store import MemoryStore
from service.store.ports.errors import StoreUnavailable
from service.store.ports.jobs import Job, JobStatus
from testkit.small_model import write_small_model
from testkit.waiting import eventually
from tests.support.launcher import FakeChild, FakeLauncher
from tests.support.problems import assert_problem

SIMULATED = {"source": "simulated", "rows": 500}
ENDED = {"SUCCEEDED", "FAILED", "CANCELLED"}


def begin(client: TestClient, launcher: FakeLauncher, **body: Any) -> tuple[str, FakeChild]:
    """Start a retrain; its address and its child."""
    before = len(launcher.children)
    answer = client.post("/retrain", json={**SIMULATED, **body})
    assert answer.status_code == 202, answer.text
    eventually(lambda: len(launcher.children) > before)
    return answer.headers["location"], launcher.children[-1]


def end(client: TestClient, address: str) -> dict[str, Any]:
    """The job once it has ended."""

    def ended() -> dict[str, Any] | None:
        job: dict[str, Any] = client.get(address).json()
        return job if job["status"] in ENDED else None

    job = eventually(ended)
    assert job is not None
    assert job["finished_at"]
    return job


def train(registry: Registry, seed: int = 1, **changes: Any) -> str:
    return write_small_model(registry.root, seed=seed, **changes).name


FAILED_CHECK = Verdict(name="smallest", passed=False, sentence="The smallest persona has 0.1 %.")


def test_a_retrain_is_accepted_and_can_be_followed(client: TestClient, launcher: FakeLauncher) -> None:
    answer = client.post("/retrain", json=SIMULATED)
    job = answer.json()
    assert answer.status_code == 202
    assert answer.headers["location"] == job["links"]["self"] == f"/retrain/{job['id']}"
    assert int(answer.headers["retry-after"]) > 0
    assert job["status"] == "QUEUED"
    assert job["request"]["rows"] == 500
    child = eventually(lambda: launcher.children)[0]
    child.say(Step("choosing how many personas", 0.4))
    seen = eventually(lambda: (j := client.get(job["links"]["self"]).json())["progress"] and j)
    assert (seen["status"], seen["stage"], seen["progress"]) == (
        "RUNNING",
        "choosing how many personas",
        0.4,
    )


def test_a_model_whose_checks_passed_is_put_in_force(
    client: TestClient, launcher: FakeLauncher, registry: Registry
) -> None:
    address, child = begin(client, launcher)
    version = train(registry)
    child.say(Ended(version))
    job = end(client, address)
    assert job["status"] == "SUCCEEDED"
    assert job["result"]["model_version"] == version
    assert job["result"]["activated"] is True
    eventually(lambda: client.post("/segment", json={}).json()["model_version"] == version, seconds=2)


def test_the_worker_that_put_a_model_in_force_answers_with_it_at_once(
    settings: Settings, store: MemoryStore, launcher: FakeLauncher, registry: Registry
) -> None:
    seldom = settings.model_copy(update={"model_poll_seconds": 60})
    with TestClient(create_app(seldom, store=store, launcher=launcher)) as client:
        address, child = begin(client, launcher)
        version = train(registry)
        child.say(Ended(version))
        assert end(client, address)["status"] == "SUCCEEDED"
        assert client.post("/segment", json={}).json()["model_version"] == version


def test_a_model_with_a_failed_check_waits_for_review(
    client: TestClient, launcher: FakeLauncher, registry: Registry
) -> None:
    before = registry.active()
    address, child = begin(client, launcher)
    child.say(Ended(train(registry, verdicts=(FAILED_CHECK,))))
    result = end(client, address)["result"]
    assert result["activated"] is False
    assert FAILED_CHECK.sentence in result["reason"]
    assert registry.active() == before


def test_always_puts_it_in_force_and_says_so(
    client: TestClient, launcher: FakeLauncher, registry: Registry
) -> None:
    address, child = begin(client, launcher, activate="always")
    version = train(registry, verdicts=(FAILED_CHECK,))
    child.say(Ended(version))
    result = end(client, address)["result"]
    assert result["activated"] is True
    assert "as was asked" in result["reason"]
    assert registry.active() == version


def test_never_leaves_it_for_review(client: TestClient, launcher: FakeLauncher, registry: Registry) -> None:
    before = registry.active()
    address, child = begin(client, launcher, activate="never")
    child.say(Ended(train(registry)))
    assert end(client, address)["result"]["activated"] is False
    assert registry.active() == before


def test_a_second_retrain_is_refused_with_a_link_to_the_first(client: TestClient, launcher: FakeLauncher) -> None:
    address, _ = begin(client, launcher)
    answer = client.post("/retrain", json=SIMULATED)
    problem = assert_problem(answer, 409, "retrain-running")
    assert problem["job"] == answer.headers["location"] == address


def test_the_slot_is_free_again_after_the_end(client: TestClient, launcher: FakeLauncher) -> None:
    address, child = begin(client, launcher)
    child.say(Ended(None, "No."))
    end(client, address)
    begin(client, launcher)


def test_a_child_that_fails_fails_the_job_with_its_sentence_and_last_lines(
    client: TestClient, launcher: FakeLauncher, registry: Registry
) -> None:
    before = registry.active()
    address, child = begin(client, launcher)
    child.say(Ended(None, "All profiles are the same.", ("one", "two")))
    job = end(client, address)
    assert (job["status"], job["error"]) == ("FAILED", "All profiles are the same.")
    assert job["result"]["last_output"] == ["one", "two"]
    assert registry.active() == before


def test_a_failed_job_does_not_tell_where_the_data_lies(
    client: TestClient, launcher: FakeLauncher, settings: Settings
) -> None:
    address, child = begin(client, launcher)
    sentence = f"{settings.data_dir.resolve()}/people.csv holds no rows."
    child.say(Ended(None, sentence, (f"error: {sentence}",)))
    job = end(client, address)
    assert job["error"] == "people.csv holds no rows."
    assert job["result"]["last_output"] == ["error: people.csv holds no rows."]


@pytest.mark.parametrize("k", [0, 51, "5", "all", True, None, 2.5, [], {"k": 1}])
def test_a_number_of_personas_that_does_not_fit_is_one_error_at_its_place(client: TestClient, k: object) -> None:
    problem = assert_problem(client.post("/retrain", json={**SIMULATED, "k": k}), 422, "invalid-request")
    (error,) = problem["errors"]
    assert error["pointer"] == "/k"
    assert "from 1 to 50" in error["detail"]


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_forged_cursor_beyond_all_times_is_refused(client: TestClient, moment: str) -> None:
    answer = client.get("/retrain", params={"cursor": encode_cursor(moment, "0" * 32)})
    assert_problem(answer, 422, "unusable-cursor")


def test_a_model_that_cannot_be_read_fails_the_job(
    client: TestClient, launcher: FakeLauncher, registry: Registry
) -> None:
    address, child = begin(client, launcher)
    version = train(registry)
    (registry.root / version / "arrays.npz").write_bytes(b"damaged")
    child.say(Ended(version))
    job = end(client, address)
    assert job["status"] == "FAILED"
    assert "arrays.npz" in job["error"]
    assert registry.active() != version


@pytest.mark.parametrize("version", ["20200101-000000-00000000", "../..", ""])
def test_a_child_that_names_no_model_fails_the_job(
    client: TestClient, launcher: FakeLauncher, version: str
) -> None:
    address, child = begin(client, launcher)
    child.say(Ended(version))
    assert end(client, address)["status"] == "FAILED"


def test_a_retrain_is_cancelled_and_its_child_stopped(client: TestClient, launcher: FakeLauncher) -> None:
    address, child = begin(client, launcher)
    assert client.post(f"{address}/cancel").status_code == 202
    job = end(client, address)
    assert (job["status"], job["error"]) == ("CANCELLED", "Cancelled as asked.")
    assert child.stopped
    assert "cancel" not in job["links"]


def test_what_has_ended_cannot_be_cancelled(client: TestClient, launcher: FakeLauncher) -> None:
    address, child = begin(client, launcher)
    child.say(Ended(None, "No."))
    end(client, address)
    assert_problem(client.post(f"{address}/cancel"), 409, "retrain-ended")


@pytest.mark.parametrize("job_id", ["x", "0" * 32, "%00", "0" * 300])
def test_a_retrain_that_never_was_is_not_found(client: TestClient, job_id: str) -> None:
    for answer in (client.get(f"/retrain/{job_id}"), client.post(f"/retrain/{job_id}/cancel")):
        assert answer.status_code == (422 if len(job_id) > 200 else 404)


def test_a_launcher_that_refuses_fails_the_job(client: TestClient, launcher: FakeLauncher) -> None:
    launcher.refusal = "Training could not be started: no memory."
    job = end(client, client.post("/retrain", json=SIMULATED).headers["location"])
    assert (job["status"], job["error"]) == ("FAILED", launcher.refusal)


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
    ],
)
def test_a_request_that_does_not_fit_takes_no_slot(
    client: TestClient, launcher: FakeLauncher, body: dict[str, Any]
) -> None:
    assert_problem(client.post("/retrain", json=body), 422, "invalid-request")
    assert client.get("/retrain").json()["items"] == []
    begin(client, launcher)


def test_a_file_below_the_data_folder_is_trained_on(
    client: TestClient, launcher: FakeLauncher, settings: Settings
) -> None:
    (settings.data_dir / "people.csv").write_text("age\n30\n")
    begin(client, launcher, source="file", path="people.csv", rows=None)
    assert launcher.orders[-1].data == (settings.data_dir / "people.csv").resolve()


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
def test_a_path_that_leads_elsewhere_is_refused(
    client: TestClient, settings: Settings, tmp_path: Path, path: str
) -> None:
    (tmp_path / "secret.csv").write_text("age\n30\n")
    (settings.data_dir / "link.csv").symlink_to(tmp_path / "secret.csv")
    (settings.data_dir / "folder-link").symlink_to(tmp_path)
    (settings.data_dir / "loop").symlink_to(settings.data_dir / "loop")
    answer = client.post("/retrain", json={"source": "file", "path": path})
    assert_problem(answer, 422, "unusable-data-file")


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


def test_without_stored_profiles_there_is_nothing_to_train_on(client: TestClient) -> None:
    assert_problem(client.post("/retrain", json={"source": "users"}), 409, "nothing-to-train-on")


def test_a_silent_child_keeps_its_lease(client: TestClient, launcher: FakeLauncher, store: MemoryStore) -> None:
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


def test_a_job_whose_process_is_gone_is_failed_and_its_file_removed(
    app: FastAPI, store: MemoryStore, settings: Settings
) -> None:
    job_id = "a" * 32
    store.jobs.start(abandoned(job_id))
    (settings.data_dir / f".retrain-{job_id}.jsonl").write_text("{}")
    (settings.data_dir / f".retrain-{job_id}.jsonl.refused.csv").write_text("1")
    (settings.data_dir / "kept.csv").write_text("")
    with TestClient(app) as client:
        job = end(client, f"/retrain/{job_id}")
        assert (job["status"], job["error"]) == ("FAILED", ABANDONED)
        eventually(lambda: [path.name for path in settings.data_dir.iterdir()] == ["kept.csv"])


def test_stopping_the_service_ends_its_retrain(app: FastAPI, store: MemoryStore, launcher: FakeLauncher) -> None:
    with TestClient(app) as client:
        address, child = begin(client, launcher)
    job = store.jobs.get(address.rpartition("/")[2])
    assert (job.status, job.error) == (JobStatus.FAILED, STOPPED)
    assert child.stopped


class LeavingJobs(MemoryJobs):
    """Answers until it is told to be away."""

    def __init__(self) -> None:
        super().__init__()
        self.away = False

    def heartbeat(
        self,
        job_id: str,
        owner: str,
        at: datetime,
        stage: str,
        progress: float,
        steps: Sequence[Mapping[str, Any]] = (),
    ) -> Job:
        if self.away:
            raise StoreUnavailable("The database does not answer.")
        return super().heartbeat(job_id, owner, at, stage, progress, steps)


def test_a_store_that_stays_away_does_not_leave_the_child_running(
    settings: Settings, launcher: FakeLauncher, registry: Registry
) -> None:
    jobs = LeavingJobs()
    with TestClient(create_app(settings, store=MemoryStore(jobs=jobs), launcher=launcher)) as client:
        address, child = begin(client, launcher)
        jobs.away = True
        eventually(lambda: child.stopped)
        assert end(client, address)["error"] == ABANDONED


def test_a_store_that_comes_back_in_time_is_forgiven(
    settings: Settings, launcher: FakeLauncher, registry: Registry
) -> None:
    jobs = LeavingJobs()
    with TestClient(create_app(settings, store=MemoryStore(jobs=jobs), launcher=launcher)) as client:
        address, child = begin(client, launcher)
        jobs.away = True
        child.say(Ended(train(registry)))
        jobs.away = False
        assert end(client, address)["status"] == "SUCCEEDED"


def test_a_job_that_others_took_for_dead_puts_nothing_in_force(
    client: TestClient, launcher: FakeLauncher, registry: Registry, store: MemoryStore
) -> None:
    before = registry.active()
    address, child = begin(client, launcher)
    now = datetime.now(UTC)
    store.jobs.expire(now + timedelta(minutes=1), now, ABANDONED)
    child.say(Ended(train(registry)))
    eventually(lambda: child.stopped)
    assert end(client, address)["error"] == ABANDONED
    assert registry.active() == before


# --- steps, limits, events, keys, schedule ---------------------------------------------------------


def test_the_steps_of_a_retrain_are_told_in_order(client: TestClient, launcher: FakeLauncher) -> None:
    address, child = begin(client, launcher)
    for name, share in (("reading", 0.1), ("fitting", 0.3), ("fitting", 0.5)):
        child.say(Step(name, share))
    steps = eventually(lambda: (s := client.get(address).json()["steps"])[2:] and s[-1]["progress"] == 0.5 and s)
    assert [(step["name"], step["progress"]) for step in steps][-2:] == [("reading", 0.1), ("fitting", 0.5)]


def test_a_retrain_that_takes_too_long_is_stopped(
    settings: Settings, store: MemoryStore, launcher: FakeLauncher
) -> None:
    hasty = settings.model_copy(update={"retrain_seconds": 0.1})
    with TestClient(create_app(hasty, store=store, launcher=launcher)) as client:
        address, child = begin(client, launcher)
        job = end(client, address)
    assert job["status"] == "FAILED"
    assert "took longer than 0.1 s (setting RETRAIN_SECONDS)" in job["error"]
    assert child.stopped


def test_a_retrain_that_takes_too_much_memory_is_stopped(client: TestClient, launcher: FakeLauncher) -> None:
    address, child = begin(client, launcher)
    child.bytes_held = 5 * 10**9
    job = end(client, address)
    assert "more than 4,096 MB of memory (setting RETRAIN_MEMORY_MB)" in job["error"]
    assert child.stopped


def test_acceptance_thresholds_go_to_the_child(
    settings: Settings, store: MemoryStore, launcher: FakeLauncher
) -> None:
    strict = settings.model_copy(update={"gate_max_born": 0})
    with TestClient(create_app(strict, store=store, launcher=launcher)) as client:
        begin(client, launcher)
    assert launcher.orders[0].thresholds["max_born"] == "0"
    assert launcher.orders[0].thresholds["max_changed_share"] == "0.3"


def test_who_insists_is_kept(client: TestClient, launcher: FakeLauncher, registry: Registry) -> None:
    address, child = begin(client, launcher, activate="always", by="Anne of ops")
    child.say(Ended(train(registry, verdicts=(FAILED_CHECK,))))
    assert "as was asked by Anne of ops" in end(client, address)["result"]["reason"]
    (latest, *_) = client.get("/models/activations").json()["items"]
    assert latest["by"] == "Anne of ops"
    assert FAILED_CHECK.sentence in latest["reason"]


def test_model_compared_with_a_version_no_longer_active_waits(
    client: TestClient, launcher: FakeLauncher, registry: Registry
) -> None:
    address, child = begin(client, launcher)
    child.say(Ended(train(registry, previous="20200101-000000-00000000")))
    result = end(client, address)["result"]
    assert result["activated"] is False
    assert "is not active any more" in result["reason"]


def events_of(text: str) -> list[tuple[str, dict[str, Any]]]:
    blocks = [block.splitlines() for block in text.split("\n\n") if block.startswith("event:")]
    return [(kind.removeprefix("event: "), json.loads(data.removeprefix("data: "))) for kind, data in blocks]


def test_events_tell_a_retrain_until_it_ends(client: TestClient, launcher: FakeLauncher) -> None:
    address, child = begin(client, launcher)
    child.say(Step("fitting", 0.5))
    eventually(lambda: client.get(address).json()["progress"] == 0.5)
    with ThreadPoolExecutor(1) as pool:
        watching = pool.submit(client.get, f"{address}/events")
        sleep(0.7)
        child.say(Ended(None, "No."))
        answer = watching.result(timeout=10)
    assert answer.headers["content-type"].startswith("text/event-stream")
    told = events_of(answer.text)
    assert [kind for kind, _ in told] == ["progress", "end"]
    assert (told[0][1]["progress"], told[1][1]["status"]) == (0.5, "FAILED")


def test_events_of_a_retrain_that_has_ended_are_its_end(client: TestClient, launcher: FakeLauncher) -> None:
    address, child = begin(client, launcher)
    child.say(Ended(None, "No."))
    job = end(client, address)
    assert events_of(client.get(f"{address}/events").text) == [("end", job)]
    assert_problem(client.get(f"/retrain/{'0' * 32}/events"), 404, "retrain-not-found")


def test_streams_are_bounded_in_time_and_number(
    settings: Settings, store: MemoryStore, launcher: FakeLauncher
) -> None:
    short = settings.model_copy(update={"event_seconds": 0.2, "event_streams": 1})
    with TestClient(create_app(short, store=store, launcher=launcher)) as client:
        address, _ = begin(client, launcher)
        assert events_of(client.get(f"{address}/events").text)[0][0] == "progress"
    none = settings.model_copy(update={"event_streams": 0})
    with TestClient(create_app(none, store=store, launcher=launcher)) as client:
        assert_problem(client.get(f"{address}/events"), 503, "too-many-streams")


def test_a_request_repeated_under_one_key_starts_one_retrain(client: TestClient, launcher: FakeLauncher) -> None:
    key = {"Idempotency-Key": "monday"}
    first = client.post("/retrain", json=SIMULATED, headers=key)
    again = client.post("/retrain", json=SIMULATED, headers=key)
    assert (again.status_code, again.content) == (202, first.content)
    assert again.headers["location"] == first.headers["location"]
    assert len(client.get("/retrain").json()["items"]) == 1
    other = client.post("/retrain", json={**SIMULATED, "rows": 600}, headers=key)
    assert_problem(other, 422, "idempotency-key-reused")


def test_a_request_that_was_refused_may_be_repeated(client: TestClient, launcher: FakeLauncher) -> None:
    address, child = begin(client, launcher)
    key = {"Idempotency-Key": "tuesday"}
    assert client.post("/retrain", json=SIMULATED, headers=key).status_code == 409
    child.say(Ended(None, "No."))
    end(client, address)
    assert client.post("/retrain", json=SIMULATED, headers=key).status_code == 202


def test_a_key_under_way_is_refused_for_now(client: TestClient, store: MemoryStore) -> None:
    now = datetime.now(UTC)
    digest = hashlib.sha256(
        f"retrain {RetrainRequest.model_validate(SIMULATED).model_dump_json()}".encode()
    ).hexdigest()
    store.idempotency.claim("wednesday", digest, now, now - timedelta(hours=24), now - timedelta(minutes=1))
    answer = client.post("/retrain", json=SIMULATED, headers={"Idempotency-Key": "wednesday"})
    assert_problem(answer, 409, "idempotency-key-in-progress")


def test_the_schedule_starts_one_retrain_on_the_stored_users(
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


def test_without_a_schedule_nothing_is_started(
    settings: Settings, store: MemoryStore, launcher: FakeLauncher, registry: Registry
) -> None:
    quick = settings.model_copy(update={"upkeep_seconds": 0.05})
    with TestClient(create_app(quick, store=store, launcher=launcher)) as client:
        client.put("/users/u/profile", json={"age": 30})
        sleep(0.3)
    assert launcher.orders == []
