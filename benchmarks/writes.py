"""The cost of writes and the gain of group commit: `PUT /users/{user_id}/profile`, and the store below it.

    .venv/bin/python -m benchmarks.writes [--rounds 5] [--seconds 2] [--flush-ms 0,10] [--no-postgres]

One commit each is the floor: the same statement in a loop of transactions, by the driver itself, on the same disk.
In the store its rounds alternate with those of `SqlUsers.put` from 1, 16 and 64 threads; over HTTP the service
runs on one core and wrk on the other. As flushes may be nearly free on this machine, SQLite is also measured on a
slowed disk (`benchmarks.load.slow_disk`), by `--flush-ms`.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.load.servers import Running, service
from benchmarks.load.slow_disk import slowed
from benchmarks.load.store_writes import PROFILE, THREADS, USERS, Measured, Result
from benchmarks.load.wrk import Load, Request, load
from benchmarks.resilience.harness.world import new_database, postgres
from benchmarks.simulated import simulated, trained_on
from models.storage.registry import Registry
from testkit import ROOT

SERVER_CORE: Final = 0
CLIENT_CORE: Final = 1
REQUEST: Final = Request("PUT", "/users/user-{n}/profile", PROFILE, numbers=USERS)
_HEADING: Final = """
| {of} | writers | writes/s | of one commit each (spread) | of one writer | {last} |
|---|---|---|---|---|---|"""


def main() -> None:
    options = _options()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        version = trained_on(simulated(), folder / "artifacts").manifest.version
        Registry(folder / "artifacts").activate(version)
        for milliseconds in options.flush_ms:
            own = folder / f"sqlite-{milliseconds:g}"
            own.mkdir()
            urls = [f"sqlite:///{own}/{name}.db" for name in ("floor", "store", "service")]
            _measure("SQLite", urls, slowed(own, milliseconds), folder, options)
        if options.postgres:
            with postgres() as server:
                _measure("PostgreSQL", [new_database(server) for _ in range(3)], {}, folder, options)


def _measure(
    name: str, urls: Sequence[str], environment: dict[str, str], folder: Path, options: argparse.Namespace
) -> None:
    floor_url, store_url, service_url = urls
    result = _at_the_store(floor_url, store_url, environment, folder, options)
    floors = [measured.rate for measured in result.rounds if not measured.writers]
    print(
        f"\n{name}, a flush takes {result.flush_milliseconds:.2f} ms; one commit each: {np.median(floors):,.0f}/s"
    )
    print(_HEADING.format(of="the store", last="writes a commit"))
    _print_store(floors, result.rounds)
    print(_HEADING.format(of="over HTTP", last="p50 ms, p99 ms, failed"))
    settings = _settings(folder, service_url) | environment
    with service(SERVER_CORE, settings, folder / "service.log") as server:
        _print_service(server, floors, folder, options)


# --- in the store ----------------------------------------------------------------------------------


def _at_the_store(
    floor: str, store: str, environment: dict[str, str], folder: Path, options: argparse.Namespace
) -> Result:
    """Measure the store in another process, which alone may be slowed."""
    arguments = [floor, store, str(options.rounds), str(options.seconds), str(folder)]
    output = subprocess.run(
        [sys.executable, "-m", "benchmarks.load.store_writes", *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return Result.of(json.loads(output.splitlines()[-1]))


def _print_store(floors: Sequence[float], rounds: Sequence[Measured]) -> None:
    alone = [measured.rate for measured in rounds if measured.writers == 1]
    for threads in THREADS:
        own = [measured for measured in rounds if measured.writers == threads]
        shared = np.median([measured.shared for measured in own])
        rates = [measured.rate for measured in own]
        print(_row("`put_user`", threads, rates, floors, alone, f"{shared:.1f}"))


# --- over HTTP -------------------------------------------------------------------------------------


def _settings(folder: Path, url: str) -> dict[str, str]:
    return {
        "ARTIFACTS_DIR": str(folder / "artifacts"),
        "DATA_DIR": str(folder / "data"),
        "DATABASE_URL": url,
        "LOG_LEVEL": "WARNING",
    }


def _print_service(server: Running, floors: Sequence[float], folder: Path, options: argparse.Namespace) -> None:
    measured: dict[int, list[Load]] = {connections: [] for connections in THREADS}
    for _ in range(options.rounds):
        for connections in THREADS:
            result = load(server.url, REQUEST, connections, options.seconds, CLIENT_CORE, folder)
            measured[connections].append(result)
    alone = [result.rate for result in measured[1]]
    for connections, results in measured.items():
        p50, p99 = (np.median([getattr(result, name) for result in results]) for name in ("p50", "p99"))
        last = f"{p50:.1f}, {p99:.1f}, {sum(result.failed for result in results)}"
        print(_row("`PUT`", connections, [result.rate for result in results], floors, alone, last), flush=True)


def _row(
    name: str,
    writers: int,
    rates: Sequence[float],
    floors: Sequence[float],
    alone: Sequence[float],
    last: str,
) -> str:
    ratios = sorted(rate / floor for rate, floor in zip(rates, floors, strict=True))
    of_one = np.median([rate / one for rate, one in zip(rates, alone, strict=True)])
    spread = f"{np.median(ratios):.1f} ({ratios[0]:.1f}–{ratios[-1]:.1f})"
    return f"| {name} | {writers} | {np.median(rates):,.0f} | {spread} | {of_one:.1f} | {last} |"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.writes", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument(
        "--flush-ms",
        type=lambda text: [float(milliseconds) for milliseconds in text.split(",")],
        default=[0.0, 10.0],
    )
    parser.add_argument("--no-postgres", dest="postgres", action="store_false")
    return parser.parse_args()


if __name__ == "__main__":
    main()
