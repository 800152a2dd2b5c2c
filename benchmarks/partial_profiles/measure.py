"""Measuring the ways to assign partial profiles, and the orders in which fields may be asked.

The model is fitted to profiles as they come, gaps included. It is judged on complete ones, for which every rule
has the same answer: of the simulator's, fresh profiles in which nothing is missing; of a survey, people whom the
fit has not seen and who answered every field that anybody did, by cross-validation.
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
from training.clustering.compile import compile_scorer
from training.clustering.fit import fit
from training.config import TrainingConfig
from training.data.dataset import Dataset, from_frame
from training.data.encoded import EncodedDataset
from training.partial.calibration import calibrate
from training.partial.field_evidence import live_fields
from training.partial.reliability import BINS
from training.progress import Silent
from training.simulation.simulate import DIFFICULTIES, SimulationConfig, simulate

ROWS: Final = 5_000
TESTED: Final = 2_000
FOLDS: Final = 5
PERSONAS: Final = 5
# Seeds below were used while this was made.
FIRST_SEED: Final = 100


@dataclass(frozen=True, slots=True)
class Case:
    """A model, what the rivals may learn from, and complete profiles to hide answers of, coded as well."""

    training: Training
    people: Dataset
    tested: Columns

    @property
    def scorer(self) -> Scorer:
        """The model's scorer."""
        return self.training.scorer


@dataclass(frozen=True, slots=True)
class Tally:
    """One way with one number of hidden fields. `bins` (BINS, 3): trials, confidences and right answers, summed;
    without confidences all trials stand in the first."""

    rival: str
    hidden: int
    bins: tuple[tuple[float, float, float], ...]
    sure: bool


def simulated(difficulty: str, seed: int, rows: int = ROWS, tested: int = TESTED) -> Case:
    """Profiles of the simulator at one of its difficulties: `rows` to learn from, `tested` to be judged on."""
    overlap = DIFFICULTIES[difficulty]
    trained = from_frame(simulate(SimulationConfig(rows, seed, overlap=overlap)).frame, Profile)
    fresh = SimulationConfig(tested, seed + 10_000, overlap=overlap, missing=0.0)
    return _case(trained, from_frame(simulate(fresh).frame, Profile), TrainingConfig(k=PERSONAS, seed=seed), seed)


def surveyed(dataset: Dataset, fold: int) -> Case:
    """A survey without one fold of its people, and that fold."""
    folds = np.random.default_rng(FIRST_SEED).permutation(len(dataset)) % FOLDS
    trained, tested = (dataset.take(np.flatnonzero(rows)) for rows in (folds != fold, folds == fold))
    return _case(trained, tested, TrainingConfig(seed=fold), fold)


def _case(trained: Dataset, tested: Dataset, config: TrainingConfig, seed: int) -> Case:
    fitted = fit(trained, config, Silent())
    compiled = compile_scorer(fitted.pipeline)
    scorer = calibrate(fitted.encoded, fitted.clusters, compiled, seed).scorer
    names = tuple(scorer.encoder.fields[place].name for place in live_fields(scorer))
    encoded = EncodedDataset.of(tested, scorer.encoder)
    complete = encoded.take(np.flatnonzero(known_fields(encoded.columns, names).all(axis=1)))
    training = Training(scorer, fitted.encoded.columns, fitted.clusters, names, seed)
    return Case(training, complete.dataset, complete.columns)


def tallies(case: Case, masks: int, rivals: Sequence[Rival] = RIVALS) -> Iterator[Tally]:
    """Every way with 0 to 8 fields hidden, each profile with `masks` random sets of them."""
    names = case.training.names
    known = known_fields(case.tested, names)
    # The full rule, on everything that was answered.
    truth = case.scorer.scores(case.tested).clusters
    with threadpool_limits(1):
        for rival in rivals:
            assign = rival.make(case.training)
            for hidden in range(min(MOST_HIDDEN, len(names) - 1) + 1):
                rng = np.random.default_rng([case.training.seed, hidden])
                bins, sure = np.zeros((BINS, 3)), False
                for _ in range(masks if hidden else 1):
                    found, chances = assign(hide(case.tested, names, random_sets(known, hidden, rng)))
                    bins += _binned(found == truth, chances)
                    sure = chances is not None
                yield Tally(rival.name, hidden, _rows(bins), sure)


def _rows(bins: FloatArray) -> tuple[tuple[float, float, float], ...]:
    return tuple((float(trials), float(sure), float(right)) for trials, sure, right in bins)


def _binned(right: BoolArray, chances: FloatArray | None) -> FloatArray:
    sure = np.zeros(len(right)) if chances is None else chances.max(axis=1)
    places = np.minimum((sure * BINS).astype(np.int64), BINS - 1)
    columns = [np.bincount(places, values, minlength=BINS) for values in (np.ones(len(right)), sure, right)]
    return np.stack(columns, axis=1)


def accuracy(bins: FloatArray) -> float:
    """Of all trials (BINS, 3) the share that was right."""
    return float(bins[:, 2].sum() / bins[:, 0].sum())


def error(bins: FloatArray) -> float:
    """Expected calibration error of the trials (BINS, 3)."""
    return float(np.abs(bins[:, 1] - bins[:, 2]).sum() / bins[:, 0].sum())


def fingerprint() -> str:
    """Twelve digits that change with all code that may bear on the figures."""
    roots = [Path(package.__file__).parent, Path(models.__file__).parent]
    aside = ("report", "commands", "acceptance")
    paths = [path for root in roots for path in root.rglob("*.py") if path.relative_to(root).parts[0] not in aside]
    return hashlib.sha256(b"".join(path.read_bytes() for path in sorted(paths))).hexdigest()[:12]


def merged(found: Sequence[Tally], rival: str, hidden: Sequence[int]) -> FloatArray:
    """The bins (BINS, 3) of one way over some numbers of hidden fields, all draws together."""
    total: FloatArray = np.sum(
        [each.bins for each in found if each.rival == rival and each.hidden in hidden], axis=0
    )
    return total
