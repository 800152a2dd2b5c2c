"""Retrains that tests start, with a fake child."""

from typing import Any

from starlette.testclient import TestClient

from models.storage.manifest import Verdict
from models.storage.registry import Registry
from testkit.small_model import write_small_model
from testkit.waiting import eventually
from tests.support.launcher import FakeChild, FakeLauncher

SIMULATED = {"source": "simulated", "rows": 500}
ENDED = {"SUCCEEDED", "FAILED", "CANCELLED"}


def begin(client: TestClient, launcher: FakeLauncher, **body: Any) -> tuple[str, FakeChild]:
    """Start a retrain; its address and its child."""
    before = len(launcher.children)
    response = client.post("/retrain", json={**SIMULATED, **body})
    assert response.status_code == 202, response.text
    eventually(lambda: len(launcher.children) > before)
    return response.headers["location"], launcher.children[-1]


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


UNJUDGED_CHECK = Verdict(name="stability", outcome="not_judged", sentence="Not judged: stability. One persona.")
FAILED_CHECK = Verdict(name="smallest", outcome="failed", sentence="The smallest persona has 0.1 %.")
