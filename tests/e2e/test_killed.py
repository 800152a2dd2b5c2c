"""kill -9 of the child, of a worker, of the server: the model stays, no job is stuck, no write is lost."""

from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

import httpx2 as httpx
import pytest

from testkit.processes import gone
from testkit.server import PATIENCE, Server, kill, serving
from testkit.waiting import eventually

PROFILE = {"age": 24, "hobbies": ["gaming"]}


def persona_of(server: Server, user: str = "ada") -> str:
    response = httpx.get(f"{server.url}/users/{user}/persona")
    assert response.status_code == 200, response.text
    persona: str = response.json()["persona"]["id"]
    return persona


def put_profile(server: Server, user: str = "ada") -> None:
    assert httpx.put(f"{server.url}/users/{user}/profile", json=PROFILE).status_code in (200, 201)


def test_killed_retrain_fails_with_its_signal_and_the_model_stays(tmp_path: Path, artifacts: Path) -> None:
    with serving(tmp_path, artifacts) as server:
        before = httpx.post(f"{server.url}/segment", json=PROFILE).json()
        job = server.retrain()
        [child] = eventually(server.trainings, PATIENCE)
        kill(child)
        ended = server.ended(job["id"])
        assert ended["status"] == "FAILED"
        assert "signal 9" in ended["error"]
        assert httpx.post(f"{server.url}/segment", json=PROFILE).json() == before
        again = server.ended(server.retrain()["id"])
        assert again["status"] == "SUCCEEDED", again


def test_cancelled_retrain_leaves_no_version(tmp_path: Path, artifacts: Path) -> None:
    with serving(tmp_path, artifacts) as server:
        job = server.retrain(rows=50_000, k="auto")
        [child] = eventually(server.trainings, PATIENCE)
        assert httpx.post(f"{server.url}/retrain/{job['id']}/cancel").status_code == 202
        assert server.ended(job["id"])["status"] == "CANCELLED"
        eventually(lambda: gone(child), PATIENCE)
        assert sum(path.is_dir() for path in artifacts.iterdir() if not path.name.startswith(".")) == 1


@pytest.mark.parametrize(("workers", "database"), [("1", "SQLite"), ("2", "SQLite"), ("2", "PostgreSQL")])
def test_server_killed_during_a_retrain_recovers(
    tmp_path: Path, artifacts: Path, workers: str, database: str, request: pytest.FixtureRequest
) -> None:
    settings = {"WORKERS": workers}
    if database == "PostgreSQL":
        settings["DATABASE_URL"] = request.getfixturevalue("postgres_url")
    with serving(tmp_path, artifacts, **settings) as server:
        put_profile(server)
        persona = persona_of(server)
        job = server.retrain(rows=50_000, k="auto")
        [child] = eventually(server.trainings, PATIENCE)
        server.kill()
        eventually(lambda: gone(child), PATIENCE)
        server.start()
        assert persona_of(server) == persona
        ended = server.ended(job["id"])
        assert ended["status"] == "FAILED"
        assert ended["error"]
        assert server.ended(server.retrain()["id"])["status"] == "SUCCEEDED"


@pytest.mark.parametrize("workers", ["1", "2"])
def test_acknowledged_writes_of_64_writers_survive_a_kill(tmp_path: Path, artifacts: Path, workers: str) -> None:
    acknowledged: list[str] = []
    with serving(tmp_path, artifacts, WORKERS=workers) as server:
        with ThreadPoolExecutor(64) as pool:
            writers = [
                pool.submit(write_until_refused, server, f"writer-{number}", acknowledged) for number in range(64)
            ]
            eventually(lambda: len(acknowledged) > 500, PATIENCE)
            server.kill()
        assert {type(writer.exception()) for writer in writers} == {type(None)}
        server.start()
        for start in range(0, len(acknowledged), 1_000):
            body = {"user_ids": acknowledged[start : start + 1_000]}
            items = httpx.post(f"{server.url}/users/personas:batchGet", json=body).json()["items"]
            assert {item["status"] for item in items} == {"PRESENT"}
        put_profile(server, "next")


def write_until_refused(server: Server, name: str, acknowledged: list[str]) -> None:
    """Write one user after the other until the server is gone; those acknowledged are added to the list."""
    with httpx.Client(base_url=server.url, timeout=PATIENCE) as client:
        for number in count():
            try:
                response = client.put(f"/users/{name}-{number}/profile", json=PROFILE)
            except httpx.TransportError:
                return
            assert response.status_code in (201, 503), response.text
            if response.status_code == 201:
                acknowledged.append(f"{name}-{number}")


def test_killed_worker_is_replaced_and_acknowledged_writes_are_there(tmp_path: Path, artifacts: Path) -> None:
    with serving(tmp_path, artifacts, WORKERS="2") as server:
        for number in range(20):
            put_profile(server, f"user-{number}")
        first = set(server.workers())
        assert len(first) == 2
        kill(first.pop())
        eventually(lambda: len(set(server.workers()) - first) == 1, PATIENCE)
        eventually(server.ready, PATIENCE)
        for number in range(20):
            persona_of(server, f"user-{number}")
