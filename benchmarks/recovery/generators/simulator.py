"""The project's own simulator as a generator of the benchmark."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.recovery.generators.drawn import Draw
from training.simulation.simulate import DIFFICULTIES, SimulationConfig, simulate


@dataclass(frozen=True, slots=True)
class Simulator:
    """Draws of the simulator; a variant is a name in its `DIFFICULTIES`."""

    def draw(self, variant: str, rows: int, personas: int, seed: int) -> Draw:
        """The draw of this seed."""
        config = SimulationConfig(rows=rows, seed=seed, personas=personas, overlap=DIFFICULTIES[variant])
        simulated = simulate(config)

        def best() -> NDArray[np.object_]:
            return np.asarray(simulated.best_persona(), dtype=object)

        return Draw(simulated.frame, simulated.truth, simulated.planted, best)
