"""A number divided into bands with round edges: "below 20", "20–29", … "60 and over"."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from models.scoring.columns import FloatArray, IntArray

MIN_IN_BAND: Final = 20
_WANTED: Final = 5
_ROUND: Final = (1.0, 2.0, 5.0, 10.0)


@dataclass(frozen=True)
class Bands:
    """`band_of` (n,): the band of each row, −1 where the number is not known. `labels`: lowest first."""

    band_of: IntArray
    labels: tuple[str, ...]


def bands(values: FloatArray) -> Bands | None:
    """Divide numbers (n,), NaN where unknown, into about five bands of equal width, the outer ones open.

    Bands with fewer than twenty rows join the next; None where fewer than two are left.
    """
    values_given = values[~np.isnan(values)]
    edges = _edges(values_given) if len(values_given) else []
    if not edges:
        return None
    band_of = np.where(np.isnan(values), -1, np.searchsorted(edges, values, side="right"))
    whole = bool((values_given == np.floor(values_given)).all()) and all(edge.is_integer() for edge in edges)
    return Bands(band_of.astype(np.int64), _labels(edges, whole))


def _edges(values_given: FloatArray) -> list[float]:
    low, high = np.quantile(values_given, (0.05, 0.95)).tolist()
    if not high > low:
        return []
    step = _step((high - low) / _WANTED)
    first, last = int(np.floor(low / step)) + 1, int(np.ceil(high / step))
    return _filled(values_given, (np.arange(first, last) * step).round(12).tolist())


def _step(width: float) -> float:
    """The one of 1, 2, 5 and 10 times a power of ten whose ratio to the width is nearest to 1."""
    power = float(10.0 ** np.floor(np.log10(width)))
    return min((factor * power for factor in _ROUND), key=lambda step: abs(np.log(step / width)))


def _filled(values_given: FloatArray, candidates: list[float]) -> list[float]:
    """The edges that leave enough rows in every band."""
    edges: list[float] = []
    start = 0
    order = np.sort(values_given)
    for edge in candidates:
        end = int(np.searchsorted(order, edge, side="left"))
        if end - start >= MIN_IN_BAND and len(order) - end >= MIN_IN_BAND:
            edges.append(edge)
            start = end
    return edges


def _labels(edges: list[float], whole: bool) -> tuple[str, ...]:
    between = [_between(low, high, whole) for low, high in pairwise(edges)]
    return (f"below {_edge_text(edges[0])}", *between, f"{_edge_text(edges[-1])} and over")


def _between(low: float, high: float, whole: bool) -> str:
    if not whole:
        return f"{_edge_text(low)} to {_edge_text(high)}"
    return _edge_text(low) if high - low <= 1 else f"{_edge_text(low)}–{_edge_text(high - 1)}"


def _edge_text(edge: float) -> str:
    return f"{edge:,.10g}"
