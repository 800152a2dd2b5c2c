"""Half load for a long time, with retrains in between: constant memory, no leaks, no errors."""

import os
import threading
import time
from collections import Counter
from pathlib import Path

import httpx2 as httpx

from benchmarks.resilience.harness.load import PROFILE
from benchmarks.resilience.harness.world import Outcome, World, require
from testkit.server import Server, serving

MINUTES = 20.0
RETRAIN_EVERY = 60.0
# A retrain has the lowest priority, also compared with other work on the machine.
PATIENCE = 600.0
# Allowed growth from the second quarter to the last: allocators do not return all memory.
MAX_GROWTH = 1.10


def half_load(world: World) -> Outcome:
    """One worker on SQLite; two client threads, busy half of the time."""
    seconds, folder = MINUTES * 60 * world.share, world.fresh("soak")
    with serving(folder, world.artifacts(folder)) as server:
        stop, statuses, samples, jobs = (
            threading.Event(),
            Counter[int](),
            list[tuple[int, int, int]](),
            Counter[str](),
        )
        clients = [threading.Thread(target=_send, args=(server, stop, statuses, n), daemon=True) for n in range(2)]
        for client in clients:
            client.start()
        started, retrained, job = time.monotonic(), 0.0, ""
        while (now := time.monotonic() - started) < seconds:
            time.sleep(min(5.0, seconds / 20))
            samples.append(_look(server))
            if now - retrained > min(RETRAIN_EVERY, seconds / 4):
                if job:
                    jobs[server.ended(job, PATIENCE)["status"]] += 1
                retrained, job = now, server.retrain(rows=2_000, activate="always", seed=int(now))["id"]
        jobs[server.ended(job, PATIENCE)["status"]] += 1
        stop.set()
        for client in clients:
            client.join(30)
        time.sleep(2)
        last = _look(server)
        log = server.log.read_text()
    return _judge(seconds, statuses, samples, last, jobs, log)


def _judge(
    seconds: float,
    statuses: Counter[int],
    samples: list[tuple[int, int, int]],
    last: tuple[int, int, int],
    jobs: Counter[str],
    log: str,
) -> Outcome:
    quarter = len(samples) // 4
    early = max(memory for memory, _, _ in samples[quarter : 2 * quarter])
    late = max(memory for memory, _, _ in samples[-quarter:])
    require(set(statuses) <= {200, 201}, f"responses were {statuses}")
    require(set(jobs) == {"SUCCEEDED"}, f"retrains were {jobs}")
    require('"level": "ERROR"' not in log, "an error was logged")
    growth = late / early
    require(growth < MAX_GROWTH, f"memory went from {early / 2**20:.0f} to {late / 2**20:.0f} MiB")
    descriptors, threads = samples[quarter][1], samples[quarter][2]
    require(last[1] <= descriptors + 5 and last[2] <= threads + 2, f"{samples[quarter]} became {last}")
    came = (
        f"{sum(statuses.values()):,} responses, no error; {sum(jobs.values())} retrains activated; memory "
        f"at most {early / 2**20:.0f} MiB in quarter 2, {late / 2**20:.0f} MiB in 4 ({growth - 1:+.1%}); "
        f"descriptors {descriptors} → {last[1]}, threads {threads} → {last[2]}"
    )
    return Outcome("Half load with retrains in between", f"{seconds / 60:.0f} min", came)


def _send(server: Server, stop: threading.Event, statuses: Counter[int], thread: int) -> None:
    number = 0
    with httpx.Client(base_url=server.url, timeout=30) as client:
        while not stop.is_set():
            number += 1
            started = time.perf_counter()
            statuses[_one(client, number, thread)] += 1
            # Pauses take as long as requests: half load.
            time.sleep(time.perf_counter() - started)


def _one(client: httpx.Client, number: int, thread: int) -> int:
    user = f"user-{thread}-{number % 500}"
    match number % 10:
        case 0:
            return client.put(
                f"/users/{user}/profile", json=PROFILE | {"occupation": f"job {number % 97}"}
            ).status_code
        case 1:
            return client.get("/personas").status_code
        case 2:
            return client.get("/metrics").status_code
        case _:
            return client.post("/segment", json=PROFILE | {"age": 13 + number % 100}).status_code


def _look(server: Server) -> tuple[int, int, int]:
    """Memory in bytes, descriptors and threads of the first process."""
    assert server.process is not None
    process = Path(f"/proc/{server.process.pid}")
    pages = int((process / "statm").read_text().split()[1])
    return (
        pages * os.sysconf("SC_PAGESIZE"),
        len(list((process / "fd").iterdir())),
        len(list((process / "task").iterdir())),
    )
