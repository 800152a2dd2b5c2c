"""The model of the benchmarks: fitted on simulated profiles, always the same."""

from pathlib import Path

from models.profile import Profile
from models.storage.manifest import Origin
from training.config import TrainingConfig
from training.data.dataset import Dataset, from_frame
from training.pipeline import Trained, train
from training.progress import Silent
from training.simulation.simulate import SimulationConfig, simulate


def simulated(rows: int = 5_000, seed: int = 7) -> Dataset:
    """Simulated profiles."""
    return from_frame(simulate(SimulationConfig(rows=rows, seed=seed)).frame, Profile)


def trained_on(dataset: Dataset, artifacts: Path) -> Trained:
    """A model of five personas, written below `artifacts`."""
    origin = Origin(
        source="simulated",
        simulated=True,
        description="Simulated for a benchmark.",
        rows=len(dataset),
        fingerprint=dataset.fingerprint,
    )
    return train(dataset, origin, TrainingConfig(k=5, permutations=5), artifacts, Silent())
