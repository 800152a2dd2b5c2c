"""Fitted once for all tests of training: simulated profiles, a fit, a written model."""

from pathlib import Path

import numpy as np
import pytest

from models.profile import Profile
from models.storage.manifest import Origin
from training.clustering.fit import Fit, fit
from training.config import TrainingConfig
from training.data.dataset import Dataset, from_frame
from training.pipeline import Trained, train
from training.progress import Silent
from training.simulation.simulate import SimulationConfig, simulate

# Quick criteria: what they decide is tested where it matters.
QUICK = TrainingConfig(k=5, seed=1, permutations=5, references=3, criteria_rows=1_000, bootstraps=3)


def origin_of(dataset: Dataset) -> Origin:
    return Origin(
        source="simulated",
        simulated=True,
        description="Simulated for a test.",
        rows=len(dataset),
        fingerprint=dataset.fingerprint,
    )


@pytest.fixture(scope="session")
def dataset() -> Dataset:
    return from_frame(simulate(SimulationConfig(rows=2_000, seed=3)).frame, Profile)


@pytest.fixture(scope="session")
def fitted(dataset: Dataset) -> Fit:
    return fit(dataset, QUICK, Silent())


@pytest.fixture(scope="session")
def trained(dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    out: Path = tmp_path_factory.mktemp("artifacts")
    return train(dataset, origin_of(dataset), QUICK, out, Silent())


@pytest.fixture(scope="session")
def smaller(dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """Three personas, from a quarter of the profiles."""
    some = dataset.take(np.arange(0, len(dataset), 4))
    out = tmp_path_factory.mktemp("smaller")
    return train(some, origin_of(some), QUICK.model_copy(update={"k": 3}), out, Silent())
