"""Refits of simulated people after a model of others of the same kinds, and what their checks say."""

from pathlib import Path

import pandas as pd

from models.acceptance import Thresholds
from models.profile import Profile
from models.storage.artifact import LoadedArtifact
from models.storage.manifest import Manifest, Outcome
from tests.training.conftest import QUICK, origin_of
from training.config import TrainingConfig
from training.data.dataset import from_frame
from training.pipeline import Trained, UnreadableModel, train
from training.progress import Silent
from training.report.settings import AnalysisConfig
from training.simulation.simulate import SimulationConfig, simulate

LITTLE = AnalysisConfig(rows=200, bootstraps=0, splits=0, map_rows=0, density=False)
# The curve over all k says nothing to a check, and takes as long as the fit.
REFIT = QUICK.model_copy(update={"given_k_curve": False})
PEOPLE = simulate(SimulationConfig(rows=2_400, seed=31))


def refit(
    frame: pd.DataFrame,
    before: LoadedArtifact | UnreadableModel | None,
    out: Path,
    *,
    thresholds: Thresholds | None = None,
    config: TrainingConfig = REFIT,
    **origin: object,
) -> Trained:
    dataset = from_frame(frame, Profile)
    made_of = origin_of(dataset).model_copy(update=origin)
    return train(
        dataset, made_of, config, out, Silent(), LITTLE, previous=before, thresholds=thresholds or Thresholds()
    )


def sentences(manifest: Manifest, outcome: Outcome) -> dict[str, str]:
    """The sentences of the verdicts with this outcome, by name."""
    return {verdict.name: verdict.sentence for verdict in manifest.verdicts_that(outcome)}


def failed(manifest: Manifest) -> dict[str, str]:
    """The sentences of the failed verdicts, by name."""
    return sentences(manifest, "failed")
