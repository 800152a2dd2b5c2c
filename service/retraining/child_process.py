"""A training run, or an import, in a process of its own: what it prints as events, its memory, and its end."""

import json
import os
import queue
import signal
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from service.retraining.launcher import Ended, Event, Step

LAST_LINES = 40
MAX_LINE = 2_000


class ChildProcess:
    """A process that works for a job; threads read its output. `work`: what it does, the subject of sentences."""

    def __init__(self, process: subprocess.Popen[str], stop_seconds: float, work: str = "Training") -> None:
        self._process = process
        self._stop_seconds = stop_seconds
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._work = work
        self._version: str | None = None
        self._result: dict[str, Any] | None = None
        self._error: str | None = None
        self._last_lines: deque[str] = deque(maxlen=LAST_LINES)
        self._readers = [
            _start_reader(process.stdout, self._on_line),
            _start_reader(process.stderr, self._last_lines.append),
        ]
        threading.Thread(target=self._wait, name="retrain-waiter", daemon=True).start()

    @property
    def pid(self) -> int:
        """The id of the process, which leads a process group of its own."""
        return self._process.pid

    def next_event(self, timeout: float) -> Event | None:
        """The next event, or None after `timeout` seconds of silence."""
        try:
            return self._events.get(timeout=timeout)
        except queue.Empty:
            return None

    def memory(self) -> int | None:
        """The resident bytes of the process."""
        return resident_bytes(self._process.pid)

    def stop(self) -> None:
        """Terminate the process group, and kill it if it has not ended after `stop_seconds`."""
        self._signal(signal.SIGTERM)
        try:
            self._process.wait(self._stop_seconds)
        except subprocess.TimeoutExpired:
            self._signal(signal.SIGKILL)
            self._process.wait()

    def _on_line(self, line: str) -> None:
        match _parsed(line):
            case {"stage": str(stage), "progress": int() | float() as share, **others}:
                counts = others.get("counts")
                share = min(max(float(share), 0.0), 1.0)
                self._events.put(Step(stage[:200], share, counts if isinstance(counts, dict) else None))
            case {"result": {"version": str(version)}}:
                self._version = version
            case {"result": dict(result)}:
                self._result = result
            case {"error": str(sentence)}:
                self._error = sentence
            case {"message": str(sentence)}:
                self._last_lines.append(sentence)

    def _wait(self) -> None:
        code = self._process.wait()
        # The processes that it started must neither outlive it nor hold its pipes open.
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
        if code == 0 and self._result is not None:
            return Ended(None, result=self._result)
        error = self._error or exit_sentence(code, self._work)
        return Ended(None, error, tuple(self._last_lines), self._result)

    def _signal(self, number: int) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)


def resident_bytes(pid: int) -> int | None:
    """The memory that a process holds; None where there is no /proc, or no such process any more.

    It is watched and not limited by RLIMIT_AS, which counts memory that is reserved and never used: the threads of
    the libraries reserve a gigabyte, and a failed allocation inside them may hang instead of raising an error.
    """
    try:
        pages = Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return None


def exit_sentence(code: int, work: str = "Training") -> str:
    """A sentence for an exit code, for a child that printed no error."""
    if code < 0:
        return f"{work} was killed by signal {-code} ({_signal_name(-code)})."
    if code == 0:
        return f"{work} ended without its result."
    return f"{work} ended with exit code {code}."


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


def _start_reader(stream: IO[str] | None, on_line: Callable[[str], None]) -> threading.Thread:
    def read() -> None:
        with suppress(ValueError, OSError):
            for line in _lines(stream):
                on_line(line)

    thread = threading.Thread(target=read, name="retrain-reader", daemon=True)
    thread.start()
    return thread


def _lines(stream: IO[str] | None) -> Iterator[str]:
    """Lines without their ends, cut after `MAX_LINE` characters; closes the stream afterwards."""
    if stream is not None:
        with stream:
            while line := stream.readline(MAX_LINE):
                yield line.rstrip("\n")
