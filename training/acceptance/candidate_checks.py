"""Checks of a candidate alone, on profiles that it was not fitted on."""

from collections.abc import Iterator
from typing import Final

import numpy as np
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA

from models.acceptance import Thresholds
from models.scoring.columns import FloatArray, IntArray
from models.storage.comparison import adjusted_rand
from models.storage.manifest import Verdict
from training.acceptance.candidate import Candidate
from training.acceptance.field_stats import repeated_share, unknown_share
from training.acceptance.verdicts import at_least, at_most, not_judged
from training.clustering.fit import Fit, draw_rows
from training.clustering.matching import crossed
from training.config import TrainingConfig

# Two profiles with this many equal answers are hardly a coincidence.
_MANY_ANSWERS: Final = 5


def candidate_checks(candidate: Candidate, thresholds: Thresholds, config: TrainingConfig) -> Iterator[Verdict]:
    """Stability under resampling, unknown values, outliers and repeated rows."""
    yield _stability(candidate, thresholds, config)
    yield _unknown_values(candidate, thresholds)
    outliers = outlier_share(candidate.scorer.distances(candidate.held_out.columns))
    yield at_most(
        "outliers", outliers, thresholds.gate_max_outlier_share,
        f"{outliers:.1%} of the profiles lie far from every persona",
    )  # fmt: skip
    repeated = repeated_share(candidate.dataset, _MANY_ANSWERS)
    yield at_most(
        "repeated_rows", repeated, thresholds.gate_max_repeated_share,
        f"{repeated:.1%} of the rows repeat another one word for word, in {_MANY_ANSWERS} answers or more",
    )  # fmt: skip


def _stability(candidate: Candidate, thresholds: Thresholds, config: TrainingConfig) -> Verdict:
    if candidate.fit.k == 1:
        return not_judged("stability", "There is one persona, which every refit gives.")
    stable = stability(candidate, config)
    return at_least(
        "stability", stable, thresholds.gate_min_stability,
        f"Refits of resampled profiles agree with it to an adjusted Rand index of {stable:.2f}",
        f"{thresholds.gate_min_stability:.2f}",
    )  # fmt: skip


def _unknown_values(candidate: Candidate, thresholds: Thresholds) -> Verdict:
    unknown = unknown_share(candidate.held_out)
    if unknown is None:
        return not_judged("unknown_values", "No profile has a value of an open vocabulary.")
    return at_most(
        "unknown_values", unknown, thresholds.gate_max_unknown_share,
        f"It does not know {unknown:.1%} of the values that people gave",
    )  # fmt: skip


def stability(candidate: Candidate, config: TrainingConfig) -> float:
    """Mean adjusted Rand index, on the held-out profiles, between the fit and refits of resampled profiles.

    PCA and K-Means are fitted anew on each resample; the encoding and the numbers of components and of personas
    stay.
    """
    fit = candidate.fit
    rng = np.random.default_rng(config.seed)
    sample = fit.encoded.take(draw_rows(len(fit.encoded), config.criteria_rows, rng))
    before_pca = fit.pipeline[:2]
    vectors, held_out = before_pca.transform(sample), before_pca.transform(candidate.held_out)
    clusters = candidate.scorer.clusters(candidate.held_out.columns)
    agreements = [
        adjusted_rand(crossed(clusters, _refitted(fit, vectors, held_out, config, rng), fit.k, fit.k))
        for _ in range(config.bootstraps)
    ]
    return float(np.mean(agreements))


def _refitted(
    fit: Fit, vectors: FloatArray, held_out: FloatArray, config: TrainingConfig, rng: np.random.Generator
) -> IntArray:
    """The clusters that a refit on a resample of `vectors` assigns the held-out ones, (n,)."""
    rows = rng.integers(len(vectors), size=len(vectors))
    pca = PCA(min(fit.components.retained, len(vectors)), svd_solver="covariance_eigh").fit(vectors[rows])
    coordinates = pca.transform(vectors[rows])
    even = fit.pipeline.named_steps.get("even")
    evenness = 0.0 if even is None else even.evenness
    scale = np.maximum(coordinates.std(axis=0), 1e-9) ** (-2 * evenness)
    kmeans = KMeans(fit.k, n_init=3, random_state=config.seed).fit(coordinates * scale)
    clusters: IntArray = kmeans.predict(pca.transform(held_out) * scale).astype(np.int64)
    return clusters


def outlier_share(distances: FloatArray) -> float:
    """The share of rows whose nearest centroid is beyond Q3 + 3 IQR of all: Tukey's outer fence.

    Exploratory Data Analysis, 1977, ch. 2. `distances` (n, k).
    """
    nearest = distances.min(axis=1)
    low, high = np.quantile(nearest, [0.25, 0.75])
    return float(np.mean(nearest > high + 3 * (high - low)))
