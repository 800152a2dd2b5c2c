"""Starts training as a child process, so that a crash, a memory blow-up or a busy core stays outside the server.

The child runs in a session of its own, gives way to everything else, and computes with few threads. Its
standard input is a pipe to which nothing is written: when this process dies, however it dies, the child reads
the end of the pipe and stops (`--stop-when-stdin-closes`).
"""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from models.storage.signature import KEY_FILE
from service.retraining.child_process import ChildProcess
from service.retraining.launcher import Child, FitOrder, LaunchFailed

PROJECT_ROOT = Path(__file__).resolve().parents[2]
_THREAD_LIMITS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "LOKY_MAX_CPU_COUNT",
)
# Training has no business with these.
_WITHHELD = ("DATABASE_URL", "DATABASE_PASSWORD_FILE", "ADMIN_KEY_FILE", "PROMETHEUS_MULTIPROC_DIR")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessLauncher:
    """Starts `python -m training fit` with at most `threads` threads and niceness `nice`.

    `report`: whether `report.html` is drawn.
    """

    threads: int
    nice: int
    stop_seconds: float
    command: Sequence[str] = (sys.executable, "-m", "training")
    artifact_key_file: Path | None = None
    report: bool = True

    def launch(self, order: FitOrder) -> Child:
        """Start a child. Raises `LaunchFailed`."""
        process = start_process(
            [*self.command, *fit_arguments(order), *([] if self.report else ["--no-report"])],
            child_environment(os.environ, self.threads) | self._signing_environment(),
            PROJECT_ROOT,
            "Training",
        )
        lower_priority(process.pid, self.nice)
        return ChildProcess(process, self.stop_seconds)

    def _signing_environment(self) -> dict[str, str]:
        """The variable that lets the child sign its version: the setting may stand in `.env` alone."""
        return {KEY_FILE: str(self.artifact_key_file.resolve())} if self.artifact_key_file else {}


def start_process(
    command: Sequence[str], environment: Mapping[str, str], folder: Path | None, work: str
) -> "subprocess.Popen[str]":
    """Start a process in a session of its own, over pipes, in that folder or in this process's.

    `work`: what it does, the subject of a sentence. Raises `LaunchFailed`.
    """
    try:
        return subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            text=True,
            encoding="utf-8",
            errors="replace",
        )
    except OSError as error:
        raise LaunchFailed(f"{work} could not be started: {error.strerror}.") from error


def lower_priority(pid: int, nice: int) -> None:
    """Lower the priority of a process, which leads a session, as far as the system allows."""
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, pid, nice)
    with suppress(OSError):
        # Linux may divide the processor among sessions first, where niceness inside one means nothing.
        Path(f"/proc/{pid}/autogroup").write_text(str(nice), encoding="ascii")


def fit_arguments(order: FitOrder) -> list[str]:
    """The order as arguments of `python -m training`."""
    if order.data is None:
        source = ["--simulate", str(order.rows)]
    else:
        source = ["--data", str(order.data.resolve()), "--origin", order.origin]
    if order.mapping is not None:
        source += ["--mapping", str(order.mapping.resolve())]
    return [
        *("fit", *source),
        *("--k", str(order.k), "--seed", str(order.seed), "--out", str(order.out.resolve())),
        *(word for name, value in order.thresholds.items() for word in ("--bound", f"{name}={value}")),
        *("--no-activate", "--progress", "json", "--stop-when-stdin-closes"),
    ]


def child_environment(environment: Mapping[str, str], threads: int) -> dict[str, str]:
    """The environment of a child: this process's without its secrets, with a cap on threads."""
    inherited = {name: value for name, value in environment.items() if name.upper() not in _WITHHELD}
    return {**inherited, **dict.fromkeys(_THREAD_LIMITS, str(threads))}
