"""Measurements of the methods to assign partial profiles: how often they are right, and how well they know it."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from threadpoolctl import threadpool_limits

import models
import training as package
from benchmarks.partial_profiles.cases import NO_TRUTH, Case, Truth
from benchmarks.partial_profiles.hiding import hide, known_fields, random_sets
from benchmarks.partial_profiles.rivals import MOST_HIDDEN, RIVALS, Rival
from benchmarks.recovery.generators import drawn
from models.scoring.columns import BoolArray, FloatArray
from training.calibration.reliability import BINS

# The sums of an interval of probabilities: trials, probabilities, correct assignments, and variances.
SUMS: Final = 4

Sums = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Tally:
    """One method with one number of hidden fields, by one truth. `bins` (BINS, SUMS); without probabilities all
    trials are in the first."""

    rival: str
    truth: Truth
    hidden: int
    bins: tuple[Sums, ...]
    sure: bool


def tallies(case: Case, masks: int, rivals: Sequence[Rival] = RIVALS) -> Iterator[Tally]:
    """Every method with 0 to 8 hidden fields, with `masks` random sets of them for each profile, by each truth.

    Of a profile with gaps, that many of its answers are hidden besides.
    """
    with threadpool_limits(1):
        for rival in rivals:
            yield from _tallies_of(case, masks, rival)


def _tallies_of(case: Case, masks: int, rival: Rival) -> Iterator[Tally]:
    names = case.training.names
    answered, assign = known_fields(case.tested, names), rival.make(case.training)
    for hidden in range(min(MOST_HIDDEN, len(names) - 1) + 1):
        rng = np.random.default_rng([case.training.seed, hidden])
        bins = {truth: np.zeros((BINS, SUMS)) for truth in case.truths}
        sure = dict.fromkeys(case.truths, False)
        for _ in range(masks if hidden else 1):
            assigned = assign(hide(case.tested, names, random_sets(answered, hidden, rng)))
            for truth, personas in case.truths.items():
                judged, chances = personas != NO_TRUTH, assigned.chances(truth)
                own = None if chances is None else chances[judged]
                bins[truth] += binned((assigned.clusters == personas)[judged], own)
                sure[truth] = chances is not None
        for truth in case.truths:
            yield Tally(rival.name, truth, hidden, tuple(map(tuple, bins[truth].tolist())), sure[truth])


def binned(right: BoolArray, chances: FloatArray | None) -> FloatArray:
    """The sums of n trials, (BINS, SUMS). `right`, `chances` (n,): whether and how probably each is correct."""
    sure = np.zeros(len(right)) if chances is None else chances
    indices = np.minimum((sure * BINS).astype(np.int64), BINS - 1)
    values = (np.ones(len(right)), sure, right, sure * (1 - sure))
    return np.stack([np.bincount(indices, value, minlength=BINS) for value in values], axis=1)


def accuracy(bins: FloatArray) -> float:
    """The share of correct trials (BINS, SUMS)."""
    return float(bins[:, 2].sum() / bins[:, 0].sum())


def error(bins: FloatArray) -> float:
    """Expected calibration error of the trials (BINS, SUMS): Naeini, Cooper and Hauskrecht, AAAI 2015."""
    return float(np.abs(bins[:, 1] - bins[:, 2]).sum() / bins[:, 0].sum())


def noise(bins: FloatArray) -> float:
    """The error that the same probabilities (BINS, SUMS) would be expected to show if they were perfect.

    The correct ones of an interval would be a sum of independent Bernoulli variables. That is nearly normal, and a
    normal variable of variance v is off its mean by √(2v / π) on average (Geary, Biometrika, 1935).
    """
    return float(np.sqrt(2 * bins[:, 3] / np.pi).sum() / bins[:, 0].sum())


def fingerprint() -> str:
    """Twelve digits that change with all code that can affect the figures."""
    roots = [Path(package.__file__).parent, Path(models.__file__).parent]
    excluded = ("report", "commands", "acceptance")
    paths = [
        path for root in roots for path in root.rglob("*.py") if path.relative_to(root).parts[0] not in excluded
    ]
    own = [Path(__file__).with_name(f"{name}.py") for name in ("cases", "hiding", "measure", "rivals")]
    paths += [*own, *Path(drawn.__file__).parent.rglob("*.py")]
    return hashlib.sha256(b"".join(path.read_bytes() for path in sorted(paths))).hexdigest()[:12]


def merged(tallies: Sequence[Tally], rival: str, truth: Truth, hidden: Sequence[int]) -> FloatArray:
    """The bins (BINS, SUMS) of one method by one truth over some numbers of hidden fields, summed."""
    chosen = [
        tally.bins for tally in tallies if (tally.rival, tally.truth) == (rival, truth) and tally.hidden in hidden
    ]
    total: FloatArray = np.sum(chosen, axis=0)
    return total
