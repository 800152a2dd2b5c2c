"""The measurement: the tasks of a plan and their results."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from threadpoolctl import threadpool_limits

from benchmarks.recovery.cache import PARTS, PERMUTED, Cache, Result, Task, What
from benchmarks.recovery.draws import FIRST_SEED, Cell, draw, permuted
from benchmarks.recovery.generators.drawn import Draw
from benchmarks.recovery.generators.registry import GENERATORS
from benchmarks.recovery.methods import METHODS, Method, Ours, fingerprint
from benchmarks.recovery.peers import quietly
from training.progress import Progress


@dataclass(frozen=True, slots=True)
class Plan:
    """What to measure. `draws`: of each cell; `permuted`: draws with shuffled fields for each number of rows.

    `difficulties`: variants of the generators by name; all of each generator if empty.
    """

    methods: tuple[Method, ...]
    parts: tuple[What, ...] = PARTS
    difficulties: tuple[str, ...] = ()
    rows: tuple[int, ...] = (1_500, 5_000)
    draws: int = 5
    permuted: int = 20
    generators: tuple[str, ...] = ("ours",)

    def variants(self) -> dict[str, tuple[str, ...]]:
        """The variants of each generator that has some of the chosen ones."""
        chosen = {name: GENERATORS[name].chosen(self.difficulties) for name in self.generators}
        return {name: variants for name, variants in chosen.items() if variants}

    def tasks(self) -> list[Task]:
        """All tasks in order; the methods of one draw are adjacent."""
        return [task for name, variants in self.variants().items() for task in self._tasks_of(name, variants)]

    def _tasks_of(self, name: str, variants: tuple[str, ...]) -> Iterator[Task]:
        generator, ours = GENERATORS[name], (METHODS[Ours.name],)
        pairs = [(variant, rows) for variant in variants for rows in self.rows]
        if "share" in self.parts:
            cells = [Cell(variant, rows, generator.personas(variant), name) for variant, rows in pairs]
            yield from _tasks("share", cells, self.draws, self.methods)
        if "k" in self.parts:
            counted = [
                Cell(variant, rows, count, name) for variant, rows in pairs for count in generator.counts(variant)
            ]
            yield from _tasks("k", counted, self.draws, ours)
        shuffled = [
            Cell(variant, rows, generator.personas(variant), name)
            for variant in generator.shuffled_of(variants)
            for rows in self.rows
        ]
        for what in PERMUTED:
            if what in self.parts and (generator.has_lists or what == "permuted"):
                yield from _tasks(what, shuffled, self.permuted, ours)


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
    for cell in cells:
        prints = {method.name: fingerprint(method, cell.generator, cell.difficulty) for method in methods}
        for seed in range(FIRST_SEED, FIRST_SEED + draws):
            for name, mark in prints.items():
                yield Task(what, name, cell, seed, mark)


def _title(task: Task) -> str:
    cell = task.cell
    planted = task.what if task.what in PERMUTED else f"{cell.personas} planted"
    return f"{task.method}: {planted}, {cell.generator}, {cell.difficulty}, {cell.rows} rows, seed {task.seed}"


def _measured(task: Task) -> Result:
    drawn = _draw(task.cell, task.seed)
    with threadpool_limits(1), quietly():
        if task.what == "share":
            return _share(task, drawn)
        frame = drawn.frame
        if task.what in PERMUTED:
            frame = permuted(frame, task.seed, items=task.what == "permuted_items")
        start = time.process_time()
        k = Ours().chosen(frame, drawn.profile_class)
    return Result(task, k, 0.0, time.process_time() - start)


def _share(task: Task, drawn: Draw) -> Result:
    start = time.process_time()
    clusters = METHODS[task.method].clusters(drawn.frame, task.cell.personas, drawn.profile_class)
    seconds = time.process_time() - start
    return Result(task, drawn.agreement(clusters), drawn.ceiling, seconds)


# Small: the methods of one draw are adjacent.
@lru_cache(maxsize=2)
def _draw(cell: Cell, seed: int) -> Draw:
    return draw(cell, seed)
