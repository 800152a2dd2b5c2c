"""The measurement: the tasks of a plan and their results."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from threadpoolctl import threadpool_limits

from benchmarks.recovery.cache import PARTS, PERMUTED, Cache, Result, Task, What
from benchmarks.recovery.draws import FIRST_SEED, Cell, Draw, draw, permuted
from benchmarks.recovery.methods import METHODS, Method, Ours, fingerprint
from benchmarks.recovery.peers import quietly
from training.progress import Progress
from training.simulation.simulate import DIFFICULTIES

PLANTED: Final = (3, 4, 5, 6)


@dataclass(frozen=True, slots=True)
class Plan:
    """What to measure. `draws`: of each cell; `permuted`: draws with shuffled fields for each number of rows."""

    methods: tuple[Method, ...]
    parts: tuple[What, ...] = PARTS
    difficulties: tuple[str, ...] = tuple(DIFFICULTIES)
    rows: tuple[int, ...] = (1_500, 5_000)
    draws: int = 5
    permuted: int = 20

    def tasks(self) -> list[Task]:
        """All tasks in order; the methods of one draw are adjacent."""
        cells = [Cell(difficulty, rows) for difficulty in self.difficulties for rows in self.rows]
        tasks: list[Task] = []
        if "share" in self.parts:
            tasks += _tasks("share", cells, self.draws, self.methods)
        if "k" in self.parts:
            counted = [Cell(cell.difficulty, cell.rows, personas) for cell in cells for personas in PLANTED]
            tasks += _tasks("k", counted, self.draws, (METHODS[Ours.name],))
        shuffled = [Cell(self.difficulties[0], rows) for rows in self.rows]
        for what in PERMUTED:
            if what in self.parts:
                tasks += _tasks(what, shuffled, self.permuted, (METHODS[Ours.name],))
        return tasks


def measure(plan: Plan, cache: Cache, progress: Progress) -> list[Result]:
    """The results of the plan, in the order of its tasks; stored ones are not measured again."""
    tasks = plan.tasks()
    results = []
    for number, task in enumerate(tasks):
        result = cache.get(task)
        if result is None:
            progress.step(_title(task), number / len(tasks))
            result = _measured(task)
            cache.put(result)
        results.append(result)
    progress.step("measured", 1.0)
    return results


def _tasks(what: What, cells: Sequence[Cell], draws: int, methods: Sequence[Method]) -> Iterator[Task]:
    prints = {method.name: fingerprint(method) for method in methods}
    for cell in cells:
        for seed in range(FIRST_SEED, FIRST_SEED + draws):
            for name, mark in prints.items():
                yield Task(what, name, cell, seed, mark)


def _title(task: Task) -> str:
    cell = task.cell
    planted = task.what if task.what in PERMUTED else f"{cell.personas} planted, {cell.difficulty}"
    return f"{task.method}: {planted}, {cell.rows} rows, seed {task.seed}"


def _measured(task: Task) -> Result:
    drawn = _draw(task.cell, task.seed)
    with threadpool_limits(1), quietly():
        if task.what == "share":
            return _share(task, drawn)
        frame = drawn.frame
        if task.what in PERMUTED:
            frame = permuted(frame, task.seed, items=task.what == "permuted_items")
        start = time.process_time()
        k = Ours().chosen(frame)
    return Result(task, k, 0.0, time.process_time() - start)


def _share(task: Task, drawn: Draw) -> Result:
    start = time.process_time()
    clusters = METHODS[task.method].clusters(drawn.frame, task.cell.personas)
    seconds = time.process_time() - start
    return Result(task, drawn.agreement(clusters), drawn.ceiling, seconds)


# Small: the methods of one draw are adjacent.
@lru_cache(maxsize=2)
def _draw(cell: Cell, seed: int) -> Draw:
    return draw(cell, seed)
