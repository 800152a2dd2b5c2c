"""What is measured of a store with many users. Times in seconds."""

import http.client
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from statistics import quantiles
from typing import Any

import numpy as np

from benchmarks.simulated import simulated
from service.store.ports.users import UserStore
from testkit import ROOT


@dataclass(frozen=True, slots=True)
class Imported:
    """An import from a shell. `resident_mb`: the most that one of its processes held."""

    rows: int
    seconds: float
    processor_seconds: float
    resident_mb: float


def write_users(path: Path, count: int) -> None:
    """A file of users in lines of JSON, whose profiles are simulated and repeat after 20,000."""
    dataset = simulated(20_000, seed=9)
    profiles = [
        profile.model_dump_json(exclude_none=True) for profile in dataset.profiles(np.arange(len(dataset)))
    ]
    with path.open("w", encoding="utf-8") as file:
        for number in range(count):
            file.write(f'{{"user_id":"{user_id(number)}","profile":{profiles[number % len(profiles)]}}}\n')


def user_id(number: int) -> str:
    """The id of a user by number."""
    return f"customer-{number:08d}"


def import_file(path: Path, settings: dict[str, str]) -> Imported:
    """Run `python -m service import`."""
    before, started = os.times(), time.perf_counter()
    peak = [0.0]
    process = subprocess.Popen(
        [sys.executable, "-m", "service", "import", str(path), "--progress", "json"],
        cwd=ROOT,
        env={**os.environ, **settings},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdout is not None
    result: dict[str, Any] = {}
    for line in process.stdout:
        peak[0] = max(peak[0], peak_mb(process.pid))
        result = json.loads(line).get("result", result)
    process.stdout.close()
    if process.wait() != 0:
        raise SystemExit(f"the import ended with exit code {process.returncode}")
    after = os.times()
    processor = after.children_user + after.children_system - before.children_user - before.children_system
    return Imported(result["rows_stored"], time.perf_counter() - started, processor, peak[0])


def peak_mb(pid: int) -> float:
    """The most memory that a process has held, in MB (10⁶ bytes); 0 where it has ended."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0.0
    return max((int(line.split()[1]) * 1_024 / 1e6 for line in lines if line.startswith("VmHWM")), default=0.0)


@dataclass
class Client:
    """One connection to a service."""

    url: str
    _connection: http.client.HTTPConnection = field(init=False)

    def __post_init__(self) -> None:
        self._connection = http.client.HTTPConnection(self.url.removeprefix("http://"), timeout=120)

    def send(self, method: str, path: str, body: object = None) -> bytes:
        """The body of a response, which has to be a success."""
        content = None if body is None else json.dumps(body)
        self._connection.request(method, path, content, {"Content-Type": "application/json"})
        response = self._connection.getresponse()
        data = response.read()
        if response.status >= 300:
            raise SystemExit(f"{method} {path} got {response.status}: {data[:300]!r}")
        return data

    def bytes_of(self, path: str) -> Iterator[bytes]:
        """The pieces of a long response."""
        self._connection.request("GET", path)
        response = self._connection.getresponse()
        while piece := response.read(1_048_576):
            yield piece


def timed(call: Callable[[], object], times: int) -> list[float]:
    """The seconds that each of some calls took."""
    seconds = []
    for _ in range(times):
        started = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - started)
    return seconds


def percentile(seconds: Sequence[float], percent: int) -> float:
    """A percentile, in milliseconds."""
    return 1_000 * (quantiles(seconds, n=100)[percent - 1] if len(seconds) > 1 else seconds[0])


@contextmanager
def reading(url: str, count: int) -> Iterator[list[float]]:
    """Reads users' personas one after the other meanwhile, with pauses; the seconds that each took."""
    seconds: list[float] = []
    stop = threading.Event()

    def repeat() -> None:
        client, number = Client(url), 0
        while not stop.is_set():
            number = (number + 7_919) % count
            path = f"/users/{user_id(number)}/persona"
            seconds.extend(timed(partial(client.send, "GET", path), 1))
            time.sleep(0.005)

    thread = threading.Thread(target=repeat)
    thread.start()
    try:
        yield seconds
    finally:
        stop.set()
        thread.join()


def reassigned_a_second(users: UserStore, version: str, most: float) -> float:
    """How many users a second get the persona by a new model, until all have it or for `most` seconds."""
    started = time.perf_counter()
    while users.stale(version, "", 1) and time.perf_counter() - started < most:
        time.sleep(0.2)
    seconds = time.perf_counter() - started
    return sum(tally.users for tally in users.tally(version).values()) / seconds
