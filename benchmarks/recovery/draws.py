"""What is measured on: draws of the simulator with their truth and their ceiling."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import adjusted_rand_score

from models.scoring.columns import BoolArray, IntArray
from training.simulation.simulate import DIFFICULTIES, SimulationConfig, simulate

# The benchmark's own draws: those on which settings are chosen begin elsewhere.
FIRST_SEED: Final = 100


@dataclass(frozen=True, slots=True)
class Cell:
    """What the draws of one cell have in common. `difficulty`: a name in `DIFFICULTIES`."""

    difficulty: str
    rows: int
    personas: int = 5


@dataclass(frozen=True)
class Draw:
    """One draw. `truth` (n,): persona keys; `planted` (n,): who belongs to somebody.

    `ceiling`: the adjusted Rand index of the likeliest persona with the truth, over the planted profiles.
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
    config = SimulationConfig(cell.rows, seed, cell.personas, overlap=DIFFICULTIES[cell.difficulty])
    simulated = simulate(config)
    planted = simulated.planted
    best = simulated.best_persona()[planted]
    ceiling = float(adjusted_rand_score(simulated.truth[planted], best))
    return Draw(simulated.frame, simulated.truth, planted, ceiling)


def permuted(frame: pd.DataFrame, seed: int, items: bool = False) -> pd.DataFrame:
    """Each field shuffled on its own: every margin stays, nothing links two fields.

    Lists are shuffled as a whole, so that what links the items of one list stays; with `items` each item is
    shuffled on its own among those who answered, and nothing is linked at all.
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
