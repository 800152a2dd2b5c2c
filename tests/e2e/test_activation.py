"""Two workers, a retrain under load: every response is whole and from the old model or the new."""

import time
from pathlib import Path

import httpx2 as httpx

from models.storage.registry import Registry
from testkit.server import PATIENCE, Server, serving
from testkit.waiting import eventually
from tests.support.load import ConstantLoad

PROFILES = [{"age": age, "hobbies": ["gaming"], "budget_range": "high"} for age in (16, 30, 50, 80)]


class SegmentLoad:
    """Segments profiles under load, with a look at `/readyz` beside it."""

    def __init__(self, server: Server) -> None:
        self.responses: list[tuple[float, int, dict[str, object]]] = []
        self.running = ConstantLoad(server.url, [self._segment, self._segment, self._segment, self._check], 0.02)

    def _segment(self, client: httpx.Client, number: int) -> None:
        response = client.post("/segment", json=PROFILES[number % len(PROFILES)])
        self.responses.append((time.monotonic(), response.status_code, response.json()))

    def _check(self, client: httpx.Client, _: int) -> None:
        ready = client.get("/readyz")
        assert ready.status_code == 200, ready.text


def test_retrain_under_load_reaches_every_worker_and_fails_no_request(tmp_path: Path, artifacts: Path) -> None:
    registry = Registry(artifacts)
    old = registry.active()
    with serving(tmp_path, artifacts, WORKERS="2") as server, (load := SegmentLoad(server)).running:
        job = server.retrain(seed=11, activate="always")
        eventually(lambda: registry.active() != old, PATIENCE)
        activated = time.monotonic()
        assert server.ended(job["id"])["result"]["activated"]
        time.sleep(4)
    new = registry.active()
    assert new
    assert load.running.failures == []
    assert {status for _, status, _ in load.responses} == {200}
    personas = {v: {p.id for p in registry.manifest(v).personas} for v in (str(old), new)}
    for at, _, body in load.responses:
        version = str(body["model_version"])
        assert set(body["probabilities"]) == personas[version]  # type: ignore[call-overload]
        assert version == old or at >= activated - 1
        assert version == new or at <= activated + 2.5
    assert {body["model_version"] for _, _, body in load.responses} == {old, new}


def test_readiness_is_false_until_there_is_a_model(tmp_path: Path, artifacts: Path) -> None:
    with serving(tmp_path, artifacts) as server:
        (artifacts / "ACTIVE").rename(artifacts / "ACTIVE.away")
        eventually(lambda: not server.ready(), PATIENCE)
        (artifacts / "ACTIVE.away").rename(artifacts / "ACTIVE")
        eventually(server.ready, PATIENCE)
