"""Two workers, a retrain under load: every response is whole and from the old model or the new."""

from pathlib import Path

import httpx2 as httpx

from models.storage.registry import Registry
from testkit.server import PATIENCE, Server, serving
from testkit.waiting import eventually
from tests.support.load import ConstantLoad

PROFILES = [{"age": age, "hobbies": ["gaming"], "budget_range": "high"} for age in (16, 30, 50, 80)]
IN_A_ROW = 60
FURTHER = 60


class SegmentLoad:
    """Segments profiles under load, with a look at `/readyz` beside it."""

    def __init__(self, server: Server) -> None:
        self.responses: list[tuple[int, dict[str, object]]] = []
        self.running = ConstantLoad(server.url, [self._segment, self._segment, self._segment, self._check], 0.02)

    def _segment(self, client: httpx.Client, number: int) -> None:
        response = client.post("/segment", json=PROFILES[number % len(PROFILES)])
        self.responses.append((response.status_code, response.json()))

    def has_settled_on(self, version: str) -> bool:
        """Whether so many responses in a row are this version's that both workers are among them."""
        latest = self.responses[-IN_A_ROW:]
        return len(latest) == IN_A_ROW and {body["model_version"] for _, body in latest} == {version}

    def _check(self, client: httpx.Client, _: int) -> None:
        ready = client.get("/readyz")
        assert ready.status_code == 200, ready.text


def test_retrain_under_load_reaches_every_worker_and_fails_no_request(tmp_path: Path, artifacts: Path) -> None:
    registry = Registry(artifacts)
    old = registry.active()
    with serving(tmp_path, artifacts, WORKERS="2") as server, (load := SegmentLoad(server)).running:
        job = server.retrain(seed=11, activate="always")
        eventually(lambda: registry.active() != old, PATIENCE)
        new = registry.active()
        assert new
        assert server.ended(job["id"])["result"]["activated"]
        eventually(lambda: load.has_settled_on(new), PATIENCE)
        settled = len(load.responses)
        eventually(lambda: len(load.responses) > settled + FURTHER, PATIENCE)
    assert load.running.failures == []
    assert {status for status, _ in load.responses} == {200}
    personas = {v: {p.id for p in registry.manifest(v).personas} for v in (str(old), new)}
    for _, body in load.responses:
        assert set(body["probabilities"]) == personas[str(body["model_version"])]  # type: ignore[call-overload]
    assert {body["model_version"] for _, body in load.responses} == {old, new}
    assert {body["model_version"] for _, body in load.responses[settled:]} == {new}


def test_readiness_is_false_until_there_is_a_model(tmp_path: Path, artifacts: Path) -> None:
    with serving(tmp_path, artifacts) as server:
        (artifacts / "ACTIVE").rename(artifacts / "ACTIVE.away")
        eventually(lambda: not server.ready(), PATIENCE)
        (artifacts / "ACTIVE.away").rename(artifacts / "ACTIVE")
        eventually(server.ready, PATIENCE)
