"""A real server in its own processes, on a free port of loopback, with a folder of its own for all its data."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2 as httpx

from testkit import ROOT
from testkit.processes import children, command
from testkit.waiting import eventually

PATIENCE = 180.0


def free_port() -> int:
    """A port without a listener."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def descendants(pid: int) -> list[int]:
    """The running processes below a process, at any depth."""
    below = children(pid)
    return below + [deeper for child in below for deeper in descendants(child)]


def kill(pid: int) -> None:
    """SIGKILL, as an operator or the kernel would."""
    os.kill(pid, signal.SIGKILL)


@dataclass
class Server:
    """`python -m service serve` with its settings; `log` holds its output."""

    settings: dict[str, str]
    port: int
    log: Path
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The address of the service."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start, and wait until it is ready."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "service", "serve", "--port", str(self.port)],
                cwd=ROOT,
                env={**os.environ, **self.settings},
                stdout=log,
                stderr=log,
            )
        eventually(self.ready, PATIENCE)

    def ready(self) -> bool:
        """Whether `/readyz` responds with 200."""
        try:
            return httpx.get(f"{self.url}/readyz", timeout=5).status_code == 200
        except httpx.TransportError:
            return False

    def descendants(self) -> list[int]:
        """Every process of the server except the first."""
        return descendants(self.process.pid) if self.process else []

    def trainings(self) -> list[int]:
        """The retrain children."""
        return [pid for pid in self.descendants() if "-m training" in command(pid)]

    def workers(self) -> list[int]:
        """The worker processes of a server with several."""
        return [pid for pid in self.descendants() if "spawn_main" in command(pid)]

    def kill(self) -> None:
        """SIGKILL to the first process and, as in a crash of the machine, to its workers."""
        if self.process:
            below = self.workers()
            for pid in [self.process.pid, *below]:
                kill(pid)
            self.process.wait()

    def stop(self) -> int:
        """Send SIGTERM, wait, and return the exit code."""
        if self.process is None or self.process.poll() is not None:
            return 0
        self.process.terminate()
        return self.process.wait(30)

    def retrain(self, **body: Any) -> dict[str, Any]:
        """Start a small retrain and return its job."""
        request = {"source": "simulated", "rows": 1_000, "k": 3, **body}
        response = httpx.post(f"{self.url}/retrain", json=request)
        assert response.status_code == 202, response.text
        job: dict[str, Any] = response.json()
        return job

    def job(self, job_id: str) -> dict[str, Any]:
        """The current state of a job."""
        body: dict[str, Any] = httpx.get(f"{self.url}/retrain/{job_id}").json()
        return body

    def ended(self, job_id: str, patience: float = PATIENCE) -> dict[str, Any]:
        """Wait for the end of a job and return it."""

        def find() -> dict[str, Any] | None:
            job = self.job(job_id)
            return None if job["status"] in ("QUEUED", "RUNNING") else job

        return eventually(find, patience)


@contextmanager
def serving(folder: Path, artifacts: Path, **settings: str) -> Iterator[Server]:
    """A started server with its data below `folder`; stopped at the end."""
    folder.mkdir(parents=True, exist_ok=True)
    server = Server(
        {
            "ARTIFACTS_DIR": str(artifacts),
            "DATA_DIR": str(folder / "data"),
            "DATABASE_URL": f"sqlite:///{folder}/segments.db",
            "JOB_LEASE": "4",
            # The report takes most of a small retrain's time; tests of the report turn it on.
            "RETRAIN_REPORT": "false",
            # Else a retrain waits for whatever else the machine does.
            "RETRAIN_NICE": "0",
            **settings,
        },
        free_port(),
        folder / "server.log",
    )
    try:
        server.start()
        yield server
    except BaseException:
        print(server.log.read_text()[-6000:])
        raise
    finally:
        server.stop()
