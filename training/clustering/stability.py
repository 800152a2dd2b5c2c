"""Whole-pipeline stability: every step is fitted anew on resampled profiles, and the segments are compared.

Refitting K-Means alone, on the components of the fit, asks only whether K-Means repeats itself. Encoding, parallel
analysis and PCA are estimated from the same profiles and vary as well, so that here each resample is fitted by
`training.clustering.fit.fit` with the number of segments fixed, and then assigns one common set of profiles.

A resample is a bootstrap draw in which a profile that was drawn several times is used once, the default of
`clusterboot` (Hennig, Computational Statistics & Data Analysis 52, 2007, 258–271; R package fpc, `multipleboot =
FALSE`). The parallel analysis would take repeated profiles for structure: of 3,000 simulated profiles with 6
retained components, resamples with repeats retain 12, the most allowed, and those without 5 to 7 (2026-11-29).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from models.scoring.columns import FloatArray, IntArray
from models.storage.comparison import adjusted_rand
from training.clustering.fit import Fit, draw_rows, fit
from training.clustering.matching import crossed, jaccard
from training.config import TrainingConfig
from training.data.dataset import Dataset
from training.errors import UnusableInput
from training.progress import Silent


@dataclass(frozen=True, kw_only=True)
class Stability:
    """How B refits agree with a fit of k segments on one set of profiles.

    `agreements` (B,): adjusted Rand indices of each refit with the fit. `jaccards` (B, k): for each segment of the
    fit its largest Jaccard similarity with a segment of the refit.
    """

    agreements: FloatArray
    jaccards: FloatArray

    @cached_property
    def agreement(self) -> float:
        """The mean adjusted Rand index; 0 where no refit found as many segments."""
        return float(self.agreements.mean()) if len(self.agreements) else 0.0


def whole_pipeline_stability(
    fitted: Fit, judged: Dataset, config: TrainingConfig, refits: Sequence[Fit] | None = None
) -> Stability:
    """The agreement of a fit with refits of its resampled profiles, on the profiles `judged`.

    `judged`: any profiles of the same class, such as those held out. `refits`: those of `refit_resamples` where
    they exist already; else `config.bootstraps` of them are made. One segment always recurs: its values are 1.
    """
    if fitted.k == 1:
        return Stability(agreements=np.ones(1), jaccards=np.ones((1, 1)))
    if refits is None:
        refits = refit_resamples(fitted, config, config.bootstraps, np.random.default_rng(config.seed))
    own = fitted.applied_to(judged).clusters
    return stability_of(own, [refit.applied_to(judged).clusters for refit in refits], fitted.k)


def refit_resamples(fitted: Fit, config: TrainingConfig, count: int, rng: np.random.Generator) -> tuple[Fit, ...]:
    """At most `count` fits of resampled profiles, all steps anew, with as many segments as the fit.

    Profiles are drawn from a sample of `config.criteria_rows`. A resample without so many distinct segments gives
    no refit.
    """
    dataset = fitted.encoded.dataset
    sample = dataset.take(draw_rows(len(dataset), config.criteria_rows, rng))
    refits = (_refit(sample, fitted.k, config, rng) for _ in range(count))
    return tuple(refit for refit in refits if refit is not None)


def stability_of(own: IntArray, refits: Sequence[IntArray], k: int) -> Stability:
    """The agreement of k clusters (n,) with those of refits (n,) of the same profiles."""
    tables = [crossed(own, clusters, k, int(clusters.max(initial=0)) + 1) for clusters in refits]
    return Stability(
        agreements=np.array([adjusted_rand(table) for table in tables], np.float64),
        jaccards=np.array([jaccard(table).max(axis=1) for table in tables], np.float64).reshape(-1, k),
    )


def _refit(sample: Dataset, k: int, config: TrainingConfig, rng: np.random.Generator) -> Fit | None:
    rows = np.unique(rng.integers(len(sample), size=len(sample)))
    settings = config.model_copy(update={"k": k, "given_k_curve": False, "seed": int(rng.integers(2**32))})
    try:
        return fit(sample.take(rows), settings, Silent())
    except UnusableInput:
        return None
