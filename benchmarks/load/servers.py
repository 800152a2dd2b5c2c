"""The servers that are compared, each in its own process on one core, on a free port of loopback."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2 as httpx

from testkit import ROOT
from testkit.server import free_port
from testkit.waiting import eventually

PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class Running:
    """A running server. `ready_seconds`: from its start to its first 200."""

    name: str
    url: str
    pid: int
    ready_seconds: float

    @property
    def resident_mb(self) -> float:
        """The current memory of the process, in MB (10⁶ bytes), without its children."""
        lines = Path(f"/proc/{self.pid}/status").read_text(encoding="ascii").splitlines()
        kilobytes = next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))
        return kilobytes * 1_024 / 1e6

    @property
    def processor_seconds(self) -> float:
        """The processor time so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def ceiling(core: int, response_bytes: int, log: Path) -> Iterator[Running]:
    """uvicorn with an application that does nothing and responds with `response_bytes` bytes."""
    port = free_port()
    command = ["-m", "uvicorn", "benchmarks.load.ceiling:app", "--port", str(port), "--no-access-log"]
    settings = {"CEILING_BYTES": str(response_bytes)}
    with _running("ceiling", command, port, "/", core, settings, log) as server:
        yield server


@contextmanager
def service(core: int, settings: Mapping[str, str], log: Path) -> Iterator[Running]:
    """The service with one worker, as `python -m service serve` runs it."""
    port = free_port()
    command = ["-m", "service", "serve", "--port", str(port)]
    with _running("service", command, port, "/readyz", core, settings, log) as server:
        yield server


@contextmanager
def peer(name: str, app: str, core: int, settings: Mapping[str, str], log: Path) -> Iterator[Running]:
    """Another server for the same model: uvicorn with a factory of `benchmarks.load`."""
    port = free_port()
    command = ["-m", "uvicorn", "--factory", app, "--port", str(port), "--no-access-log", "--log-level", "warning"]
    with _running(name, command, port, "/ping", core, settings, log) as server:
        yield server


@contextmanager
def _running(
    name: str, command: list[str], port: int, path: str, core: int, settings: Mapping[str, str], log: Path
) -> Iterator[Running]:
    url = f"http://127.0.0.1:{port}"
    started = time.perf_counter()
    with log.open("ab") as file:
        process = subprocess.Popen(
            ["taskset", "-c", str(core), sys.executable, *command],
            cwd=ROOT,
            env={**os.environ, **settings},
            stdout=file,
            stderr=file,
        )
    try:
        eventually(lambda: _is_up(url + path), PATIENCE)
        yield Running(name, url, process.pid, time.perf_counter() - started)
    finally:
        process.terminate()
        process.wait(30)


def _is_up(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5).status_code == 200
    except httpx.TransportError:
        return False
