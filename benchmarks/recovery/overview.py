"""The overview of the tables: one line for each variant of each generator, our fit alone."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.recovery.cache import PERMUTED, Result
from benchmarks.recovery.draws import Cell
from benchmarks.recovery.measure import Plan
from benchmarks.recovery.methods import Ours

NOTHING: Final = "–"


def overview_section(results: Sequence[Result], plan: Plan) -> list[str]:
    """One line for each variant: the project's own fit."""
    ours = [result for result in results if result.task.method == Ours.name]
    rows = []
    for name, variants in plan.variants().items():
        for variant in variants:
            cell = Cell(variant, 0, generator=name)
            some = [r for r in ours if (r.task.cell.generator, r.task.cell.difficulty) == (name, variant)]
            rows.append([name, label(cell), *_shares_of_ceiling(some, plan), *_counts_right(some)])
    shares = [f"share, {size:,}" for size in plan.rows]
    head = ["generator", "difficulty", *shares, "k exact", "k within one", "1 where nothing is linked"]
    return [
        "## In short",
        "Our fit alone, from the sections below: its share of the ceiling where it is given the number of "
        "personas; how often `--k auto` finds the planted number; and how often it chooses 1 once fields are "
        "shuffled.",
        markdown_table(head, rows),
    ]


def _shares_of_ceiling(results: Sequence[Result], plan: Plan) -> list[str]:
    """The mean share for each number of rows, "–" where not measured."""
    of_size = ([r.share for r in results if r.task.what == "share" and r.task.cell.rows == n] for n in plan.rows)
    return [f"{np.mean(shares):.2f}" if shares else NOTHING for shares in of_size]


def _counts_right(results: Sequence[Result]) -> list[str]:
    """How often k is exact, within one, and 1 where nothing is linked; "–" where not measured."""
    off = [abs(round(r.value) - r.task.cell.personas) for r in results if r.task.what == "k"]
    unlinked = [round(r.value) - 1 for r in results if r.task.what in PERMUTED]
    return [counted_within(off, 0), counted_within(off, 1), counted_within(unlinked, 0)]


def counted_within(distances: Sequence[int], most: int) -> str:
    """How many distances are at most `most`, as "19 of 20"; "–" if there are none."""
    return f"{sum(distance <= most for distance in distances)} of {len(distances)}" if distances else NOTHING


def label(cell: Cell) -> str:
    """A variant in words; of a file its name."""
    return Path(cell.difficulty).stem.replace("_", " ")


def markdown_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
