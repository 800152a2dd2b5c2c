"""Two replicas on one PostgreSQL and one artifacts folder."""

import time
from concurrent.futures import ThreadPoolExecutor

import httpx2 as httpx

from benchmarks.resilience.harness.load import PROFILE
from benchmarks.resilience.harness.world import Outcome, World, new_database, postgres, require
from models.storage.registry import Registry
from testkit.server import Server, serving
from testkit.waiting import eventually


def two(world: World) -> Outcome:
    """They run one retrain at a time; both follow an activation within two seconds."""
    times, folder, longest = world.times(10), world.fresh("replicas"), 0.0
    artifacts = world.artifacts(folder)
    with postgres() as database:
        url = new_database(database)
        first = serving(folder / "1", artifacts, DATABASE_URL=url)
        second = serving(folder / "2", artifacts, DATABASE_URL=url)
        with first as one, second as other, ThreadPoolExecutor(16) as crowd:
            for number in range(times):
                responses = list(crowd.map(_retrain, [one, other] * 8))
                accepted = [response.json()["id"] for response in responses if response.status_code == 202]
                refused = [response for response in responses if response.status_code == 409]
                require((len(accepted), len(refused)) == (1, 15), f"of 16 retrains {len(accepted)} were accepted")
                require(
                    {response.json()["job"] for response in refused} == {f"/retrain/{accepted[0]}"},
                    "a refusal names another job",
                )
                require((one, other)[number % 2].ended(accepted[0])["status"] == "SUCCEEDED", "the retrain failed")
                longest = max(longest, _activate_and_follow(Registry(artifacts), one, other))
            _check_shared_store(one, other)
    came = f"one of 16 was accepted each time, 15 got 409 with its address; both followed within {longest:.2f} s"
    return Outcome("Two replicas on one PostgreSQL and one folder: 16 concurrent retrains", f"{times} ×", came)


def _retrain(server: Server) -> httpx.Response:
    body = {"source": "simulated", "rows": 500, "k": 3, "activate": "never"}
    return httpx.post(f"{server.url}/retrain", json=body, timeout=30)


def _activate_and_follow(registry: Registry, *servers: Server) -> float:
    newest = registry.versions()[-1]
    registry.activate(newest)
    started = time.monotonic()

    def followed() -> bool:
        bodies = [httpx.post(f"{server.url}/segment", json={}).json() for server in servers]
        return {body["model_version"] for body in bodies} == {newest}

    eventually(followed, 2.0)
    return time.monotonic() - started


def _check_shared_store(one: Server, other: Server) -> None:
    require(httpx.put(f"{one.url}/users/shared/profile", json=PROFILE).status_code == 201, "it was not stored")
    require(httpx.get(f"{other.url}/users/shared/persona").status_code == 200, "the other does not find it")
