"""K-Means with warm starts, and with clusters in the order of their size."""

import warnings

import numpy as np
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning

from models.scoring.columns import FloatArray, IntArray
from training.clustering.matching import best_pairs, cluster_means
from training.config import TrainingConfig
from training.errors import UnusableInput


def fit_quietly(kmeans: KMeans, scores: FloatArray) -> KMeans:
    """Fit without the warning that there are fewer distinct points than clusters."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return kmeans.fit(scores)


def random_kmeans(scores: FloatArray, k: int, starts: int, rng: np.random.Generator) -> KMeans:
    """K-Means with a seed drawn from `rng`."""
    return fit_quietly(KMeans(k, n_init=starts, random_state=int(rng.integers(2**31))), scores)


def fit_kmeans(scores: FloatArray, k: int, config: TrainingConfig, familiar: FloatArray | None = None) -> KMeans:
    """K-Means on scores (n, r), its clusters in the order of their size, largest first.

    It starts afresh and, where there are `familiar` centroids (b, r), from those as well. The result with the
    better inertia is used; the familiar one also where it is worse by no more than the share `config.familiar`.

    Raises `UnusableInput` where there are fewer than k distinct scores.
    """
    if len(scores) < k:
        raise UnusableInput(f"{k} personas cannot be made of {len(scores)} profiles.")
    kmeans = fit_quietly(KMeans(k, n_init=config.n_init, random_state=config.seed), scores)
    if familiar is not None and len(familiar):
        warm = fit_quietly(KMeans(k, init=_warm_start(kmeans.cluster_centers_, familiar), n_init=1), scores)
        if warm.inertia_ <= kmeans.inertia_ * (1 + config.familiar):
            kmeans = warm
    sizes = np.bincount(kmeans.labels_, minlength=k)
    if not sizes.all():
        raise indistinct(k, int(np.count_nonzero(sizes)), config)
    reorder_clusters(kmeans, np.argsort(-sizes, kind="stable"))
    return kmeans


def reorder_clusters(kmeans: KMeans, order: IntArray) -> None:
    """Number the clusters anew: `order` (k,) has the old numbers."""
    kmeans.cluster_centers_ = kmeans.cluster_centers_[order]
    kmeans.labels_ = np.argsort(order)[kmeans.labels_].astype(np.int32)


def indistinct(wanted: int, distinct: int, config: TrainingConfig) -> UnusableInput:
    """The error where fewer personas than wanted can be told apart."""
    return UnusableInput(
        f"{wanted} personas cannot be told apart, only {distinct}: values that fewer than "
        f"{config.min_value_count} profiles hold do not count."
    )


def familiar_centroids(scores: FloatArray, previous_clusters: IntArray) -> FloatArray:
    """The means of the previous model's clusters (n,) among the new scores (n, r); without those of no member."""
    means = cluster_means(scores, previous_clusters, int(previous_clusters.max(initial=-1)) + 1)
    return means[np.isfinite(means).all(axis=1)]


def _warm_start(fresh: FloatArray, familiar: FloatArray) -> FloatArray:
    """The fresh centroids (k, r), each replaced by the familiar one that it is matched with."""
    start = fresh.copy()
    gaps = np.square(fresh[:, None] - familiar[None]).sum(axis=2)
    for new, old in best_pairs(-gaps):
        start[new] = familiar[old]
    return start
