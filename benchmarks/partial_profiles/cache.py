"""The cases of the benchmark, stored in a file as they are measured."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.partial_profiles.measure import Tally
from benchmarks.result_file import ResultFile


@dataclass(frozen=True)
class Measured:
    """One case: its tallies, the curve of each question order (empty where it was not measured), and the ceiling
    of `Case`."""

    tallies: tuple[Tally, ...]
    curves: dict[str, list[float]]
    ceiling: float | None = None


class Cache:
    """Cases by a name that states their settings and code, stored in a file if there is a path."""

    def __init__(self, path: Path | None = None) -> None:
        self._file = ResultFile(path)
        parsed = (_parsed(line) for line in self._file.lines())
        self._cases = dict(case for case in parsed if case is not None)

    def get(self, name: str, measure: Callable[[], Measured]) -> Measured:
        """The case of that name, measured if it is not stored. Raises `UnusableInput` if it cannot be stored."""
        if name not in self._cases:
            self._cases[name] = measure()
            self._file.append({"name": name, **asdict(self._cases[name])})
        return self._cases[name]


def _parsed(line: str) -> tuple[str, Measured] | None:
    """None for a line that was cut off, or was written by another version of this module."""
    try:
        content = json.loads(line)
        tallies = tuple(
            Tally(**{**tally, "bins": tuple(map(tuple, tally["bins"]))}) for tally in content["tallies"]
        )
        return content["name"], Measured(tallies, content["curves"], content["ceiling"])
    except (ValueError, KeyError, TypeError):
        return None
