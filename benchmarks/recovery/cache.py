"""What was measured already, one JSON object a line, written as it is measured: an interrupted run goes on."""

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from benchmarks.recovery.draws import Cell
from training.errors import UnusableInput

What = Literal["share", "k", "permuted", "permuted_items"]
PARTS: tuple[What, ...] = get_args(What)
PERMUTED: tuple[What, ...] = ("permuted", "permuted_items")


@dataclass(frozen=True, slots=True)
class Task:
    """One thing to measure: a part of the benchmark, a method by name, a cell and a seed.

    `fingerprint` tells which settings of the method the result holds for.
    """

    what: What
    method: str
    cell: Cell
    seed: int
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Result:
    """`value`: the adjusted Rand index ("share") or the k that was chosen; `ceiling`: of a share, else 0.

    `seconds`: of the processor, which other work on the machine does not lengthen as it does the clock's.
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
    """Results by their task. Without a path they are kept for this run alone."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._results = {result.task: result for result in _read(path)} if path else {}

    def get(self, task: Task) -> Result | None:
        """The result, if it was measured."""
        return self._results.get(task)

    def put(self, result: Result) -> None:
        """Keep a result. Raises `UnusableInput` where the file cannot be written."""
        self._results[result.task] = result
        if self._path is None:
            return
        try:
            with self._path.open("a", encoding="utf-8") as file:
                # The line before it may have been cut off.
                file.write("\n" + json.dumps(dataclasses.asdict(result)))
        except OSError as error:
            raise UnusableInput(f"Cannot write {self._path}: {error.strerror}.") from error


def _read(path: Path) -> list[Result]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    except OSError as error:
        raise UnusableInput(f"Cannot read {path}: {error.strerror}.") from error
    results = (_parsed(line) for line in lines)
    return [result for result in results if result is not None]


def _parsed(line: str) -> Result | None:
    """The result of a line; None for one that was cut off, or was written by another version of this module."""
    try:
        content = json.loads(line)
        task = content.pop("task")
        return Result(Task(**{**task, "cell": Cell(**task["cell"])}), **content)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
