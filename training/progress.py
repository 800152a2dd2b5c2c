"""Progress of a run: a bar on a terminal, plain lines elsewhere, or JSON lines for a log or a parent process."""

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, Protocol, TextIO

from tqdm import tqdm

from models.console import print_line, printable

Style = Literal["auto", "bar", "plain", "log", "json"]


class Progress(Protocol):
    """Receives the progress of a run."""

    def step(self, name: str, share: float) -> None:
        """`name`: the current step; `share`: how much of the whole run is done, 0–1."""

    def message(self, sentence: str) -> None:
        """A sentence for the user."""


@dataclass(frozen=True, slots=True)
class ProgressRange:
    """A part of a run, from `start` to `end`, whose own shares run from 0 to 1."""

    whole: Progress
    start: float
    end: float

    def step(self, name: str, share: float) -> None:
        """Report the share of the whole run."""
        self.whole.step(name, self.start + share * (self.end - self.start))

    def message(self, sentence: str) -> None:
        """Pass the sentence on."""
        self.whole.message(sentence)


class RowRate:
    """Counts rows, and reports their number and rate at most once a second. `clock`: seconds."""

    def __init__(self, progress: Progress, clock: Callable[[], float] = time.monotonic) -> None:
        self.rows = 0
        self._progress = progress
        self._clock = clock
        self._begun = self._reported = clock()

    def add(self, rows: int, share: float) -> None:
        """Count rows; `share` of the whole is done with them."""
        self.rows += rows
        if self._clock() - self._reported >= 1.0:
            self._reported = self._clock()
            self._progress.step(f"{self.rows:,} rows, {self.rate:,.0f}/s", share)

    @property
    def seconds(self) -> float:
        """Since the beginning, above 0."""
        return max(self._clock() - self._begun, 1e-9)

    @property
    def rate(self) -> float:
        """Rows a second since the beginning."""
        return self.rows / self.seconds


class Silent:
    """Discards all progress."""

    def step(self, name: str, share: float) -> None:
        """Does nothing."""

    def message(self, sentence: str) -> None:
        """Does nothing."""


@dataclass
class Plain:
    """Prints a line for each new step and each sentence."""

    stream: TextIO
    _last: str = field(default="", init=False)

    def step(self, name: str, share: float) -> None:
        """Print the step if it is new."""
        if name != self._last:
            self._last = name
            self.message(f"[{share:4.0%}] {name}")

    def message(self, sentence: str) -> None:
        """Print the sentence."""
        print_line(sentence, self.stream)


@dataclass
class LogLines(Plain):
    """Prints the same as the service logs: JSON lines for what collects the logs of a container."""

    def message(self, sentence: str, level: str = "INFO") -> None:
        """Print the sentence as a line of a log."""
        time = datetime.now(UTC).isoformat(timespec="milliseconds")
        line = {"time": time, "level": level, "logger": "training", "message": sentence}
        print_line(json.dumps(line), self.stream)


@dataclass
class JsonLines:
    """Prints one JSON object a line, for the service's launcher."""

    stream: TextIO

    def step(self, name: str, share: float) -> None:
        """Print `{"stage": …, "progress": …}`."""
        self.send(stage=name, progress=round(share, 4))

    def message(self, sentence: str) -> None:
        """Print `{"message": …}`."""
        self.send(message=sentence)

    def send(self, **event: Any) -> None:
        """Print any other event."""
        print(json.dumps(event), file=self.stream, flush=True)


@dataclass
class Bar:
    """A progress bar, with sentences above it."""

    bar: Any

    def step(self, name: str, share: float) -> None:
        """Move the bar."""
        self.bar.set_description_str(name)
        self.bar.n = round(share * 100)
        self.bar.refresh()

    def message(self, sentence: str) -> None:
        """Print the sentence above the bar."""
        self.bar.write(printable(sentence), file=sys.stderr)


@contextmanager
def shown_progress(style: Style) -> Iterator[Progress]:
    """The progress of a command: bar and plain lines on standard error, JSON lines on standard output."""
    if style == "json":
        yield JsonLines(sys.stdout)
    elif style == "bar" or (style == "auto" and sys.stderr.isatty()):
        with tqdm(total=100, bar_format="{desc:28.28} {bar} {n:3.0f} %", file=sys.stderr) as bar:
            yield Bar(bar)
    else:
        yield LogLines(sys.stderr) if style == "log" else Plain(sys.stderr)
