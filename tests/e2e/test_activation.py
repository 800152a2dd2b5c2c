"""Two workers, a retrain under load: every answer is whole and from the old model or the new."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

import httpx2 as httpx

from models.storage.registry import Registry
from testkit.server import PATIENCE, Server, serving
from testkit.waiting import eventually

PROFILES = [{"age": age, "hobbies": ["gaming"], "budget_range": "high"} for age in (16, 30, 50, 80)]


class Load:
    """Threads that ask without a pause, and remember every answer."""

    def __init__(self, server: Server, threads: int = 3) -> None:
        self.server = server
        self.answers: list[tuple[float, int, dict[str, object]]] = []
        self.errors: list[str] = []
        self.stopping = threading.Event()
        self.threads = [threading.Thread(target=self._guarded, args=(self._ask,)) for _ in range(threads)]
        self.threads.append(threading.Thread(target=self._guarded, args=(self._look,)))

    def __enter__(self) -> "Load":
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        for thread in self.threads:
            thread.join()

    def _guarded(self, work: Callable[[httpx.Client, int], None]) -> None:
        number = 0
        while not self.stopping.is_set():
            # A new connection now and then, so that both workers are asked.
            with httpx.Client(base_url=self.server.url, timeout=30) as client:
                for _ in range(20):
                    try:
                        work(client, number)
                    except (httpx.HTTPError, AssertionError) as error:
                        self.errors.append(repr(error))
                    number += 1

    def _ask(self, client: httpx.Client, number: int) -> None:
        answer = client.post("/segment", json=PROFILES[number % len(PROFILES)])
        self.answers.append((time.monotonic(), answer.status_code, answer.json()))
        time.sleep(0.02)

    def _look(self, client: httpx.Client, _: int) -> None:
        ready = client.get("/readyz")
        assert ready.status_code == 200, ready.text
        time.sleep(0.05)


def test_a_retrain_under_load_is_seen_by_every_worker_and_by_no_request(tmp_path: Path, artifacts: Path) -> None:
    registry = Registry(artifacts)
    old = registry.active()
    with serving(tmp_path, artifacts, WORKERS="2") as server, Load(server) as load:
        job = server.retrain(seed=11, activate="always")
        eventually(lambda: registry.active() != old, PATIENCE)
        activated = time.monotonic()
        assert server.ended(job["id"])["result"]["activated"]
        time.sleep(4)
    new = registry.active()
    assert new
    assert load.errors == []
    assert {status for _, status, _ in load.answers} == {200}
    personas = {v: {p.id for p in registry.manifest(v).personas} for v in (str(old), new)}
    for at, _, answer in load.answers:
        version = str(answer["model_version"])
        assert set(answer["distances"]) == personas[version]  # type: ignore[call-overload]
        assert version == old or at >= activated - 1
        assert version == new or at <= activated + 2.5
    assert {answer["model_version"] for _, _, answer in load.answers} == {old, new}


def test_ready_is_false_without_a_model_and_true_once_there_is_one(tmp_path: Path, artifacts: Path) -> None:
    with serving(tmp_path, artifacts) as server:
        (artifacts / "ACTIVE").rename(artifacts / "ACTIVE.away")
        eventually(lambda: not server.ready(), PATIENCE)
        (artifacts / "ACTIVE.away").rename(artifacts / "ACTIVE")
        eventually(server.ready, PATIENCE)
