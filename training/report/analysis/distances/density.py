"""DBSCAN and HDBSCAN beside K-Means: are there groups with empty space between them?

K-Means divides any data. These methods find groups only where they are denser than their surroundings, and can
therefore report a single cloud. Neither assigns a profile to a persona.

`min_samples` is twice the number of dimensions (Sander et al., Data Mining and Knowledge Discovery 2, 1998), at
least ten and at most a tenth of the rows; DBSCAN's radius is at the knee of the sorted distances to the neighbour
of that rank, as they recommend. The knee is farthest below the chord of the curve (the idea of Kneedle: Satopää et
al., ICDCS Workshops 2011). A cluster below 2 % of the sample counts as noise in both methods, since tiny clusters
occur in any cloud.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from sklearn.cluster import DBSCAN, HDBSCAN
from sklearn.metrics import adjusted_rand_score
from sklearn.neighbors import NearestNeighbors

from models.scoring.columns import FloatArray, IntArray
from training.report.document import Density, DensityFinding
from training.text import percent

MIN_ROWS: Final = 30
_DRAWN: Final = 300
_SMALLEST_SHARE: Final = 0.02
# A cluster that holds more of all that is not noise is a single cloud.
_NEARLY_ALL: Final = 0.9
_MOSTLY_NOISE: Final = 0.5


def density(scores: FloatArray, clusters: IntArray) -> Density | None:
    """The findings of both methods in sampled scores (n, r), compared with the clusters (n,) of K-Means.

    None below thirty rows, which are too few for a density.
    """
    if len(scores) < MIN_ROWS:
        return None
    distances = k_distances(scores, _min_samples(scores))
    radius = knee(distances)
    views = (_dbscan(scores, clusters, radius), _hdbscan(scores, clusters))
    return Density(
        rows=len(scores),
        k_distances=tuple(_thinned(distances).round(4).tolist()),
        knee=round(radius, 4),
        findings=tuple(map(_finding, views)),
        sentence=_together(views),
    )


def k_distances(scores: FloatArray, rank: int) -> FloatArray:
    """Each row's distance to its neighbour of this rank, the row itself being the first; ascending, (n,)."""
    near = NearestNeighbors(n_neighbors=rank).fit(scores)
    distances: FloatArray = np.sort(near.kneighbors(scores)[0][:, -1])
    return distances


def knee(ascending: FloatArray) -> float:
    """The value that is farthest below the chord from the first to the last."""
    rise = ascending[-1] - ascending[0]
    if rise <= 0:
        return float(ascending[0])
    below = np.linspace(0, 1, len(ascending)) - (ascending - ascending[0]) / rise
    return float(ascending[below.argmax()])


def _min_samples(scores: FloatArray) -> int:
    dimensions: int = scores.shape[1]
    return max(4, min(max(2 * dimensions, 10), len(scores) // 10))


def _smallest(scores: FloatArray) -> int:
    return max(5, round(_SMALLEST_SHARE * len(scores)))


@dataclass(frozen=True, kw_only=True)
class _View:
    """The result of a method: the sizes of its clusters, the share of noise, the agreement with K-Means."""

    method: Literal["DBSCAN", "HDBSCAN"]
    settings: Mapping[str, float | int]
    sizes: IntArray
    noise: float
    agreement: float | None

    @property
    def largest(self) -> float:
        """The largest cluster's share of all that is not noise."""
        return float(self.sizes.max(initial=0) / max(int(self.sizes.sum()), 1))

    @property
    def apart(self) -> bool:
        """Whether there are separate groups that hold most profiles."""
        return len(self.sizes) > 1 and self.largest <= _NEARLY_ALL and self.noise <= _MOSTLY_NOISE


def _dbscan(scores: FloatArray, clusters: IntArray, radius: float) -> _View:
    samples, smallest = _min_samples(scores), _smallest(scores)
    # Where most rows coincide the knee is 0, which is not a radius.
    labels = DBSCAN(eps=max(radius, 1e-9), min_samples=samples).fit_predict(scores)
    settings = {"eps": round(radius, 4), "min_samples": samples, "smallest_cluster": smallest}
    return _view("DBSCAN", settings, _without_specks(labels, smallest), clusters)


def _hdbscan(scores: FloatArray, clusters: IntArray) -> _View:
    size, samples = _smallest(scores), _min_samples(scores)
    labels = HDBSCAN(min_cluster_size=size, min_samples=samples, copy=True).fit_predict(scores)
    return _view("HDBSCAN", {"min_cluster_size": size, "min_samples": samples}, labels, clusters)


def _without_specks(labels: IntArray, smallest: int) -> IntArray:
    sizes = np.bincount(labels + 1)
    return np.where((labels >= 0) & (sizes[labels + 1] >= smallest), labels, -1)


def _view(
    method: Literal["DBSCAN", "HDBSCAN"],
    settings: Mapping[str, float | int],
    labels: IntArray,
    clusters: IntArray,
) -> _View:
    is_clustered = labels >= 0
    sizes = np.bincount(labels[is_clustered])
    agreement = (
        float(adjusted_rand_score(clusters[is_clustered], labels[is_clustered])) if is_clustered.any() else None
    )
    return _View(
        method=method,
        settings=settings,
        sizes=sizes[sizes > 0],
        noise=1 - float(is_clustered.mean()),
        agreement=agreement,
    )


def _finding(view: _View) -> DensityFinding:
    return DensityFinding(
        method=view.method,
        settings=view.settings,
        clusters=len(view.sizes),
        noise_share=round(view.noise, 4),
        apart=view.apart,
        agreement=None if view.agreement is None else round(view.agreement, 4),
        sentence=f"{view.method} sees {_seen(view)}",
    )


def _seen(view: _View) -> str:
    noise = percent(view.noise)
    if view.agreement is None:
        return "nothing but noise: no group of profiles lies denser than its surroundings."
    if len(view.sizes) == 1:
        return f"one cloud: {percent(1 - view.noise)} of the profiles are in it, and {noise} are noise."
    if view.largest > _NEARLY_ALL:
        return (
            f"one cloud and specks: {percent(view.largest)} of what is not noise is in it, and {noise} are noise."
        )
    groups = "groups" if view.apart else "dense spots in a thin cloud"
    return (
        f"{len(view.sizes)} {groups}, and {noise} of the profiles as noise; on the others its agreement "
        f"with the personas is {view.agreement:.2f} (adjusted Rand index: 1 for the same, 0 for chance)."
    )


def _together(views: Sequence[_View]) -> str:
    apart = [view.method for view in views if view.apart]
    if len(apart) == len(views):
        return "Both methods see groups with emptier space between them."
    if apart:
        return f"{apart[0]} sees groups with emptier space between them; the other method does not."
    return (
        "Neither method sees groups with empty space between them: "
        "any personas are regions of one cloud, and profiles at their edges are much alike."
    )


def _thinned(ascending: FloatArray) -> FloatArray:
    if len(ascending) <= _DRAWN:
        return ascending
    return ascending[np.linspace(0, len(ascending) - 1, _DRAWN).round().astype(np.int64)]
