"""The progress of a retrain, polled and as events."""

import json
from concurrent.futures import ThreadPoolExecutor
from time import sleep
from typing import Any

from starlette.testclient import TestClient

from service.app import create_app
from service.retraining.launcher import Ended, Step
from service.settings import Settings
from service.store.memory.store import MemoryStore
from testkit.waiting import eventually
from tests.service.http.routes.retrains import SIMULATED, begin, end
from tests.support.launcher import FakeLauncher
from tests.support.problems import assert_problem


def test_retrain_is_accepted_and_its_progress_is_readable(client: TestClient, launcher: FakeLauncher) -> None:
    response = client.post("/retrain", json=SIMULATED)
    job = response.json()
    assert response.status_code == 202
    assert response.headers["location"] == job["links"]["self"] == f"/retrain/{job['id']}"
    assert int(response.headers["retry-after"]) > 0
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


def test_steps_of_a_retrain_are_listed_in_order(client: TestClient, launcher: FakeLauncher) -> None:
    address, child = begin(client, launcher)
    for name, share in (("reading", 0.1), ("fitting", 0.3), ("fitting", 0.5)):
        child.say(Step(name, share))
    steps = eventually(lambda: (s := client.get(address).json()["steps"])[2:] and s[-1]["progress"] == 0.5 and s)
    assert [(step["name"], step["progress"]) for step in steps][-2:] == [("reading", 0.1), ("fitting", 0.5)]


def events_of(text: str) -> list[tuple[str, dict[str, Any]]]:
    blocks = [block.splitlines() for block in text.split("\n\n") if block.startswith("event:")]
    return [(kind.removeprefix("event: "), json.loads(data.removeprefix("data: "))) for kind, data in blocks]


def test_events_report_a_retrain_until_it_ends(client: TestClient, launcher: FakeLauncher) -> None:
    address, child = begin(client, launcher)
    child.say(Step("fitting", 0.5))
    eventually(lambda: client.get(address).json()["progress"] == 0.5)
    with ThreadPoolExecutor(1) as pool:
        watching = pool.submit(client.get, f"{address}/events")
        sleep(0.7)
        child.say(Ended(None, "No."))
        response = watching.result(timeout=10)
    assert response.headers["content-type"].startswith("text/event-stream")
    events = events_of(response.text)
    assert [kind for kind, _ in events] == ["progress", "end"]
    assert (events[0][1]["progress"], events[1][1]["status"]) == (0.5, "FAILED")
    assert set(events[0][1]) == {"id", "status", "stage", "progress", "at"}
    assert (events[0][1]["stage"], events[1][1]["stage"]) == ("fitting", "failed during “fitting”")


def test_events_of_an_ended_retrain_are_its_end(client: TestClient, launcher: FakeLauncher) -> None:
    address, child = begin(client, launcher)
    child.say(Ended(None, "No."))
    job = end(client, address)
    assert events_of(client.get(f"{address}/events").text) == [("end", job)]
    assert_problem(client.get(f"/retrain/{'0' * 32}/events"), 404, "retrain-not-found")


def test_event_streams_are_limited_in_time_and_number(
    settings: Settings, store: MemoryStore, launcher: FakeLauncher
) -> None:
    short = settings.model_copy(update={"event_seconds": 0.2, "event_streams": 1})
    with TestClient(create_app(short, store=store, launcher=launcher)) as client:
        address, _ = begin(client, launcher)
        assert events_of(client.get(f"{address}/events").text)[0][0] == "progress"
    none = settings.model_copy(update={"event_streams": 0})
    with TestClient(create_app(none, store=store, launcher=launcher)) as client:
        assert_problem(client.get(f"{address}/events"), 503, "too-many-streams")
