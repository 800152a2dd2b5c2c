"""A child process as its supervisor sees it: the order of a training run, the events, and the protocols."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from models.errors import SegmentsError


class LaunchFailed(SegmentsError):
    """The child could not be started."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FitOrder:
    """What to train on: `rows` simulated profiles, or the file `data` with its `mapping`; the new version goes
    below `out`.

    `thresholds`: of the acceptance checks, by name. The personas of the active model are carried on.
    """

    out: Path
    k: int | Literal["auto"]
    seed: int
    rows: int | None = None
    data: Path | None = None
    mapping: Path | None = None
    origin: Literal["file", "users"] = "file"
    thresholds: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Step:
    """How far the child is: `share` of the whole, 0–1. `counts`: of an import, as its result has them."""

    stage: str
    share: float
    counts: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Ended:
    """The end of the child: the version that it wrote, or why there is none; of an import the `result`."""

    version: str | None
    error: str | None = None
    last_lines: tuple[str, ...] = ()
    result: Mapping[str, Any] | None = None


Event = Step | Ended


class Child(Protocol):
    """A training run under way."""

    def next_event(self, timeout: float) -> Event | None:
        """The next event, or None after `timeout` seconds of silence. The last one is `Ended`."""

    def memory(self) -> int | None:
        """The bytes that it holds in memory; None where that cannot be measured."""

    def stop(self) -> None:
        """End it now, and whatever it started; returns when it is gone."""


class Launcher(Protocol):
    """Starts training runs."""

    def launch(self, order: FitOrder) -> Child:
        """Start one. Raises `LaunchFailed`."""
