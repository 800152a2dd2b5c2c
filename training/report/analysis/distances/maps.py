"""Maps of sampled profiles, and their silhouettes."""

from typing import Final

import numpy as np
from sklearn.manifold import TSNE
from sklearn.metrics import silhouette_samples

from models.scoring.columns import FloatArray, IntArray
from training.clustering.silhouettes import has_silhouettes
from training.report.document import Map, Point
from training.text import percent_tenths

# Fewer points or dimensions need no t-SNE: the components show them completely.
_LEAST_POINTS: Final = 50
_LEAST_DIMENSIONS: Final = 3
# More steps hardly change the map, and would take most of the time of an analysis.
_STEPS: Final = 500


def maps(
    scores: FloatArray, clusters: IntArray, centroids: FloatArray, shares: FloatArray, seed: int
) -> tuple[Map, ...]:
    """The sampled scores (n, r) by their first two components, and by t-SNE where there are enough of both.

    `centroids` (k, r); `shares` (r,): share of the variance of each component, 0–1.
    """
    drawn = [_pca_map(scores, clusters, centroids, shares)]
    # The last digits of equal profiles' scores may differ.
    if scores.shape[1] >= _LEAST_DIMENSIONS and len(np.unique(scores.round(9), axis=0)) >= _LEAST_POINTS:
        drawn.append(_tsne_map(scores, clusters, seed))
    return tuple(drawn)


def silhouettes(scores: FloatArray, clusters: IntArray, k: int) -> tuple[FloatArray, ...]:
    """For each of k clusters the silhouettes of its rows, descending. Quadratic in the rows.

    Empty for all where silhouettes are not defined: one cluster, or as many as rows.
    """
    if not has_silhouettes(clusters):
        return (np.zeros(0),) * k
    values = silhouette_samples(scores, clusters).round(4)
    return tuple(-np.sort(-values[clusters == cluster]) for cluster in range(k))


def _pca_map(scores: FloatArray, clusters: IntArray, centroids: FloatArray, shares: FloatArray) -> Map:
    percents = [
        f"Component {number + 1} ({percent_tenths(share)} of the variance)"
        for number, share in enumerate(shares[:2])
    ]
    return Map(
        method="pca",
        axes=(percents[0], percents[1] if percents[1:] else ""),
        points=_points(_plane(scores), clusters),
        centroids=tuple((x, y) for x, y in _plane(centroids).round(3).tolist()),
    )


def _tsne_map(scores: FloatArray, clusters: IntArray, seed: int) -> Map:
    """t-SNE (van der Maaten and Hinton, JMLR 9, 2008), initialised with the first two components."""
    perplexity = min(30, (len(scores) - 1) // 3)
    tsne = TSNE(perplexity=perplexity, init="pca", random_state=seed, n_jobs=1, max_iter=_STEPS)
    positions = tsne.fit_transform(scores).astype(np.float64)
    return Map(method="tsne", axes=("t-SNE 1", "t-SNE 2"), points=_points(positions, clusters), centroids=())


def _plane(scores: FloatArray) -> FloatArray:
    """The first two components, (n, 2); the second is 0 where there is only one."""
    plane = np.zeros((len(scores), 2))
    width = min(2, scores.shape[1])
    plane[:, :width] = scores[:, :width]
    return plane


def _points(positions: FloatArray, clusters: IntArray) -> tuple[Point, ...]:
    rounded = positions.round(3).tolist()
    return tuple(
        Point(x=x, y=y, cluster=cluster) for (x, y), cluster in zip(rounded, clusters.tolist(), strict=True)
    )
