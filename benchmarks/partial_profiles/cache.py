"""What was measured already, one JSON object a line, written as it is measured: an interrupted run goes on."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.partial_profiles.measure import Tally
from training.errors import UnusableInput


@dataclass(frozen=True)
class Measured:
    """One case: its tallies, and the curve of each order of asking (empty where it was not asked for)."""

    tallies: tuple[Tally, ...]
    curves: dict[str, list[float]]


class Cache:
    """Cases by a name that tells their settings and the code. Without a path they are kept for this run alone."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._found = _read(path) if path else {}

    def get(self, name: str, measure: Callable[[], Measured]) -> Measured:
        """The case of that name, measured now where it was not. Raises `UnusableInput` where it cannot be kept."""
        if name not in self._found:
            self._found[name] = measure()
            self._keep(name)
        return self._found[name]

    def _keep(self, name: str) -> None:
        if self._path is None:
            return
        try:
            with self._path.open("a", encoding="utf-8") as file:
                # The line before it may have been cut off.
                file.write("\n" + json.dumps({"name": name, **asdict(self._found[name])}))
        except OSError as error:
            raise UnusableInput(f"Cannot write {self._path}: {error.strerror}.") from error


def _read(path: Path) -> dict[str, Measured]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    except OSError as error:
        raise UnusableInput(f"Cannot read {path}: {error.strerror}.") from error
    return dict(pair for line in lines if (pair := _parsed(line)) is not None)


def _parsed(line: str) -> tuple[str, Measured] | None:
    """None for a line that was cut off, or was written by another version of this module."""
    try:
        content = json.loads(line)
        tallies = tuple(
            Tally(each["rival"], each["hidden"], tuple(map(tuple, each["bins"])), each["sure"])
            for each in content["tallies"]
        )
        return content["name"], Measured(tallies, content["curves"])
    except (ValueError, KeyError, TypeError):
        return None
