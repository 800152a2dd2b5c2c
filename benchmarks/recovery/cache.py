"""The tasks of the benchmark and their results, stored in a file as they are measured."""

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from benchmarks.recovery.draws import Cell
from benchmarks.result_file import ResultFile

What = Literal["share", "k", "permuted", "permuted_items"]
PARTS: tuple[What, ...] = get_args(What)
PERMUTED: tuple[What, ...] = ("permuted", "permuted_items")


@dataclass(frozen=True, slots=True)
class Task:
    """One measurement: a section of the benchmark, a method by name, a cell and a seed.

    `fingerprint` identifies the settings and the code of the method.
    """

    what: What
    method: str
    cell: Cell
    seed: int
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Result:
    """`value`: the adjusted Rand index ("share") or the chosen k; `ceiling`: of a share, else 0.

    `seconds`: processor time, which other work on the machine affects less than wall time.
    """

    task: Task
    value: float
    ceiling: float
    seconds: float

    @property
    def share(self) -> float:
        """The value as a share of the ceiling."""
        return self.value / self.ceiling


class Cache:
    """Results by their task, stored in a file if there is a path, else for this run alone."""

    def __init__(self, path: Path | None = None) -> None:
        self._file = ResultFile(path)
        parsed = (_parsed(line) for line in self._file.lines())
        self._results = {result.task: result for result in parsed if result is not None}

    def get(self, task: Task) -> Result | None:
        """The result, if it was measured."""
        return self._results.get(task)

    def put(self, result: Result) -> None:
        """Store a result. Raises `UnusableInput` if the file cannot be written."""
        self._results[result.task] = result
        self._file.append(dataclasses.asdict(result))


def _parsed(line: str) -> Result | None:
    """The result of a line; None for one that was cut off, or was written by another version of this module."""
    try:
        content = json.loads(line)
        task = content.pop("task")
        return Result(Task(**{**task, "cell": Cell(**task["cell"])}), **content)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
