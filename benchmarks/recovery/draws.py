"""The data of the benchmark: draws of the simulator with their truth and their ceiling."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import adjusted_rand_score

from models.scoring.columns import BoolArray, IntArray
from training.simulation.simulate import DIFFICULTIES, SimulationConfig, simulate

# The seeds of the benchmark; settings are chosen on other seeds.
FIRST_SEED: Final = 100


@dataclass(frozen=True, slots=True)
class Cell:
    """The settings of the draws of one cell. `difficulty`: a name in `DIFFICULTIES`."""

    difficulty: str
    rows: int
    personas: int = 5


@dataclass(frozen=True)
class Draw:
    """One draw. `truth` (n,): persona keys; `planted` (n,): which profiles have a persona.

    `ceiling`: the adjusted Rand index of the most probable persona with the truth, over the planted profiles.
    """

    frame: pd.DataFrame
    truth: NDArray[np.object_]
    planted: BoolArray
    ceiling: float

    def agreement(self, clusters: IntArray) -> float:
        """Adjusted Rand index of clusters (n,) with the truth, over the planted profiles."""
        return float(adjusted_rand_score(self.truth[self.planted], clusters[self.planted]))


def draw(cell: Cell, seed: int) -> Draw:
    """The draw of this seed."""
    config = SimulationConfig(
        rows=cell.rows, seed=seed, personas=cell.personas, overlap=DIFFICULTIES[cell.difficulty]
    )
    simulated = simulate(config)
    planted = simulated.planted
    best = simulated.best_persona()[planted]
    ceiling = float(adjusted_rand_score(simulated.truth[planted], best))
    return Draw(simulated.frame, simulated.truth, planted, ceiling)


def permuted(frame: pd.DataFrame, seed: int, items: bool = False) -> pd.DataFrame:
    """The frame with each field shuffled independently: margins stay, and fields become independent.

    Lists are shuffled as a whole, so that the items of one list stay correlated; with `items` each item is
    shuffled independently among those who answered, and nothing is correlated.
    """
    rng = np.random.default_rng(seed)
    shuffled = {name: _shuffled(frame[name], rng) for name in frame.columns}
    if items:
        lists = [name for name in frame.columns if isinstance(frame[name].dropna().iloc[0], list)]
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
