"""The database gone, silent, slow or locked: stateless routes work, others get 503 in time, it recovers."""

import os
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, closing, contextmanager

import httpx2 as httpx
import psycopg

from benchmarks.resilience.harness.load import PROFILE, Probe
from benchmarks.resilience.harness.proxy import before
from benchmarks.resilience.harness.world import Outcome, World, new_database, postgres, require
from models.storage.registry import Registry
from testkit.processes import children
from testkit.server import Server, serving
from testkit.waiting import eventually

MAX_SECONDS = 12.0
CROWD = 40
COMPARISONS, STREAMS = 6, 20
MAX_BATCH_SECONDS = 2.0


def gone_slow_or_silent(world: World) -> Outcome:
    """PostgreSQL behind a proxy that fails in three ways."""
    folder, results = world.fresh("database"), []
    artifacts = world.artifacts(folder)
    with (
        postgres() as database,
        before(new_database(database)) as (proxy, url),
        serving(folder, artifacts, DATABASE_URL=url) as server,
    ):
        for mode in ("gone", "silent", "slow"):

            @contextmanager
            def broken(mode: str = mode) -> Iterator[None]:
                proxy.mode = mode
                if mode == "gone":
                    proxy.cut()
                yield
                proxy.mode = "pass"

            results.append(f"{mode}: {_through(server, broken, may_succeed=mode == 'slow')}")
    return Outcome(
        "PostgreSQL gone, silent, a second slower in each response", "3 × 40 concurrent", "; ".join(results)
    )


def locked(world: World) -> Outcome:
    """PostgreSQL's table and SQLite's file, locked by another connection."""
    results = []
    with postgres() as database:
        url, folder = new_database(database), world.fresh("locked")

        @contextmanager
        def table() -> Iterator[None]:
            with psycopg.connect(url) as other:
                other.execute("LOCK TABLE users IN ACCESS EXCLUSIVE MODE")
                yield

        with serving(folder, world.artifacts(folder), DATABASE_URL=url) as server:
            results.append(f"PostgreSQL: {_through(server, table)}")
    folder = world.fresh("locked")

    @contextmanager
    def file() -> Iterator[None]:
        with closing(sqlite3.connect(folder / "segments.db")) as other:
            other.execute("BEGIN EXCLUSIVE")
            yield
            other.rollback()

    with serving(folder, world.artifacts(folder)) as server:
        results.append(f"SQLite: {_through(server, file)}")
    return Outcome(
        "The users' table, or the file, locked by another connection", "2 × 40 concurrent", "; ".join(results)
    )


def frozen(world: World) -> Outcome:
    """PostgreSQL stopped (SIGSTOP), with comparisons and event streams that wait for it besides the writes."""
    folder, times, results = world.fresh("frozen"), world.times(3), []
    artifacts = world.artifacts(folder)
    with (
        postgres() as database,
        serving(folder, artifacts, DATABASE_URL=new_database(database), EVENT_STREAMS="32") as server,
    ):
        job = server.retrain(rows=500, activate="never")["id"]
        server.ended(job)
        version = Registry(artifacts).required()
        waiting = [f"/models/{version}/comparison"] * COMPARISONS + [f"/retrain/{job}/events"] * STREAMS
        for _ in range(times):
            slowest: list[float] = []

            @contextmanager
            def stopped(slowest: list[float] = slowest) -> Iterator[None]:
                with _stopped(database.get_pid()), ThreadPoolExecutor(len(waiting) + 1) as readers:
                    calls = [readers.submit(_read, server, path) for path in waiting]
                    batches = readers.submit(_batches, server)
                    yield
                    slowest.append(batches.result())
                    for call in calls:
                        call.result()

            results.append((_through(server, stopped), max(slowest)))
    longest = max(seconds for _, seconds in results)
    require(longest < MAX_BATCH_SECONDS, f"a batch took {longest:.1f} s")
    done = f"PostgreSQL stopped (SIGSTOP), {COMPARISONS} comparisons and {STREAMS} event streams waiting for it"
    came = f"{results[-1][0]}; batches of 100 within {longest * 1_000:.0f} ms"
    return Outcome(done, f"{times} × 40 concurrent", came)


@contextmanager
def _stopped(pid: int) -> Iterator[None]:
    """A process and its children stopped, as a machine that hangs would stop them."""
    pids = [pid, *children(pid)]
    for process in pids:
        os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        for process in pids:
            os.kill(process, signal.SIGCONT)


def _read(server: Server, path: str) -> int:
    return httpx.get(f"{server.url}{path}", timeout=60).status_code


def _batches(server: Server) -> float:
    """The longest time of a batch within three seconds."""
    longest, until = 0.0, time.monotonic() + 3
    while time.monotonic() < until:
        started = time.monotonic()
        response = httpx.post(f"{server.url}/segment/batch", json={"profiles": [PROFILE] * 100}, timeout=60)
        require(response.status_code == 207, f"a batch got {response.status_code}")
        longest = max(longest, time.monotonic() - started)
    return longest


def _through(server: Server, broken: Callable[[], AbstractContextManager[None]], may_succeed: bool = False) -> str:
    probe = Probe(server.port)
    before_it = probe.measure(3)
    with broken(), ThreadPoolExecutor(CROWD) as crowd:
        started = time.monotonic()
        futures = [crowd.submit(_put, server, number) for number in range(CROWD)]
        during = probe.measure(3)
        responses = [future.result() for future in futures]
        longest = time.monotonic() - started
    require(set(during.statuses) == {200}, f"/segment responded with {during.statuses}")
    ratio = during.quantile(0.99) / before_it.quantile(0.99)
    statuses = {response.status_code for response in responses}
    require(503 in statuses or may_succeed, f"writes got {statuses}")
    require(statuses <= ({200, 201, 503} if may_succeed else {503}), f"writes got {statuses}")
    refused = [response for response in responses if response.status_code == 503]
    require(all("retry-after" in response.headers for response in refused), "no Retry-After")
    require(longest < MAX_SECONDS, f"a response took {longest:.1f} s")
    eventually(lambda: _put(server, 0).status_code in (200, 201), 20)
    return f"writes ended within {longest:.1f} s, `/segment` {during} ({ratio:.1f} × before), recovered"


def _put(server: Server, number: int) -> httpx.Response:
    return httpx.put(f"{server.url}/users/crowd-{number}/profile", json=PROFILE, timeout=60)
