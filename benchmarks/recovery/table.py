"""The results as Markdown tables, with the settings of the run."""

import os
import platform
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from importlib.metadata import version

import numpy as np

from benchmarks.recovery.cache import Result
from benchmarks.recovery.draws import Cell
from benchmarks.recovery.generators.registry import GENERATORS
from benchmarks.recovery.measure import Plan
from benchmarks.recovery.overview import NOTHING, counted_within, label, markdown_table, overview_section

_CAVEAT = """\
**Limits.** None of this says anything about real profiles. The figures with our own simulator are not independent
figures; those with the other generators are from code that was written without a look at the pipeline. The peers
were run as a fair user would run them: with the usual settings, and among those with the best ones for each peer
on other draws of our simulator. Every method was given the number of planted labels."""


@dataclass(frozen=True, slots=True)
class Origin:
    """The run that gave the figures."""

    day: date
    command: str
    machine: str
    packages: tuple[str, ...]


def origin(command: str, plan: Plan) -> Origin:
    """Today, this machine, these versions."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    names = ("numpy", "scikit-learn", *(package for method in plan.methods for package in method.packages))
    packages = (f"Python {platform.python_version()}", *(f"{name} {version(name)}" for name in names))
    return Origin(date.today(), command, f"{os.cpu_count()} cores, {memory:.0f} GB, one thread", packages)


def report(results: Sequence[Result], plan: Plan, source: Origin) -> str:
    """The whole document."""
    sections = [
        "# How well planted personas are recovered",
        f"    .venv/bin/{source.command}",
        f"{source.day.isoformat()}; {source.machine}; {', '.join(source.packages)}.",
        *overview_section(results, plan),
        *(text for name in plan.variants() for text in _of_generator(results, plan, name)),
        *_methods_section(plan),
        _CAVEAT,
    ]
    return "\n\n".join(sections) + "\n"


def _of_generator(results: Sequence[Result], plan: Plan, name: str) -> Iterator[str]:
    """The sections of one generator."""
    generator = GENERATORS[name]
    yield f"## {generator.title}"
    yield generator.note
    for what in plan.parts:
        some = [result for result in results if result.task.what == what and result.task.cell.generator == name]
        if some:
            yield from _SECTIONS[what](some, plan)


def _share_section(results: Sequence[Result], plan: Plan) -> list[str]:
    return [
        "### The share of what is possible",
        "The ceiling is the adjusted Rand index, with the truth, of each profile's most probable label by the "
        "generator's own formula: no method that sees only the profiles can be right more often. The columns of "
        f"the methods are shares of that ceiling, mean ± standard deviation over {plan.draws} draws. Every method "
        "clusters all profiles; the index is over those that have a planted label.",
        _shares(results, plan),
        "Processor seconds for one draw:",
        _seconds(results, plan),
    ]


def _methods_section(plan: Plan) -> list[str]:
    notes = "\n".join(f"- **{method.title}**: {method.note}." for method in plan.methods)
    return ["## The methods", notes] if notes else []


def _shares(results: Sequence[Result], plan: Plan) -> str:
    rows = []
    for cell, some in _by_cell(results).items():
        ceilings = {result.task.seed: result.ceiling for result in some}
        shares = [
            _spread([result.share for result in some if result.task.method == method.name])
            for method in plan.methods
        ]
        rows.append([label(cell), f"{cell.rows:,}", f"{np.mean(list(ceilings.values())):.2f}", *shares])
    return markdown_table(["difficulty", "profiles", "ceiling", *(method.title for method in plan.methods)], rows)


def _seconds(results: Sequence[Result], plan: Plan) -> str:
    rows = []
    for size in plan.rows:
        some = [result for result in results if result.task.cell.rows == size]
        means = [np.mean([r.seconds for r in some if r.task.method == method.name]) for method in plan.methods]
        rows.append([f"{size:,}", *(f"{mean:.1f}" for mean in means)])
    return markdown_table(["profiles", *(method.title for method in plan.methods)], rows)


def _k_section(results: Sequence[Result], plan: Plan) -> list[str]:
    planted = sorted({result.task.cell.personas for result in results})
    rows = []
    for cell, some in _by_cell(results, personas=False).items():
        off = [abs(round(result.value) - result.task.cell.personas) for result in some]
        counts = [_counted(r.value for r in some if r.task.cell.personas == number) for number in planted]
        within = [counted_within(off, most) for most in (0, 1)]
        rows.append([label(cell), f"{cell.rows:,}", *counts, *within])
    head = ["difficulty", "profiles", *(f"{number} planted" for number in planted), "exact", "within one"]
    return [
        "### How many personas `--k auto` finds",
        f"{plan.draws} draws of each; “5, 6 ×2” means once 5 and twice 6.",
        markdown_table(head, rows),
    ]


def _permuted_section(results: Sequence[Result], _: Plan) -> list[str]:
    return [
        "### Where nothing links the fields",
        "The same profiles with each field shuffled on its own, lists as a whole: "
        "the items of a list stay correlated, and fields become independent.",
        _chosen(results),
    ]


def _permuted_items_section(results: Sequence[Result], _: Plan) -> list[str]:
    return [
        "### Where there is nothing to find",
        "The same profiles with each field, and each item of a list, shuffled alone.",
        _chosen(results),
    ]


def _chosen(results: Sequence[Result]) -> str:
    rows = [
        [label(cell), f"{cell.rows:,}", counted_within(_above_one(some), 0), _counted(r.value for r in some)]
        for cell, some in _by_cell(results).items()
    ]
    return markdown_table(["difficulty", "profiles", "one persona", "chosen"], rows)


def _above_one(results: Iterable[Result]) -> list[int]:
    return [round(result.value) - 1 for result in results]


_SECTIONS = {
    "share": _share_section,
    "k": _k_section,
    "permuted": _permuted_section,
    "permuted_items": _permuted_items_section,
}


def _by_cell(results: Iterable[Result], personas: bool = True) -> dict[Cell, list[Result]]:
    """The results of each cell; with `personas` false, of any number of planted personas."""
    cells: dict[Cell, list[Result]] = {}
    for result in results:
        cell = result.task.cell
        key = cell if personas else replace(cell, personas=0)
        cells.setdefault(key, []).append(result)
    return cells


def _spread(values: Sequence[float]) -> str:
    return f"{np.mean(values):.2f} ± {np.std(values, ddof=1) if len(values) > 1 else 0.0:.2f}"


def _counted(values: Iterable[float]) -> str:
    """Values and their counts, as "5, 6 ×2"."""
    counts = sorted(Counter(round(value) for value in values).items())
    return ", ".join(f"{value}" if count == 1 else f"{value} ×{count}" for value, count in counts) or NOTHING
