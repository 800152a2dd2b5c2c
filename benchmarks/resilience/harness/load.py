"""Load on the service, with a record of acknowledged writes and of latencies."""

import json
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, field

import httpx2 as httpx

from benchmarks.resilience.harness.world import require
from testkit import ROOT
from testkit.server import Server

PROFILE = {"age": 30, "hobbies": ["gaming", "coding"], "budget_range": "high"}


@dataclass
class Writers:
    """Threads that write profiles, each of its own users, and record the last acknowledged revision."""

    server: Server
    threads: int = 4
    users: int = 25
    acknowledged: dict[str, int] = field(default_factory=dict)
    writes: int = 0
    statuses: Counter[int | str] = field(default_factory=Counter)
    _stop: threading.Event = field(default_factory=threading.Event)
    _running: list[threading.Thread] = field(default_factory=list)

    def __enter__(self) -> "Writers":
        self._running = [threading.Thread(target=self._write, args=(n,), daemon=True) for n in range(self.threads)]
        for thread in self._running:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._running:
            thread.join(60)

    def _write(self, thread: int) -> None:
        number = 0
        while not self._stop.is_set():
            with httpx.Client(base_url=self.server.url, timeout=20) as client:
                while not self._stop.is_set():
                    number += 1
                    user = f"user-{thread}-{number % self.users}"
                    try:
                        response = client.put(f"/users/{user}/profile", json=PROFILE | {"age": 13 + number % 100})
                    except httpx.HTTPError as error:
                        self.statuses[type(error).__name__] += 1
                        time.sleep(0.02)
                        break
                    self.statuses[response.status_code] += 1
                    if response.status_code in (200, 201):
                        self.acknowledged[user] = response.json()["revision"]
                        self.writes += 1
                    else:
                        time.sleep(0.05)

    def check(self) -> None:
        """Raise `Broken` unless every acknowledged write is stored."""
        with httpx.Client(base_url=self.server.url, timeout=20) as client:
            for user, revision in sorted(self.acknowledged.items()):
                response = client.get(f"/users/{user}/persona")
                require(response.status_code == 200, f"{user} is gone: {response.status_code}")
                stored = response.json()["revision"]
                require(stored >= revision, f"{user} is at {stored}, but {revision} was acknowledged")


@dataclass(frozen=True)
class Probe:
    """One client beside the load (`benchmarks.resilience.harness.probe`), of `/segment`, or a reader of `path`."""

    port: int
    path: str | None = None

    def measure(self, seconds: float) -> "Latencies":
        """Measure for `seconds`."""
        command = [sys.executable, "-m", "benchmarks.resilience.harness.probe", str(self.port), str(seconds)]
        command += [self.path] if self.path else []
        done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
        output = json.loads(done.stdout)
        return Latencies(sorted(output["taken"]), Counter({int(k): v for k, v in output["statuses"].items()}))


@dataclass(frozen=True)
class Latencies:
    """Sorted latencies in ms, and the counts by status (0: no response)."""

    taken: list[float]
    statuses: Counter[int]

    def quantile(self, share: float) -> float:
        """The latency that this share of the responses did not exceed."""
        return self.taken[min(len(self.taken) - 1, int(len(self.taken) * share))]

    def __str__(self) -> str:
        return f"p50 {self.quantile(0.5):.1f} ms, p99 {self.quantile(0.99):.1f} ms"
