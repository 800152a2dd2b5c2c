"""Training as a child process: a crash, a memory blow-up or a busy core stays outside the server.

The child runs in a session of its own, gives way to everything else, and computes with few threads. Its
standard input is a pipe that nobody writes to: when this process dies, however it dies, the child reads the
end of it and stops (`--stop-when-stdin-closes`).
"""

import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Literal, Protocol

from models.errors import SegmentsError
from models.storage.signature import KEY_FILE

PROJECT_ROOT = Path(__file__).resolve().parents[2]
LAST_LINES = 40
MAX_LINE = 2_000
_THREAD_LIMITS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "LOKY_MAX_CPU_COUNT",
)
# Training has no business with these.
_WITHHELD = ("DATABASE_URL", "DATABASE_PASSWORD_FILE", "ADMIN_KEY_FILE", "PROMETHEUS_MULTIPROC_DIR")


class LaunchFailed(SegmentsError):
    """The child could not be started."""


@dataclass(frozen=True, slots=True)
class FitOrder:
    """What to train: `rows` simulated profiles, or those in the file `data`; the version goes below `out`.

    `bounds`: those of the gate, by name. The personas of the model in force are carried on.
    """

    out: Path
    k: int | Literal["auto"]
    seed: int
    rows: int | None = None
    data: Path | None = None
    origin: Literal["file", "users"] = "file"
    bounds: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Step:
    """How far the child is: `share` of the whole, 0–1."""

    stage: str
    share: float


@dataclass(frozen=True, slots=True)
class Ended:
    """The child's last word: the version that it left, or why there is none."""

    version: str | None
    error: str | None = None
    last_lines: tuple[str, ...] = ()


Event = Step | Ended


class Child(Protocol):
    """A training run under way."""

    def next_event(self, timeout: float) -> Event | None:
        """The next event, or None after `timeout` seconds of silence. The last one is `Ended`."""

    def memory(self) -> int | None:
        """The bytes that it holds in memory; None where that cannot be told."""

    def stop(self) -> None:
        """End it now, and whatever it started; returns when it is gone."""


class Launcher(Protocol):
    """Starts training runs."""

    def launch(self, order: FitOrder) -> Child:
        """Start one. Raises `LaunchFailed`."""


@dataclass(frozen=True, slots=True)
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
        try:
            process = subprocess.Popen(
                [*self.command, *fit_arguments(order), *([] if self.report else ["--no-report"])],
                cwd=PROJECT_ROOT,
                env=child_environment(os.environ, self.threads) | self._signing(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
                text=True,
                encoding="utf-8",
                errors="replace",
            )
        except OSError as error:
            raise LaunchFailed(f"Training could not be started: {error.strerror}.") from error
        _give_way(process.pid, self.nice)
        return ChildProcess(process, self.stop_seconds)

    def _signing(self) -> dict[str, str]:
        """What lets the child sign its version, also where the setting stands in `.env` alone."""
        return {KEY_FILE: str(self.artifact_key_file.resolve())} if self.artifact_key_file else {}


def _give_way(pid: int, nice: int) -> None:
    """Have a process, which leads a session, give way to others, as far as the system lets us."""
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, pid, nice)
    with suppress(OSError):
        # Linux may share the processor between sessions first, where niceness inside one means nothing.
        Path(f"/proc/{pid}/autogroup").write_text(str(nice), encoding="ascii")


def fit_arguments(order: FitOrder) -> list[str]:
    """The order in the words of `python -m training`."""
    if order.data is None:
        source = ["--simulate", str(order.rows)]
    else:
        source = ["--data", str(order.data.resolve()), "--origin", order.origin]
    return [
        *("fit", *source),
        *("--k", str(order.k), "--seed", str(order.seed), "--out", str(order.out.resolve())),
        *(word for name, value in order.bounds.items() for word in ("--bound", f"{name}={value}")),
        *("--no-activate", "--progress", "json", "--stop-when-stdin-closes"),
    ]


def child_environment(environment: Mapping[str, str], threads: int) -> dict[str, str]:
    """The environment of a child: ours without its secrets, with a cap on threads."""
    kept = {name: value for name, value in environment.items() if name.upper() not in _WITHHELD}
    return {**kept, **dict.fromkeys(_THREAD_LIMITS, str(threads))}


class ChildProcess:
    """A training run in a process of its own; threads read what it says."""

    def __init__(self, process: subprocess.Popen[str], stop_seconds: float) -> None:
        self._process = process
        self._stop_seconds = stop_seconds
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._version: str | None = None
        self._error: str | None = None
        self._last_lines: deque[str] = deque(maxlen=LAST_LINES)
        self._readers = [
            _start_reader(process.stdout, self._hear),
            _start_reader(process.stderr, self._last_lines.append),
        ]
        threading.Thread(target=self._wait, name="retrain-waiter", daemon=True).start()

    @property
    def pid(self) -> int:
        """The process, which leads a group of its own."""
        return self._process.pid

    def next_event(self, timeout: float) -> Event | None:
        """The next event, or None after `timeout` seconds of silence."""
        try:
            return self._events.get(timeout=timeout)
        except queue.Empty:
            return None

    def memory(self) -> int | None:
        """The resident bytes of the process, as /proc tells them."""
        return resident_bytes(self._process.pid)

    def stop(self) -> None:
        """Ask the group to end, and kill it when it takes longer than the grace."""
        self._signal(signal.SIGTERM)
        try:
            self._process.wait(self._stop_seconds)
        except subprocess.TimeoutExpired:
            self._signal(signal.SIGKILL)
            self._process.wait()

    def _hear(self, line: str) -> None:
        match _parsed(line):
            case {"stage": str(stage), "progress": int() | float() as share}:
                self._events.put(Step(stage[:200], min(max(float(share), 0.0), 1.0)))
            case {"result": {"version": str(version)}}:
                self._version = version
            case {"error": str(sentence)}:
                self._error = sentence
            case {"message": str(sentence)}:
                self._last_lines.append(sentence)

    def _wait(self) -> None:
        code = self._process.wait()
        # What it started must not outlive it, nor hold its pipes open.
        self._signal(signal.SIGKILL)
        for reader in self._readers:
            reader.join(timeout=self._stop_seconds)
        if self._process.stdin is not None:
            with suppress(OSError):
                self._process.stdin.close()
        self._events.put(self._ending(code))

    def _ending(self, code: int) -> Ended:
        if code == 0 and self._version is not None:
            return Ended(self._version)
        return Ended(None, self._error or exit_sentence(code), tuple(self._last_lines))

    def _signal(self, number: int) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)


def resident_bytes(pid: int) -> int | None:
    """The memory that a process holds; None where there is no /proc, or no such process any more.

    Watched, and not limited by RLIMIT_AS: that counts what is reserved and never used, of which the libraries'
    threads take a gigabyte, and a failed allocation inside them may end in a hang instead of an error.
    """
    try:
        pages = Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return None


def exit_sentence(code: int) -> str:
    """What an exit code says when the child said nothing."""
    if code < 0:
        return f"Training was killed by signal {-code} ({_signal_name(-code)})."
    if code == 0:
        return "Training ended without naming the model that it made."
    return f"Training ended with exit code {code}."


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return "unknown"


def _parsed(line: str) -> object:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _start_reader(stream: IO[str] | None, hear: Callable[[str], None]) -> threading.Thread:
    def read() -> None:
        with suppress(ValueError, OSError):
            for line in _lines(stream):
                hear(line)

    thread = threading.Thread(target=read, name="retrain-reader", daemon=True)
    thread.start()
    return thread


def _lines(stream: IO[str] | None) -> Iterator[str]:
    """Lines without their ends, cut where they are very long; the stream is closed afterwards."""
    if stream is not None:
        with stream:
            while line := stream.readline(MAX_LINE):
                yield line.rstrip("\n")
