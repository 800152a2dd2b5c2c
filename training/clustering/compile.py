"""Fit → scorer: the fitted estimators folded into tables, and verified against them."""

from dataclasses import dataclass

import numpy as np
from scipy.spatial.distance import cdist
from sklearn.pipeline import Pipeline

from models.scoring.columns import FloatArray
from models.scoring.coordinates import FieldTable, ProfileMap
from models.scoring.encoder import Encoder, FieldEncoding
from models.scoring.scorer import Scorer, two_largest
from training.clustering.fit import Fit
from training.data.encoded import EncodedDataset
from training.errors import NotEquivalent

TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True)
class Equivalence:
    """The comparison of a scorer with its estimators: rows compared, the largest difference of a probability or a
    distance, and the rows with two equally probable personas (where either assignment is correct).
    """

    rows: int
    largest_gap: float
    ties: int


def compile_map(pipeline: Pipeline) -> ProfileMap:
    """Fold every linear step of the fitted pipeline into one table row for each value."""
    encoder: Encoder = pipeline["encode"].encoder_
    pca = pipeline["pca"]
    components = np.asarray(pca.components_, np.float64)
    directions = pipeline["lengths"].pull_back(components)
    return ProfileMap(
        base=-components @ np.asarray(pca.mean_, np.float64),
        tables=tuple(_table(field, directions[:, encoder.spans[field.name]]) for field in encoder.fields),
        centroids=np.asarray(pipeline["kmeans"].cluster_centers_, np.float64),
    )


def _table(encoding: FieldEncoding, components: FloatArray) -> FieldTable:
    """`components` (r, width of the field). Each column contributes (x − centre) · weight · component."""
    slopes = (components * encoding.weight).T
    constant = -encoding.centre @ slopes
    rows = slopes if encoding.is_number else slopes[encoding.column_of]
    return FieldTable(constant, rows)


def prove_equal(fitted: Fit, scorer: Scorer) -> Equivalence:
    """Compare the scorer with the estimators on every profile: the persona of `predict`, the probabilities of
    `predict_proba` within 1e-9, and the distances to the centroids within 1e-9.

    Raises `NotEquivalent`.
    """
    largest, ties, done = 0.0, 0, 0
    for block in fitted.encoded.blocks():
        rows = slice(done, done + len(block))
        gap, tied = _compare(fitted, fitted.scores[rows], scorer, block)
        largest, ties, done = max(largest, gap), ties + tied, done + len(block)
    return Equivalence(len(fitted.encoded), largest, ties)


def _compare(fitted: Fit, coordinates: FloatArray, scorer: Scorer, block: EncodedDataset) -> tuple[float, int]:
    scores, expected = scorer.scores(block.columns), fitted.classifier.predict_proba(block)
    # Not KMeans.transform: near a centroid its |x|² − 2xc + |c|² is off by up to 1e-7.
    distances = cdist(coordinates, fitted.pipeline["kmeans"].cluster_centers_)
    gaps = np.abs(expected - np.asarray(scores.probabilities)), np.abs(distances - scorer.distances(block.columns))
    gap = max(float(gaps[0].max(initial=0.0)), float(gaps[1].max(initial=0.0)))
    differs = fitted.classifier.predict(block) != scores.clusters
    _, runners_up, most, next_most = two_largest(expected)
    tied = (runners_up >= 0) & (most - next_most <= TOLERANCE)
    if gap > TOLERANCE or (differs & ~tied).any():
        raise NotEquivalent(
            f"The compiled scorer differs from the pipeline: probabilities or distances by up to {gap:.2e}, "
            f"personas on {int((differs & ~tied).sum())} of {len(block)} rows."
        )
    return gap, int(tied.sum())
