"""What is measured on: draws of the simulator with their truth and their ceiling."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import adjusted_rand_score

from models.columns import BoolArray, IntArray
from training.simulate import DIFFICULTIES, SimulationConfig, simulate

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


def permuted(frame: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Each field shuffled on its own, lists as a whole: every margin stays, nothing links two fields.

    What links the items of one list stays as well.
    """
    rng = np.random.default_rng(seed)
    orders = {name: rng.permutation(len(frame)) for name in frame.columns}
    return pd.DataFrame({name: frame[name].iloc[order].set_axis(frame.index) for name, order in orders.items()})
