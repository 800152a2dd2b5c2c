"""Whether the fields depend on each other, and which of them depend on no other: a permutation test.

A persona says something about the rest of a profile, so there are none where the fields are independent. The test
asks for dependence as such, not for correlation: every number is cut at its quantiles into `_BINS` categories, so
that two numbers without correlation may still go together. The dependence of two fields is the sum of the squared
covariances of their columns. Of two choices that is Pearson's mean squared contingency φ² = χ² / n (Drapers'
Company Research Memoirs, Biometric Series I, 1904), apart from the damping of rare values; of any two blocks of
columns it is the numerator of Robert and Escoufier's RV coefficient (Applied Statistics 25, 1976).

Whole fields are shuffled, which leaves the items of one list as dependent as they are. The statistic of a pair is
standardised over the data and its shuffles together, which are exchangeable where nothing depends on anything.
That of all fields, and that of one field with all others, is the larger of two: the sum over pairs, which gathers
weak dependence of many fields, and the largest pair, which finds two dependent fields among many. Both are ranked
among the same statistics of the shuffles, so that the number of pairs is accounted for (Westfall and Young,
Resampling-Based Multiple Testing, 1993).

Shuffling stops early where the result is plain (Besag and Clifford, Biometrika 78, 1991): after `_EXCEEDING` draws
that reach the statistic, or where it is `_FAR` or more of their standard deviations z above their mean. Its
p-value is then taken to be 1 / (1 + z²), the upper limit of Cantelli's inequality for any distribution.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from models.scoring.columns import FloatArray, IntArray
from models.scoring.encoder import Encoder
from training.clustering.components.shuffling import Block, shuffle, whole_fields
from training.config import TrainingConfig

_BINS: Final = 5
_EXCEEDING: Final = 10
_FAR: Final = 10.0
# Fewer draws say too little about their standard deviation.
_FEWEST: Final = 20


@dataclass(frozen=True, slots=True)
class Dependence:
    """The result of the test.

    `p_value`: of no dependence between any fields; an upper limit where the dependence is plain, None for fewer
    than two fields that vary, which are not tested. `linked`: whether they depend on each other; true for a single
    field. `independent`: the names of the fields that depend on no other, empty unless others do.
    """

    p_value: float | None
    linked: bool
    independent: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Ranked:
    """A statistic: its p-value, the draws that reach it, and its distance from their mean in their deviations."""

    p_value: float
    exceeding: int
    distance: float

    @property
    def plain(self) -> bool:
        return self.exceeding >= _EXCEEDING or self.distance >= _FAR


def measure_dependence(
    vectors: FloatArray, encoder: Encoder, config: TrainingConfig, rng: np.random.Generator
) -> Dependence:
    """Test the fields of encoded profiles (n, width) for dependence."""
    names = [name for name, span in encoder.spans.items() if vectors[:, span].any()]
    if len(names) < 2:
        return Dependence(None, linked=True)
    everything, fields = _ranked(*_binned(vectors, encoder), config, encoder.width <= config.keep_all_columns, rng)
    linked = everything.p_value <= config.dependence_level
    unlinked = [
        name
        for name, field in zip(names, fields, strict=True)
        # Few draws may be too few for a p-value as small.
        if field.exceeding and field.p_value > config.dependence_level
    ]
    alone = tuple(unlinked) if linked and len(names) - len(unlinked) >= 2 else ()
    return Dependence(everything.p_value, linked, alone)


def _ranked(
    binned: FloatArray, blocks: list[Block], config: TrainingConfig, few: bool, rng: np.random.Generator
) -> tuple[_Ranked, list[_Ranked]]:
    """The statistics of all fields together, and of every field with all others."""
    starts = [span.start for _, span in blocks]
    pairs = [_pairs(binned, starts)]
    while True:
        pairs += [_pairs(shuffle(binned, blocks, rng), starts) for _ in range(config.permutations)]
        standardised = _standardised(np.array(pairs))
        everything, fields = _over_all(standardised), _of_fields(standardised)
        # With few columns a field more or less changes the personas, and a draw costs little.
        plain = everything.plain and (not few or all(field.plain for field in fields))
        if (plain and len(pairs) > _FEWEST) or len(pairs) > config.most_permutations:
            return everything, fields


def _over_all(pairs: FloatArray) -> _Ranked:
    """Of standardised pairs (draws + 1, F, F), the data first: the statistic of all fields."""
    return _rank(pairs.sum(axis=(1, 2)), pairs.max(axis=(1, 2)))


def _of_fields(pairs: FloatArray) -> list[_Ranked]:
    """The statistic of each field with all others."""
    sums, largest = pairs.sum(axis=2), pairs.max(axis=2)
    return [_rank(sums[:, field], largest[:, field]) for field in range(pairs.shape[1])]


def _rank(sums: FloatArray, largest: FloatArray) -> _Ranked:
    """The larger of two standardised statistics (draws + 1,), ranked among its draws."""
    statistics = np.maximum(_standardised(sums), _standardised(largest))
    draws = statistics[1:]
    spread = float(draws.std())
    distance = float(statistics[0] - draws.mean()) / spread if spread > 1e-9 else 0.0
    exceeding = int(np.count_nonzero(statistics[1:] >= statistics[0]))
    p_value = (exceeding + 1) / len(statistics)
    if distance >= _FAR:
        p_value = min(p_value, 1 / (1 + distance**2))
    return _Ranked(p_value, exceeding, distance)


def _standardised(statistics: FloatArray) -> FloatArray:
    """Statistics (draws + 1, …) in standard deviations from their mean."""
    spread = statistics.std(axis=0)
    # A pair that shuffling does not change, such as a field with itself, has no spread but rounding errors.
    varies = spread > 1e-9 * np.abs(statistics).max(axis=0)
    standardised: FloatArray = np.where(varies, statistics - statistics.mean(axis=0), 0.0) / np.where(
        varies, spread, 1.0
    )
    return standardised


def _pairs(vectors: FloatArray, starts: list[int]) -> FloatArray:
    """For each pair of fields the sum of the squared covariances of their columns, (F, F); 0 on the diagonal."""
    squares = np.square(vectors.T @ vectors / len(vectors))
    pairs = np.add.reduceat(np.add.reduceat(squares, starts, axis=0), starts, axis=1)
    np.fill_diagonal(pairs, 0.0)
    return np.asarray(pairs, np.float64)


def _binned(vectors: FloatArray, encoder: Encoder) -> tuple[FloatArray, list[Block]]:
    """The vectors with each number cut into categories, and where the columns of each field that varies are."""
    parts, blocks, start = [], [], 0
    numbers = {encoder.spans[field.name].start for field in encoder.fields if field.is_number}
    for rows, span in whole_fields(vectors, encoder):
        columns = vectors[:, span]
        if span.start in numbers:
            columns = _categories(columns[:, 0], rows)
        parts.append(columns)
        blocks.append((rows, slice(start, start + columns.shape[1])))
        start += columns.shape[1]
    return np.concatenate(parts, axis=1), blocks


def _categories(number: FloatArray, rows: IntArray) -> FloatArray:
    """A number (n,), answered in `rows`, as a column for each category, encoded like those of a choice."""
    x = number[rows]
    edges = np.unique(np.quantile(x, np.arange(1, _BINS) / _BINS))
    # Where most share the lowest value, it is one category and all else the other.
    edges = edges[edges > x.min()] if (edges > x.min()).any() else np.unique(x)[1:2]
    # There may be nothing between two quantiles.
    categories = np.unique(np.searchsorted(edges, x, side="right"), return_inverse=True)[1]
    ticked = categories[:, None] == np.arange(categories.max() + 1)
    share = ticked.mean(axis=0)
    columns = np.zeros((len(number), len(share)))
    columns[rows] = (ticked - share) / np.sqrt(share)
    return columns
