"""The data of the benchmark: draws of the generators, and draws without links between fields."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from benchmarks.recovery.generators.drawn import Draw
from benchmarks.recovery.generators.registry import GENERATORS

# The seeds of the benchmark; settings are chosen on other seeds.
FIRST_SEED: Final = 100


@dataclass(frozen=True, slots=True)
class Cell:
    """The settings of the draws of one cell. `difficulty`: a variant of the generator, by name."""

    difficulty: str
    rows: int
    personas: int = 5
    generator: str = "ours"


def draw(cell: Cell, seed: int) -> Draw:
    """The draw of this seed."""
    drawing = GENERATORS[cell.generator].drawing
    return drawing.draw(cell.difficulty, cell.rows, cell.personas, seed)


def permuted(frame: pd.DataFrame, seed: int, items: bool = False) -> pd.DataFrame:
    """The frame with each field shuffled independently: margins stay, and fields become independent.

    Lists are shuffled as a whole, so that the items of one list stay correlated; with `items` each item is
    shuffled independently among those who answered, and nothing is correlated.
    """
    rng = np.random.default_rng(seed)
    shuffled = {name: _shuffled(frame[name], rng) for name in frame.columns}
    if items:
        lists = [name for name in frame.columns if frame[name].map(lambda cell: isinstance(cell, list)).any()]
        shuffled |= {name: _items_shuffled(shuffled[name], rng) for name in lists}
    return pd.DataFrame(shuffled)


def _shuffled(answers: "pd.Series[Any]", rng: np.random.Generator) -> "pd.Series[Any]":
    return answers.iloc[rng.permutation(len(answers))].set_axis(answers.index)


def _items_shuffled(answers: "pd.Series[Any]", rng: np.random.Generator) -> "pd.Series[Any]":
    given = answers[answers.notna()]
    ticks = given.explode().dropna()
    table = pd.crosstab(ticks.index, ticks).reindex(given.index, fill_value=0)
    mixed = np.column_stack([rng.permutation(column) for column in table.to_numpy().T]).astype(bool)
    lists = pd.Series([table.columns[row].tolist() for row in mixed], given.index, dtype=object)
    return lists.reindex(answers.index).where(answers.notna(), None)
