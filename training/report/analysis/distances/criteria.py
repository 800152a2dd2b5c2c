"""Criteria for each number of clusters, on a sample of the scores: compactness, separation, predictability.

They do not decide: the gap statistic does (`training.clustering.choice.choice_of_k`). They are reported beside it.
For stability see `training.report.analysis.stability`.
"""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from sklearn.cluster import KMeans
from sklearn.metrics import (
    calinski_harabasz_score,
    davies_bouldin_score,
    pairwise_distances,
    pairwise_distances_argmin,
    silhouette_score,
)

from models.scoring.columns import FloatArray, IntArray
from training.clustering.kmeans import random_kmeans
from training.clustering.matching import crossed
from training.clustering.silhouettes import has_silhouettes
from training.report.document import Candidate
from training.report.settings import AnalysisConfig


class GapPoint(Protocol):
    """The choice of k for one k; `gap_error`: s_k."""

    @property
    def k(self) -> int:
        """The number of clusters."""

    @property
    def inertia(self) -> float:
        """Within-cluster sum of squares."""

    @property
    def gap(self) -> float:
        """The gap statistic."""

    @property
    def gap_error(self) -> float:
        """Its standard error."""

    @property
    def field_gain(self) -> float | None:
        """The gain in predicting held-out answers, nats a profile."""

    @property
    def field_gain_error(self) -> float | None:
        """Its standard error."""


def criteria(
    scores: FloatArray,
    curve: Sequence[GapPoint],
    settings: AnalysisConfig,
    rng: np.random.Generator,
    fitted: IntArray | None = None,
) -> tuple[Candidate, ...]:
    """The gap points of the curve with the other criteria, computed on sampled scores (n, r).

    `fitted` (n,): the clusters of the fit, which are evaluated instead of new ones at their k, so that the numbers
    of each cluster are those of its persona.
    """
    own = 0 if fitted is None else int(fitted.max(initial=-1)) + 1
    distances = pairwise_distances(scores)
    return tuple(
        _candidate(scores, distances, point, _labels(scores, point.k, own, fitted, settings, rng), settings, rng)
        for point in curve
    )


def prediction_strength(
    scores: FloatArray, k: int, settings: AnalysisConfig, rng: np.random.Generator
) -> float | None:
    """How well one half of the rows predicts which rows of the other half belong together, 0–1.

    Tibshirani and Walther (Journal of Computational and Graphical Statistics 14, 2005, 511–528): for the weakest
    cluster of one half, the share of its pairs that the other half's centroids put together; the mean over splits,
    each used in both directions. By definition 1 for one cluster. They require 0.8 for clusters.
    """
    if not settings.splits or len(scores) // 2 < k:
        return None
    if k == 1:
        return 1.0
    strengths = [_split(scores, k, settings, rng) for _ in range(settings.splits)]
    return round(float(np.mean(strengths)), 4)


def _labels(
    scores: FloatArray,
    k: int,
    own: int,
    fitted: IntArray | None,
    settings: AnalysisConfig,
    rng: np.random.Generator,
) -> IntArray:
    if fitted is not None and k == own:
        return fitted
    return np.asarray(random_kmeans(scores, k, settings.n_init, rng).labels_, np.int64)


def _candidate(
    scores: FloatArray,
    distances: FloatArray,
    point: GapPoint,
    clusters: IntArray,
    settings: AnalysisConfig,
    rng: np.random.Generator,
) -> Candidate:
    exists = has_silhouettes(clusters)
    return Candidate(
        k=point.k,
        inertia=point.inertia,
        gap=point.gap,
        gap_error=point.gap_error,
        silhouette=_measured(_silhouette, distances, clusters) if exists else None,
        calinski_harabasz=_measured(calinski_harabasz_score, scores, clusters) if exists else None,
        davies_bouldin=_measured(davies_bouldin_score, scores, clusters) if exists else None,
        prediction_strength=prediction_strength(scores, point.k, settings, rng),
        field_gain=point.field_gain,
        field_gain_error=point.field_gain_error,
    )


def _silhouette(distances: FloatArray, clusters: IntArray) -> float:
    return float(silhouette_score(distances, clusters, metric="precomputed"))


def _measured(measure: Any, scores: FloatArray, clusters: IntArray) -> float:
    return round(float(measure(scores, clusters)), 4)


def _split(scores: FloatArray, k: int, settings: AnalysisConfig, rng: np.random.Generator) -> float:
    order = rng.permutation(len(scores))
    halves = (scores[order[::2]], scores[order[1::2]])
    fits = [random_kmeans(half, k, settings.n_init, rng) for half in halves] if len(halves[1]) >= k else []
    ways = ((0, 1), (1, 0)) if fits else ()
    return float(np.mean([_pairs_together(halves[a], fits[a], fits[b]) for a, b in ways])) if ways else 0.0


def _pairs_together(half: FloatArray, own: KMeans, other: KMeans) -> float:
    """The smallest share, over the own clusters, of pairs that the other centroids assign together."""
    predicted = pairwise_distances_argmin(half, other.cluster_centers_)
    pairs = crossed(own.labels_, predicted, own.n_clusters, own.n_clusters).astype(np.float64)
    sizes = pairs.sum(axis=1)
    together = (pairs * (pairs - 1)).sum(axis=1)[sizes > 1] / (sizes * (sizes - 1))[sizes > 1]
    return float(together.min(initial=1.0))
