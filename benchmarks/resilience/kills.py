"""`kill -9` at random moments under load."""

import os
import signal
import time
from contextlib import suppress
from typing import Any

import httpx2 as httpx

from benchmarks.resilience.harness.load import Writers
from benchmarks.resilience.harness.world import Outcome, World, new_database, postgres, require
from testkit.processes import gone
from testkit.server import PATIENCE, Server, descendants, kill, serving
from testkit.waiting import eventually


def of_the_server(world: World) -> Outcome:
    """The first process and, as in a crash of the machine, its workers; on SQLite and on PostgreSQL."""
    times, writes = world.times(100), 0
    with postgres() as database:
        for name, url in (("sqlite", ""), ("postgresql", new_database(database))):
            folder = world.fresh(f"kill-server-{name}")
            settings = {"DATABASE_URL": url} if url else {}
            with serving(folder, world.artifacts(folder), **settings) as server, Writers(server) as load:
                for number in range(times // 2):
                    if number % 5 == 0:
                        _start_a_retrain(server)
                    time.sleep(world.chance.uniform(0.05, 0.8))
                    server.kill()
                    server.start()
                load.__exit__()
                load.check()
                writes += load.writes
                _no_job_is_stuck(server)
    return Outcome(
        "`kill -9` of the server, half on SQLite, half on PostgreSQL",
        f"{times // 2 * 2} ×",
        f"each of {writes:,} acknowledged writes was stored, every job ended, every start worked unattended",
    )


def of_a_worker(world: World) -> Outcome:
    """One of two workers."""
    times, folder = world.times(100), world.fresh("kill-worker")
    with serving(folder, world.artifacts(folder), WORKERS="2") as server, Writers(server) as load:
        for _ in range(times):
            time.sleep(world.chance.uniform(0.05, 0.5))
            victim = world.chance.choice(sorted(server.workers()))
            kill(victim)
            _wait_for_another(server, victim)
            require(_segments(server), "the active model did not respond")
        eventually(server.ready, PATIENCE)
        load.__exit__()
        load.check()
        writes = load.writes
    return Outcome(
        "`kill -9` of one worker of two, under load",
        f"{times} ×",
        f"each was replaced; each of {writes:,} acknowledged writes was stored",
    )


def of_the_child(world: World) -> Outcome:
    """The retrain child, at a random moment."""
    times, folder = world.times(100), world.fresh("kill-child")
    killed = 0
    with serving(folder, world.artifacts(folder)) as server, Writers(server, threads=1) as load:
        for _ in range(times):
            job = server.retrain(activate="never")
            [child] = eventually(server.trainings, PATIENCE)
            time.sleep(world.chance.uniform(0.0, 3.0))
            with suppress(ProcessLookupError):
                kill(child)
            ended = server.ended(job["id"])
            require(ended["status"] in ("FAILED", "SUCCEEDED"), f"a job is {ended['status']}")
            killed += ended["status"] == "FAILED"
            require(ended["status"] == "SUCCEEDED" or ended["error"], "a failed job has no error")
            require(_segments(server), "the active model did not respond")
        load.check()
        drafts = [path.name for path in (folder / "artifacts").iterdir() if path.name.startswith(".")]
    came = (
        f"{killed} jobs failed with an error, {times - killed} had ended before; the active model stayed available"
    )
    return Outcome(
        "`kill -9` of the retrain child", f"{times} ×", f"{came}; {len(drafts)} drafts left, none listed"
    )


def of_postgresql(world: World) -> Outcome:
    """The postmaster and its children."""
    times, folder = world.times(100), world.fresh("kill-postgres")
    with postgres() as database:
        url = new_database(database)
        with serving(folder, world.artifacts(folder), DATABASE_URL=url) as server, Writers(server) as load:
            for _ in range(times):
                time.sleep(world.chance.uniform(0.05, 0.6))
                postmaster = database.get_pid()
                processes = [postmaster, *descendants(postmaster)]
                os.kill(postmaster, signal.SIGKILL)
                require(_segments(server), "stateless routes failed with the database")
                _wait_until_gone(processes)
                _start_again(database)
                eventually(server.ready, PATIENCE)
            load.__exit__()
            load.check()
            unexpected = {status for status in load.statuses if status not in (200, 201, 503)}
            require(not unexpected, f"writes got {unexpected}")
            writes = load.writes
    return Outcome(
        "`kill -9` of PostgreSQL under load",
        f"{times} ×",
        f"stateless routes worked, writes got 503, it recovered; each of {writes:,} acknowledged was stored",
    )


def _wait_for_another(server: Server, dead: int) -> None:
    eventually(lambda: len(set(server.workers()) - {dead}) >= 2, PATIENCE)


def _wait_until_gone(processes: list[int]) -> None:
    eventually(lambda: all(map(gone, processes)), PATIENCE)


def _start_again(database: Any) -> None:
    # Where no parent reaps the old process, it counts as running for readers of these files.
    for name in ("postmaster.pid", ".s.PGSQL.5432.lock"):
        (database.pgdata / name).unlink(missing_ok=True)
    database.ensure_postgres_running()


def _start_a_retrain(server: Server) -> None:
    body = {"source": "simulated", "rows": 20_000, "activate": "never"}
    response = httpx.post(f"{server.url}/retrain", json=body, timeout=20)
    require(response.status_code in (202, 409), f"a retrain got {response.status_code}")


def _no_job_is_stuck(server: Server) -> None:
    def unended() -> list[str]:
        jobs = httpx.get(f"{server.url}/retrain?limit=1000", timeout=20).json()["items"]
        return [job["id"] for job in jobs if job["status"] in ("QUEUED", "RUNNING")]

    eventually(lambda: not unended(), PATIENCE)


def _segments(server: Server) -> bool:
    """Whether `/segment` works; retried, as a connection may have been the killed worker's."""
    for _ in range(5):
        with suppress(httpx.TransportError):
            return httpx.post(f"{server.url}/segment", json={}, timeout=10).status_code == 200
    return False
