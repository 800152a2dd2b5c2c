"""The database gone, silent, slow or locked: stateless answers go on, stateful ones say 503 in time, it heals."""

import sqlite3
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, closing, contextmanager

import httpx2 as httpx
import psycopg

from benchmarks.resilience.load import PROFILE, Probe
from benchmarks.resilience.proxy import before
from benchmarks.resilience.world import Outcome, World, new_database, postgres, require
from testkit.server import Server, serving
from testkit.waiting import eventually

BOUND = 12.0
CROWD = 40


def gone_slow_or_silent(world: World) -> Outcome:
    """Through a proxy before PostgreSQL."""
    folder, told = world.fresh("database"), []
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

            told.append(f"{mode}: {_through(server, broken, may_answer=mode == 'slow')}")
    return Outcome("PostgreSQL gone, silent, a second slower in each answer", "3 × 40 at once", "; ".join(told))


def locked(world: World) -> Outcome:
    """PostgreSQL's table and SQLite's file, held by somebody else."""
    told = []
    with postgres() as database:
        url, folder = new_database(database), world.fresh("locked")

        @contextmanager
        def table() -> Iterator[None]:
            with psycopg.connect(url) as other:
                other.execute("LOCK TABLE users IN ACCESS EXCLUSIVE MODE")
                yield

        with serving(folder, world.artifacts(folder), DATABASE_URL=url) as server:
            told.append(f"PostgreSQL: {_through(server, table)}")
    folder = world.fresh("locked")

    @contextmanager
    def file() -> Iterator[None]:
        with closing(sqlite3.connect(folder / "segments.db")) as other:
            other.execute("BEGIN EXCLUSIVE")
            yield
            other.rollback()

    with serving(folder, world.artifacts(folder)) as server:
        told.append(f"SQLite: {_through(server, file)}")
    return Outcome("The users' table, or the file, locked by somebody else", "2 × 40 at once", "; ".join(told))


def _through(server: Server, broken: Callable[[], AbstractContextManager[None]], may_answer: bool = False) -> str:
    probe = Probe(server.port)
    before_it = probe.measure(3)
    with broken(), ThreadPoolExecutor(CROWD) as crowd:
        started = time.monotonic()
        asked = [crowd.submit(_put, server, number) for number in range(CROWD)]
        during = probe.measure(3)
        answers = [one.result() for one in asked]
        longest = time.monotonic() - started
    require(set(during.statuses) == {200}, f"/segment was answered {during.statuses}")
    ratio = during.quantile(0.99) / before_it.quantile(0.99)
    statuses = {answer.status_code for answer in answers}
    require(503 in statuses or may_answer, f"writes were answered {statuses}")
    require(statuses <= ({200, 201, 503} if may_answer else {503}), f"writes were answered {statuses}")
    require(all("retry-after" in a.headers for a in answers if a.status_code == 503), "no Retry-After")
    require(longest < BOUND, f"an answer took {longest:.1f} s")
    eventually(lambda: _put(server, 0).status_code in (200, 201), 20)
    return f"writes answered within {longest:.1f} s, `/segment` {during} ({ratio:.1f} × before), healed"


def _put(server: Server, number: int) -> httpx.Response:
    return httpx.put(f"{server.url}/users/crowd-{number}/profile", json=PROFILE, timeout=60)
