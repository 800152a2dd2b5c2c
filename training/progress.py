"""How far a run is: a bar on a terminal, plain lines elsewhere, JSON lines for a parent process."""

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TextIO

from tqdm import tqdm

Style = Literal["auto", "bar", "plain", "json"]


class Progress(Protocol):
    """Somebody who wants to know how far a run is."""

    def step(self, name: str, share: float) -> None:
        """`name` is what happens now; `share` how much of the whole run is done, 0–1."""

    def message(self, sentence: str) -> None:
        """Something worth knowing."""


@dataclass(frozen=True, slots=True)
class ProgressRange:
    """A stretch of a larger run, from `start` to `end` of it, that counts its own shares from 0 to 1."""

    whole: Progress
    start: float
    end: float

    def step(self, name: str, share: float) -> None:
        """The share of the whole run."""
        self.whole.step(name, self.start + share * (self.end - self.start))

    def message(self, sentence: str) -> None:
        """The same."""
        self.whole.message(sentence)


class RowRate:
    """Tells how many rows are done and how many a second, at most once a second. `clock`: seconds."""

    def __init__(self, progress: Progress, clock: Callable[[], float] = time.monotonic) -> None:
        self.rows = 0
        self._progress = progress
        self._clock = clock
        self._begun = self._reported = clock()

    def add(self, rows: int, share: float) -> None:
        """So many rows more; `share` of the whole is done with them."""
        self.rows += rows
        if self._clock() - self._reported >= 1.0:
            self._reported = self._clock()
            self._progress.step(f"{self.rows:,} rows, {self.rate:,.0f}/s", share)

    @property
    def seconds(self) -> float:
        """Since the beginning; never quite none."""
        return max(self._clock() - self._begun, 1e-9)

    @property
    def rate(self) -> float:
        """Rows a second since the beginning."""
        return self.rows / self.seconds


class Silent:
    """Nobody wants to know."""

    def step(self, name: str, share: float) -> None:
        """Nothing."""

    def message(self, sentence: str) -> None:
        """Nothing."""


@dataclass
class Plain:
    """A line when the step changes, and one for each sentence."""

    stream: TextIO
    _last: str = field(default="", init=False)

    def step(self, name: str, share: float) -> None:
        """One line for each new step."""
        if name != self._last:
            self._last = name
            print(f"[{share:4.0%}] {name}", file=self.stream, flush=True)

    def message(self, sentence: str) -> None:
        """One line."""
        print(sentence, file=self.stream, flush=True)


@dataclass
class JsonLines:
    """One JSON object a line, for the service's launcher."""

    stream: TextIO

    def step(self, name: str, share: float) -> None:
        """`{"stage": …, "progress": …}`."""
        self.send(stage=name, progress=round(share, 4))

    def message(self, sentence: str) -> None:
        """`{"message": …}`."""
        self.send(message=sentence)

    def send(self, **event: Any) -> None:
        """Any other event, on a line of its own."""
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
        """A line above the bar."""
        self.bar.write(sentence, file=sys.stderr)


@contextmanager
def showing(style: Style) -> Iterator[Progress]:
    """The progress of a command: bar and plain lines go to standard error, JSON lines to standard output."""
    if style == "json":
        yield JsonLines(sys.stdout)
    elif style == "bar" or (style == "auto" and sys.stderr.isatty()):
        with tqdm(total=100, bar_format="{desc:28.28} {bar} {n:3.0f} %", file=sys.stderr) as bar:
            yield Bar(bar)
    else:
        yield Plain(sys.stderr)
