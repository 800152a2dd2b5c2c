"""Silhouettes of clusters: their mean, and whether they exist. All are quadratic in the rows."""

import numpy as np
from sklearn.metrics import silhouette_score

from models.scoring.columns import FloatArray, IntArray


def has_silhouettes(clusters: IntArray) -> bool:
    """Whether silhouettes are defined: not for one cluster, nor where every row is a cluster of its own."""
    return 1 < len(np.unique(clusters)) < len(clusters)


def mean_silhouette(scores: FloatArray, clusters: IntArray) -> float | None:
    """The mean silhouette of scores (n, r); None where it is not defined."""
    return float(silhouette_score(scores, clusters)) if has_silhouettes(clusters) else None
