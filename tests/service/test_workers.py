"""Two workers behind one port, as `serve --workers 2` runs them."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from models.storage.registry import Registry
from service.retraining.process_launcher import PROJECT_ROOT
from testkit.processes import children, gone
from testkit.small_model import write_small_model
from testkit.waiting import eventually

PATIENCE = 30.0


@dataclass
class Serving:
    """A service in processes of its own."""

    process: subprocess.Popen[str]
    client: httpx2.Client
    registry: Registry

    def workers(self) -> list[int]:
        return children(self.process.pid, "spawn_main")

    def answers(self) -> bool:
        try:
            return self.client.get("/readyz").status_code == 200
        except httpx2.TransportError:
            return False

    def versions_of(self, count: int) -> set[str]:
        """The versions that answer `count` requests, each on a connection of its own."""
        answers = [self.client.post("/segment", json={}) for _ in range(count)]
        assert {answer.status_code for answer in answers} == {200}
        return {answer.json()["model_version"] for answer in answers}


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Serving]:
    registry = Registry(tmp_path / "artifacts")
    registry.activate(write_small_model(registry.root).name)
    environment = {
        **os.environ,
        "PYTHONPATH": str(PROJECT_ROOT),
        "ARTIFACTS_DIR": str(registry.root),
        "DATABASE_URL": f"sqlite:///{tmp_path}/segments.db",
        "DATA_DIR": str(tmp_path / "data"),
        "TMPDIR": str(tmp_path),
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "service", "serve", "--port", "0", "--workers", "2"],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        address = _address(process)
        with httpx2.Client(base_url=address, limits=httpx2.Limits(max_keepalive_connections=0)) as client:
            serving = Serving(process, client, registry)
            eventually(serving.answers, PATIENCE)
            yield serving
        if process.poll() is None:
            process.terminate()


def _address(process: subprocess.Popen[str]) -> str:
    assert process.stderr is not None
    for line in process.stderr:
        if line_of_address := re.search(r"Listening on (\S+);", line):
            return line_of_address[1]
    raise AssertionError("the service did not say where it listens")


def test_every_worker_follows_an_activation_within_two_seconds(serving: Serving) -> None:
    newer = write_small_model(serving.registry.root, seed=1).name
    serving.registry.activate(newer)
    eventually(lambda: serving.versions_of(20) == {newer}, seconds=2)


def test_metrics_add_up_all_workers_and_outlive_one(serving: Serving) -> None:
    def answered() -> float:
        text = serving.client.get("/metrics").text
        return sum(map(float, re.findall(r'requests_total{[^}]*route="/segment"[^}]*} (\S+)', text)))

    serving.versions_of(40)
    assert answered() == 40
    first, second = serving.workers()
    os.kill(first, signal.SIGKILL)
    eventually(lambda: len(set(serving.workers()) - {first}) == 2, PATIENCE)
    assert second in serving.workers()
    eventually(serving.answers, PATIENCE)
    serving.versions_of(10)
    assert answered() == 50


def test_workers_end_when_their_parent_is_killed(serving: Serving) -> None:
    workers = serving.workers()
    assert len(workers) == 2
    serving.process.kill()
    eventually(lambda: all(map(gone, workers)), PATIENCE)


def test_service_stops_gracefully_on_sigterm(serving: Serving) -> None:
    workers = serving.workers()
    serving.process.terminate()
    assert serving.process.wait(PATIENCE) == 0
    assert workers
    assert all(map(gone, workers))
