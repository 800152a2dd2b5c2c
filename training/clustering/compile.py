"""Pipeline → Scorer: the fitted estimators folded into tables, and verified against them."""

from dataclasses import dataclass

import numpy as np
from scipy.spatial.distance import cdist
from sklearn.cluster import KMeans
from sklearn.pipeline import Pipeline

from models.scoring.columns import FloatArray
from models.scoring.encoder import Encoder, FieldEncoding
from models.scoring.scorer import Scorer
from models.scoring.single import FieldTable
from training.clustering.fit import Fit
from training.data.encoded import EncodedDataset
from training.errors import NotEquivalent

TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True)
class Equivalence:
    """The comparison of a scorer with its pipeline: rows compared, the largest difference of a distance, and the
    rows with two equally near centroids (where either assignment is correct).
    """

    rows: int
    largest_gap: float
    ties: int


def compile_scorer(pipeline: Pipeline) -> Scorer:
    """Fold every linear step of the fitted pipeline into one table row for each value."""
    encoder: Encoder = pipeline["encode"].encoder_
    pca = pipeline["pca"]
    components = np.asarray(pca.components_, np.float64) * pipeline["even"].scale_[:, None]
    base = -components @ np.asarray(pca.mean_, np.float64)
    directions = pipeline["lengths"].pull_back(components)
    tables = tuple(_table(encoding, directions[:, encoder.spans[encoding.name]]) for encoding in encoder.fields)
    centroids = np.asarray(pipeline["kmeans"].cluster_centers_, np.float64)
    return Scorer(encoder=encoder, base=base, tables=tables, centroids=centroids)


def _table(encoding: FieldEncoding, components: FloatArray) -> FieldTable:
    """`components` (r, width of the field). Each column contributes (x − centre) · weight · component."""
    slopes = (components * encoding.weight).T
    constant = -encoding.centre @ slopes
    rows = slopes if encoding.is_number else slopes[encoding.column_of]
    return FieldTable(constant, rows)


def prove_equal(fitted: Fit, scorer: Scorer) -> Equivalence:
    """Compare the scorer with what the pipeline made of every profile: the same cluster, distances within 1e-9.

    Raises `NotEquivalent`.
    """
    largest, ties, done = 0.0, 0, 0
    for block in fitted.encoded.blocks():
        coordinates = fitted.scores[done : done + len(block)]
        gap, tied = _compare(fitted.pipeline["kmeans"], coordinates, scorer, block)
        largest, ties, done = max(largest, gap), ties + tied, done + len(block)
    return Equivalence(len(fitted.encoded), largest, ties)


def _compare(kmeans: KMeans, coordinates: FloatArray, scorer: Scorer, block: EncodedDataset) -> tuple[float, int]:
    # Not KMeans.transform: near a centroid its |x|² − 2xc + |c|² is off by up to 1e-7.
    expected = cdist(coordinates, kmeans.cluster_centers_)
    distances = scorer.distances(block.columns)
    gap = float(np.abs(expected - distances).max(initial=0.0))
    differs = kmeans.predict(coordinates) != distances.argmin(axis=1)
    tied = _lead(expected) <= TOLERANCE
    if gap > TOLERANCE or (differs & ~tied).any():
        raise NotEquivalent(
            f"The compiled scorer differs from the pipeline: distances by up to {gap:.2e}, "
            f"clusters on {int((differs & ~tied).sum())} of {len(block)} rows."
        )
    return gap, int(tied.sum())


def _lead(distances: FloatArray) -> FloatArray:
    """The distance of the second nearest centroid less that of the nearest, (n,)."""
    if distances.shape[1] == 1:
        return np.full(len(distances), np.inf)
    nearest = np.partition(distances, 1, axis=1)
    return nearest[:, 1] - nearest[:, 0]
