"""Measurements of the methods to assign partial profiles, and of the orders of questions.

The model is fitted to profiles with their natural gaps. It is tested on complete ones, to which every rule assigns
the same persona: new profiles of the simulator without missing answers; or, by cross-validation, people of a
survey who are not in the training data and answered every field.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from threadpoolctl import threadpool_limits

import models
import training as package
from benchmarks.partial_profiles.hiding import hide, known_fields, random_sets
from benchmarks.partial_profiles.rivals import MOST_HIDDEN, RIVALS, Rival, Training
from models.profile import Profile
from models.scoring.columns import BoolArray, Columns, FloatArray
from models.scoring.scorer import Scorer
from training.calibration.calibration import calibrate
from training.calibration.reliability import BINS
from training.clustering.compile import compile_map
from training.clustering.fit import fit
from training.config import TrainingConfig
from training.data.dataset import Dataset, from_frame
from training.data.encoded import EncodedDataset
from training.progress import Silent
from training.simulation.simulate import DIFFICULTIES, SimulationConfig, simulate

ROWS: Final = 5_000
TESTED: Final = 2_000
FOLDS: Final = 5
PERSONAS: Final = 5
# Lower seeds were used during development.
FIRST_SEED: Final = 100


@dataclass(frozen=True, slots=True)
class Case:
    """A model with the training data of the rivals, and complete test profiles, as profiles and as columns."""

    training: Training
    people: Dataset
    tested: Columns

    @property
    def scorer(self) -> Scorer:
        """The model's scorer."""
        return self.training.scorer


@dataclass(frozen=True, slots=True)
class Tally:
    """One method with one number of hidden fields. `bins` (BINS, 3): the sums of trials, confidences and correct
    assignments; without confidences all trials are in the first."""

    rival: str
    hidden: int
    bins: tuple[tuple[float, float, float], ...]
    sure: bool


def simulated(difficulty: str, seed: int, rows: int = ROWS, tested: int = TESTED) -> Case:
    """Profiles of the simulator at one of its difficulties: `rows` for training, `tested` for the test."""
    overlap = DIFFICULTIES[difficulty]
    trained = from_frame(simulate(SimulationConfig(rows=rows, seed=seed, overlap=overlap)).frame, Profile)
    fresh = SimulationConfig(rows=tested, seed=seed + 10_000, overlap=overlap, missing=0.0)
    return _case(trained, from_frame(simulate(fresh).frame, Profile), TrainingConfig(k=PERSONAS, seed=seed), seed)


def surveyed(dataset: Dataset, fold: int) -> Case:
    """A survey without one fold of its people for training, and that fold for the test."""
    folds = np.random.default_rng(FIRST_SEED).permutation(len(dataset)) % FOLDS
    trained, tested = (dataset.take(np.flatnonzero(rows)) for rows in (folds != fold, folds == fold))
    return _case(trained, tested, TrainingConfig(seed=fold), fold)


def _case(trained: Dataset, tested: Dataset, config: TrainingConfig, seed: int) -> Case:
    fitted = fit(trained, config, Silent())
    scorer = calibrate(fitted.encoded, fitted.labels, fitted.classifier, compile_map(fitted.pipeline), seed).scorer
    fields = zip(scorer.encoder.fields, scorer.classifier.fields, strict=True)
    names = tuple(encoding.name for encoding, field in fields if field.reach[0] > 0)
    encoded = EncodedDataset.of(tested, scorer.encoder)
    complete = encoded.take(np.flatnonzero(known_fields(encoded.columns, names).all(axis=1)))
    training = Training(scorer, fitted.encoded.columns, fitted.clusters, names, seed)
    return Case(training, complete.dataset, complete.columns)


def tallies(case: Case, masks: int, rivals: Sequence[Rival] = RIVALS) -> Iterator[Tally]:
    """Every method with 0 to 8 hidden fields, with `masks` random sets of them for each profile."""
    names = case.training.names
    answered = known_fields(case.tested, names)
    # The rule of complete profiles, with all answers.
    truth = case.scorer.scores(case.tested).clusters
    with threadpool_limits(1):
        for rival in rivals:
            assign = rival.make(case.training)
            for hidden in range(min(MOST_HIDDEN, len(names) - 1) + 1):
                rng = np.random.default_rng([case.training.seed, hidden])
                bins, sure = np.zeros((BINS, 3)), False
                for _ in range(masks if hidden else 1):
                    clusters, chances = assign(hide(case.tested, names, random_sets(answered, hidden, rng)))
                    bins += _binned(clusters == truth, chances)
                    sure = chances is not None
                yield Tally(rival.name, hidden, _rows(bins), sure)


def _rows(bins: FloatArray) -> tuple[tuple[float, float, float], ...]:
    return tuple((float(trials), float(sure), float(right)) for trials, sure, right in bins)


def _binned(right: BoolArray, chances: FloatArray | None) -> FloatArray:
    sure = np.zeros(len(right)) if chances is None else chances
    indices = np.minimum((sure * BINS).astype(np.int64), BINS - 1)
    columns = [np.bincount(indices, values, minlength=BINS) for values in (np.ones(len(right)), sure, right)]
    return np.stack(columns, axis=1)


def accuracy(bins: FloatArray) -> float:
    """The share of correct trials (BINS, 3)."""
    return float(bins[:, 2].sum() / bins[:, 0].sum())


def error(bins: FloatArray) -> float:
    """Expected calibration error of the trials (BINS, 3)."""
    return float(np.abs(bins[:, 1] - bins[:, 2]).sum() / bins[:, 0].sum())


def fingerprint() -> str:
    """Twelve digits that change with all code that can affect the figures."""
    roots = [Path(package.__file__).parent, Path(models.__file__).parent]
    excluded = ("report", "commands", "acceptance")
    paths = [
        path for root in roots for path in root.rglob("*.py") if path.relative_to(root).parts[0] not in excluded
    ]
    return hashlib.sha256(b"".join(path.read_bytes() for path in sorted(paths))).hexdigest()[:12]


def merged(tallies: Sequence[Tally], rival: str, hidden: Sequence[int]) -> FloatArray:
    """The bins (BINS, 3) of one method over some numbers of hidden fields, summed over all data sets."""
    total: FloatArray = np.sum(
        [tally.bins for tally in tallies if tally.rival == rival and tally.hidden in hidden], axis=0
    )
    return total
