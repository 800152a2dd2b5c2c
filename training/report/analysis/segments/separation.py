"""Segment separation: ellipses on the plane of the first two components, and how near the personas are.


The similarity of two personas is that of Leisch (A toolbox for K-centroids cluster analysis, Computational
Statistics & Data Analysis 51, 2006, 526–544): of the profiles nearest to centroid i, those whose second nearest
is j count 2 d(x, i) / (d(x, i) + d(x, j)), which is 1 halfway between both and 0 at the centroid; divided by all
nearest to i, and averaged over both directions. Distances are among all retained components, not on the plane
alone.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from scipy.spatial.distance import cdist

from models.persona import Persona
from models.scoring.columns import FloatArray, IntArray
from training.report.analysis.insights import quoted
from training.report.content.segments import Ellipse, Separation
from training.text import percent_tenths

_LEAST_MEMBERS: Final = 5


def separation(
    scores: FloatArray,
    clusters: IntArray,
    centroids: FloatArray,
    shares: FloatArray,
    personas: Sequence[Persona],
) -> Separation | None:
    """The separation of personas in sampled scores (n, r) with centroids (k, r); None for one persona.

    `shares` (r,): the share of the variance of each component.
    """
    if len(personas) < 2 or not len(scores):
        return None
    near = similarities(cdist(scores, centroids))
    plane = np.zeros((len(scores), 2))
    plane[:, : min(2, scores.shape[1])] = scores[:, :2]
    names = [
        f"Component {number + 1} ({percent_tenths(share)} of the variance)"
        for number, share in enumerate(shares[:2])
    ]
    return Separation(
        axes=(names[0], names[1] if names[1:] else ""),
        ellipses=tuple(_ellipse(plane[clusters == cluster]) for cluster in range(len(personas))),
        similarities=tuple(tuple(row) for row in near.round(4).tolist()),
        sentence=_sentence(near, personas),
    )


def similarities(distances: FloatArray) -> FloatArray:
    """The similarity of each pair of centroids, (k, k), from the distances (n, k) to them; 1 on the diagonal."""
    count = distances.shape[1]
    order = np.argsort(distances, axis=1, kind="stable")
    first, second = order[:, 0], order[:, 1]
    rows = np.arange(len(distances))
    near, far = distances[rows, first], distances[rows, second]
    between = np.divide(2 * near, near + far, where=near + far > 0, out=np.ones_like(near))
    one_way = np.zeros((count, count))
    np.add.at(one_way, (first, second), between)
    one_way /= np.maximum(np.bincount(first, minlength=count), 1)[:, None]
    both: FloatArray = (one_way + one_way.T) / 2
    np.fill_diagonal(both, 1.0)
    return both


def _ellipse(points: FloatArray) -> Ellipse | None:
    """The principal axes of points (m, 2)."""
    if len(points) < _LEAST_MEMBERS:
        return None
    middle = points.mean(axis=0)
    spread, directions = np.linalg.eigh(np.cov(points, rowvar=False))
    longer = directions[:, 1]
    angle = float(np.degrees(np.arctan2(longer[1], longer[0]))) % 180
    deviations = np.sqrt(np.maximum(spread[::-1], 0.0))
    return Ellipse(
        x=round(float(middle[0]), 4),
        y=round(float(middle[1]), 4),
        axes=(round(float(deviations[0]), 4), round(float(deviations[1]), 4)),
        angle=round(angle, 2),
    )


def _sentence(near: FloatArray, personas: Sequence[Persona]) -> str:
    pairs = [(near[a, b], a, b) for a in range(len(personas)) for b in range(a + 1, len(personas))]
    value, first, second = max(pairs, key=lambda pair: (round(float(pair[0]), 9), -pair[1], -pair[2]))
    mean = (near - np.eye(len(near))).sum(axis=1)
    apart = int(mean.argmin())
    return (
        f"{quoted(personas[first])} and {quoted(personas[second])} are nearest to each other (similarity "
        f"{value:.2f}; 1 would be the same place), and {quoted(personas[apart])} stands most by itself "
        f"(similarity to all others together {mean[apart]:.2f})."
    )
