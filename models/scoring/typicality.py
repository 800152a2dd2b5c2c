"""Typicality: the share of a persona's members whose answers are as unlikely under the persona, or more so.

The likelihood of a profile's answers is compared with what that persona's members reach on the same fields:

    z = ( log P(answers | persona) − Σ over answered fields mean ) / √( Σ over answered fields variance )

and the typicality is the share of members with that z or a lower one, interpolated between percentiles. With few
answers z has fewer steps than with all, so that it is approximate there.
"""

from bisect import bisect_right
from typing import Final

import numpy as np

from models.scoring.columns import FloatArray, IntArray
from models.scoring.evidence import PERCENTILES

# A profile whose answers are less likely than those of 99 % of its persona's members is an outlier.
OUTLIER: Final = 0.01
# Sums in another order differ in their last digits, which must not decide between equal percentiles.
DIGITS: Final = 9
_LEVELS: Final = np.linspace(0.0, 1.0, PERCENTILES)


def is_outlier(typicality: float | None) -> bool | None:
    """Whether a profile of that typicality is an outlier; None where it has none."""
    return None if typicality is None else typicality < OUTLIER


def typicality_of(percentiles: list[float], z: float) -> float:
    """The typicality of one standardised likelihood among the percentiles of its persona."""
    rounded = round(z, DIGITS)
    above = bisect_right(percentiles, rounded)
    if above == 0 or above == PERCENTILES:
        return 0.0 if above == 0 else 1.0
    low = percentiles[above - 1]
    return (above - 1 + (rounded - low) / (percentiles[above] - low)) / (PERCENTILES - 1)


def typicalities(percentiles: FloatArray, clusters: IntArray, z: FloatArray) -> FloatArray:
    """The typicality of many profiles, (n,), by their cluster (n,) and z (n,); NaN where z is."""
    shares = np.empty(len(z))
    rounded = np.round(z, DIGITS)
    for cluster, points in enumerate(percentiles):
        rows = np.flatnonzero(clusters == cluster)
        if len(rows):
            shares[rows] = np.interp(rounded[rows], points, _LEVELS)
    return shares
