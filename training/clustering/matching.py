"""Two clusterings of the same profiles: their contingency table, and the pairs of clusters that match."""

from typing import Final

import numpy as np
from scipy.optimize import linear_sum_assignment

from models.scoring.columns import FloatArray, IntArray

# A cluster is dissolved where its best Jaccard similarity is one half or less (Hennig, Computational Statistics &
# Data Analysis 52, 2007). Above it a pair is unique: no other cluster can share more than half with either.
MINIMUM_OVERLAP: Final = 0.5


def crossed(first: IntArray, second: IntArray, rows: int, columns: int) -> IntArray:
    """The number of profiles that each pair of clusters shares, (rows, columns)."""
    table: IntArray = np.bincount(first * columns + second, minlength=rows * columns).reshape(rows, columns)
    return table


def jaccard(table: IntArray) -> FloatArray:
    """Jaccard similarities of the members, the shape of `table`; 0 where neither cluster has any."""
    either = table.sum(axis=1)[:, None] + table.sum(axis=0) - table
    similarities: FloatArray = table / np.maximum(either, 1)
    return similarities


def best_pairs(scores: FloatArray) -> list[tuple[int, int]]:
    """The pairs of rows and columns, ascending, with the largest sum of scores (a, b).

    The assignment problem; scipy's `linear_sum_assignment`.
    """
    rows, columns = linear_sum_assignment(scores, maximize=True)
    return list(zip(rows.tolist(), columns.tolist(), strict=True))


def cluster_means(vectors: FloatArray, clusters: IntArray, k: int) -> FloatArray:
    """The mean vector of each cluster, (k, width); NaN for a cluster without members."""
    sums = np.zeros((k, vectors.shape[1]))
    np.add.at(sums, clusters, vectors)
    with np.errstate(invalid="ignore"):
        means: FloatArray = sums / np.bincount(clusters, minlength=k)[:, None]
    return means
