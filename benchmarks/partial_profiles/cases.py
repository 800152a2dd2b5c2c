"""The cases of the benchmark: a fitted model, the test profiles, and what is right for each of them.

There are two truths. By the first, a persona is right if the same model assigns it to the complete profile;
`settled` is about that. By the second, it is right if it is the persona that a generator planted; `confidence` is
about that. A model's personas are matched to the planted ones on the training profiles, one to one, so that as
many profiles as possible agree.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from benchmarks.partial_profiles.hiding import known_fields
from benchmarks.partial_profiles.rivals import Training
from benchmarks.recovery.generators.drawn import Draw
from benchmarks.recovery.generators.second.generator import VARIANTS, Second
from models.profile import Profile
from models.scoring.columns import BoolArray, Columns, IntArray
from models.scoring.scorer import Scorer
from training.calibration.calibration import calibrate
from training.clustering.fit import fit
from training.clustering.matching import best_pairs, crossed
from training.config import TrainingConfig
from training.data.dataset import Dataset, from_frame
from training.data.encoded import EncodedDataset
from training.progress import Silent
from training.simulation.simulate import DIFFICULTIES, Simulated, SimulationConfig, simulate

# Profiles that a model is fitted to: many, and few.
ROWS: Final = 5_000
FEW_ROWS: Final = 1_500
# Test profiles: with 2,000, a calibrated probability would show an error of a good 0.01 by chance.
TESTED: Final = 6_000
FOLDS: Final = 5
PERSONAS: Final = 5
# Lower seeds were used during development, also those of the benchmark of recovery.
FIRST_SEED: Final = 200
# Of a test profile that a truth says nothing about, and of a training profile of no persona.
NO_TRUTH: Final = -1

Truth = Literal["complete", "planted"]


@dataclass(frozen=True, slots=True)
class Setting:
    """A generator, "ours" or "second", its variant, and the number of training profiles; or "survey"."""

    generator: str
    variant: str = ""
    rows: int = 0

    @property
    def title(self) -> str:
        """The generator and the variant in words."""
        names = {"ours": "our simulator", "second": "second generator"}
        variant = f", {self.variant.replace('_', ' ')}" if self.variant else ""
        return names.get(self.generator, self.generator) + variant

    @property
    def described(self) -> str:
        """The title, with the number of training profiles."""
        return f"{self.title}, {self.rows:,} profiles" if self.rows else self.title

    @property
    def has_questions(self) -> bool:
        """Whether the orders of questions are measured: not with few profiles."""
        return self.rows != FEW_ROWS


SETTINGS: Final = tuple(
    Setting(generator, variant, rows)
    for generator, variants in (("ours", DIFFICULTIES), ("second", VARIANTS))
    for variant in variants
    for rows in (ROWS, FEW_ROWS)
)


@dataclass(frozen=True, slots=True)
class People:
    """Profiles, and the planted persona of each, (n,); `NO_TRUTH` for people of none."""

    dataset: Dataset
    planted: IntArray


@dataclass(frozen=True, slots=True)
class Case:
    """A model with the training data of the rivals, and n test profiles, as profiles and as columns.

    `truths`: the right persona for each test profile, (n,), or `NO_TRUTH`; where no persona of the model matches
    the planted one, a number that none has. `ceiling`: the share of the planted people whom the generator's own
    formula assigns rightly by all their answers; None without planted ones.
    """

    training: Training
    people: Dataset
    tested: Columns
    truths: Mapping[Truth, IntArray]
    ceiling: float | None = None

    @property
    def scorer(self) -> Scorer:
        """The model's scorer."""
        return self.training.scorer


def generated(setting: Setting, seed: int, tested: int = TESTED) -> Case:
    """A model of profiles of a generator, and `tested` new profiles with the same planted personas.

    The new profiles of the simulator are complete; those of the second generator have gaps, as people are.
    """
    make = _simulated if setting.generator == "ours" else _second
    trained, new, ceiling = make(setting.variant, seed, setting.rows, tested)
    return _case(trained, new, TrainingConfig(k=PERSONAS, seed=seed), ceiling)


def surveyed(dataset: Dataset, fold: int) -> Case:
    """A survey without one fold of its people for training, and that fold for the test."""
    folds = np.random.default_rng(FIRST_SEED).permutation(len(dataset)) % FOLDS
    trained, tested = (
        _of_no_persona(dataset.take(np.flatnonzero(rows))) for rows in (folds != fold, folds == fold)
    )
    return _case(trained, tested, TrainingConfig(seed=fold), None)


def _of_no_persona(dataset: Dataset) -> People:
    return People(dataset, np.full(len(dataset), NO_TRUTH))


def _simulated(difficulty: str, seed: int, rows: int, tested: int) -> tuple[People, People, float]:
    overlap = DIFFICULTIES[difficulty]
    trained = simulate(SimulationConfig(rows=rows, seed=seed, overlap=overlap))
    new = simulate(SimulationConfig(rows=tested, seed=seed + 10_000, overlap=overlap, missing=0.0))
    return _people(trained), _people(new), _share_right(new.truth == new.best_persona(), new.planted)


def _people(simulated: Simulated) -> People:
    planted = np.where(simulated.planted, simulated.people.kinds, NO_TRUTH)
    return People(from_frame(simulated.frame, Profile), planted)


def _second(variant: str, seed: int, rows: int, tested: int) -> tuple[People, People, float]:
    """Training and test profiles are rows of one draw, as its personas are those of the seed."""
    most = max(rows, ROWS)
    draw = _second_draw(variant, most + tested, seed)
    dataset, planted = draw.dataset, np.where(draw.planted, draw.truth, NO_TRUTH)
    trained, new = (
        People(dataset.take(own), planted[own]) for own in (np.arange(rows), np.arange(most, most + tested))
    )
    ceiling = _share_right((draw.truth == draw.best)[most:], draw.planted[most:])
    return trained, new, ceiling


# The two sizes of training data share a draw.
@lru_cache(maxsize=4)
def _second_draw(variant: str, rows: int, seed: int) -> Draw:
    return Second().draw(variant, rows, PERSONAS, seed)


def _share_right(right: NDArray[Any], planted: BoolArray) -> float:
    return float(right[planted].mean())


def _case(trained: People, new: People, config: TrainingConfig, ceiling: float | None) -> Case:
    fitted = fit(trained.dataset, config, Silent())
    scorer = calibrate(fitted, config.seed).scorer
    fields = zip(scorer.encoder.fields, scorer.classifier.fields, strict=True)
    names = tuple(encoding.name for encoding, field in fields if field.reach[0] > 0)
    training = Training(scorer, fitted.encoded.columns, fitted.clusters, names, config.seed)
    encoded = EncodedDataset.of(new.dataset, scorer.encoder)
    matches = matching_personas(trained.planted, fitted.clusters, scorer.personas)
    is_complete = known_fields(encoded.columns, names).all(axis=1)
    complete = np.where(is_complete, scorer.scores(encoded.columns).clusters, NO_TRUTH)
    planted = np.append(matches, NO_TRUTH)[new.planted]
    rows = np.flatnonzero((complete != NO_TRUTH) | (planted != NO_TRUTH))
    truths: dict[Truth, IntArray] = {"complete": complete[rows]}
    if ceiling is not None:
        truths["planted"] = planted[rows]
    judged = encoded.take(rows)
    return Case(training, judged.dataset, judged.columns, truths, ceiling)


def matching_personas(planted: IntArray, clusters: IntArray, k: int) -> IntArray:
    """The persona of a model that matches each planted one, (personas,); k where none does.

    `planted`, `clusters` (n,): both personas of the training profiles; those with `NO_TRUTH` do not count.
    """
    rows = planted != NO_TRUTH
    count = int(planted.max(initial=-1)) + 1
    matches = np.full(count, k)
    if count:
        pairs = best_pairs(crossed(planted[rows], clusters[rows], count, k).astype(np.float64))
        matches[[row for row, _ in pairs]] = [column for _, column in pairs]
    return matches
