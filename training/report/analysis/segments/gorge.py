"""Gorge plots: how similar profiles are to each persona's centroid.

Similarity is exp(−d) divided by its sum over all centroids, d being the Euclidean distance (Dolnicar, Grün and
Leisch, Market Segmentation Analysis, 2018, ch. 7). Of separate groups most values are near 0 or 1, with a gorge
between; of one cloud that was divided many are in the middle.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from scipy.spatial.distance import cdist

from models.persona import Persona
from models.scoring.columns import BoolArray, FloatArray, IntArray
from training.report.analysis.insights import quoted
from training.report.content.segments import Gorge, GorgePlot
from training.text import percent

BINS: Final = 20
MIDDLE: Final = (0.4, 0.6)


def gorge_plot(
    scores: FloatArray, clusters: IntArray, centroids: FloatArray, personas: Sequence[Persona]
) -> GorgePlot | None:
    """The gorge plot of sampled scores (n, r) with clusters (n,) and centroids (k, r); None for one persona."""
    if len(personas) < 2 or not len(scores):
        return None
    similar = centroid_similarity(cdist(scores, centroids))
    own = similar[np.arange(len(scores)), clusters]
    gorges = tuple(_gorge(similar[:, cluster], clusters == cluster) for cluster in range(len(personas)))
    middle = float(np.mean((own >= MIDDLE[0]) & (own <= MIDDLE[1])))
    return GorgePlot(
        rows=len(scores), gorges=gorges, middle=round(middle, 4), sentence=_sentence(gorges, middle, personas)
    )


def centroid_similarity(distances: FloatArray) -> FloatArray:
    """The similarity to each centroid, (n, k), of which every row sums to 1."""
    # Less the smallest of the row: a far profile would divide 0 by 0.
    powers = np.exp(distances.min(axis=1, keepdims=True) - distances)
    similar: FloatArray = powers / powers.sum(axis=1, keepdims=True)
    return similar


def _gorge(similar: FloatArray, is_member: BoolArray) -> Gorge:
    members, others = similar[is_member], similar[~is_member]
    return Gorge(
        members=_histogram(members),
        others=_histogram(others),
        mean=round(float(members.mean()), 4) if len(members) else None,
    )


def _histogram(values: FloatArray) -> tuple[int, ...]:
    return tuple(np.histogram(values, BINS, (0.0, 1.0))[0].tolist())


def _sentence(gorges: Sequence[Gorge], middle: float, personas: Sequence[Persona]) -> str:
    means = [(gorge.mean, cluster) for cluster, gorge in enumerate(gorges) if gorge.mean is not None]
    (low, blurred), (high, clear) = min(means), max(means)
    return (
        f"{percent(middle)} of the profiles lie between centroids, with a similarity of {MIDDLE[0]} to "
        f"{MIDDLE[1]} to their own: members of {quoted(personas[clear])} are most like its centroid ({high:.2f} "
        f"on average), those of {quoted(personas[blurred])} least ({low:.2f})."
    )
