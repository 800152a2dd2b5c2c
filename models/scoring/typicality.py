"""Typicality: the share of a persona's training profiles that lie as far from its centroid or farther.

Profiles are compared with those that leave as many fields unanswered, by interpolation between the percentiles of
their distances (`Imputation.distance_quantiles`).
"""

from bisect import bisect_right
from typing import Final

import numpy as np

from models.scoring.columns import BLOCK_ROWS, FloatArray, IntArray
from models.scoring.imputation import PERCENTILES, SEARCHES, Imputation

# A profile farther out than 99 % of its persona's profiles is an outlier.
OUTLIER: Final = 0.01
# Sums in another order differ in their last digits, which must not decide between equal percentiles.
QUANTILE_DIGITS: Final = 9


def typicality(imputation: Imputation, distances: FloatArray, clusters: IntArray, hidden: IntArray) -> FloatArray:
    """The share of each profile's persona that lies as far out or farther, (n,); NaN where no answer is known."""
    blocks = (slice(start, start + BLOCK_ROWS) for start in range(0, len(clusters), BLOCK_ROWS))
    shares = [_typicality(imputation, distances[block], clusters[block], hidden[block]) for block in blocks]
    return np.concatenate(shares) if shares else np.zeros(0)


def _typicality(imputation: Imputation, distances: FloatArray, clusters: IntArray, hidden: IntArray) -> FloatArray:
    """Binary search of all profiles together, each in its own row of the quantiles."""
    has_answers = hidden < imputation.hideable
    points = imputation.padded_quantiles
    first = np.where(has_answers, hidden * len(imputation.prior) + clusters, 0) * 2**SEARCHES
    rounded = np.round(distances, QUANTILE_DIGITS)
    above = first - 1
    for search in reversed(range(SEARCHES)):
        above += (points.take(above + 2**search, mode="clip") <= rounded) * 2**search
    above += 1
    low, high = points.take(np.maximum(above - 1, first)), points.take(np.minimum(above, first + PERCENTILES - 1))
    within = np.divide(rounded - low, high - low, where=high > low, out=np.zeros_like(rounded))
    count = above - first
    share = np.where(count == 0, 0.0, (count - 1 + within) / (PERCENTILES - 1))
    return np.where(has_answers, 1.0 - share, np.nan)


def is_outlier(typicality: float | None) -> bool | None:
    """Whether a profile of that typicality is an outlier; None where it has none."""
    return None if typicality is None else typicality < OUTLIER


def typicality_of(points: list[float], distance: float) -> float:
    """The typicality of one distance among the percentiles of its persona."""
    rounded = round(distance, QUANTILE_DIGITS)
    above = bisect_right(points, rounded)
    if above == 0 or above == PERCENTILES:
        return 1.0 if above == 0 else 0.0
    low = points[above - 1]
    return 1.0 - (above - 1 + (rounded - low) / (points[above] - low)) / (PERCENTILES - 1)
