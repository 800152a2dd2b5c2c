"""The compiled scorer: the classifier's tables (`models.scoring.evidence`) and the map of profiles.

One profile is summed from precomputed rows (`models.scoring.single`), many with numpy (`models.scoring.batch`);
both give the same numbers within rounding.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, Protocol

import numpy as np
from pydantic import BaseModel

from models.scoring.batch import BatchTables
from models.scoring.columns import Columns, FloatArray, IntArray, blocks
from models.scoring.coordinates import ProfileMap
from models.scoring.encoder import Encoder
from models.scoring.evidence import Classifier, answered_figures
from models.scoring.single import Score, SingleScorer
from models.scoring.typicality import typicalities


class Scores(NamedTuple):
    """The scores of many profiles, fields as in `Score`.

    `clusters` (n,), `runners_up` (n,), −1 where the model has one persona; `probabilities` (n, k), `settled` (n,)
    and `typicality` (n,), NaN where no answer is known: all None in format 1.
    """

    clusters: IntArray
    runners_up: IntArray
    probabilities: FloatArray | None
    settled: FloatArray | None
    typicality: FloatArray | None

    @property
    def confidence(self) -> FloatArray | None:
        """The probability of the own persona, (n,); None in format 1."""
        return None if self.probabilities is None else _at(self.probabilities, self.clusters)

    @property
    def margin(self) -> FloatArray | None:
        """The confidence less the runner-up's probability, (n,); NaN where there is none; None in format 1."""
        if self.probabilities is None:
            return None
        others = _at(self.probabilities, self.runners_up)
        return np.where(self.runners_up < 0, np.nan, _at(self.probabilities, self.clusters) - others)

    @classmethod
    def joined(cls, chunks: list["Scores"]) -> "Scores":
        """The scores of blocks of profiles as one."""
        if len(chunks) == 1:
            return chunks[0]
        return cls(
            np.concatenate([chunk.clusters for chunk in chunks]),
            np.concatenate([chunk.runners_up for chunk in chunks]),
            _joined([chunk.probabilities for chunk in chunks]),
            _joined([chunk.settled for chunk in chunks]),
            _joined([chunk.typicality for chunk in chunks]),
        )


def _joined(arrays: list[FloatArray | None]) -> FloatArray | None:
    present = [array for array in arrays if array is not None]
    return np.concatenate(present) if present else None


class AnyScorer(Protocol):
    """What every format's scorer can do."""

    @property
    def encoder(self) -> Encoder:
        """The fitted encoder."""

    @property
    def personas(self) -> int:
        """The number of personas, k."""

    @property
    def has_probabilities(self) -> bool:
        """Whether scores have probabilities."""

    def score(self, profile: BaseModel) -> Score:
        """Score one profile."""

    def scores(self, columns: Columns) -> Scores:
        """Score many profiles."""

    def coordinates(self, columns: Columns) -> FloatArray:
        """PCA coordinates of many profiles, (n, r)."""

    def distances(self, columns: Columns) -> FloatArray:
        """Euclidean distances of many profiles to every centroid, (n, k)."""


@dataclass(frozen=True, kw_only=True)
class Scorer:
    """Assigns by the tables of `classifier`. `map` says where profiles lie, and decides nothing."""

    encoder: Encoder
    classifier: Classifier
    map: ProfileMap

    @property
    def personas(self) -> int:
        """The number of personas, k."""
        return len(self.classifier.prior)

    @property
    def has_probabilities(self) -> bool:
        """Whether scores have probabilities."""
        return True

    @cached_property
    def single(self) -> SingleScorer:
        """The same tables, prepared for one profile at a time."""
        return SingleScorer(self.encoder.fields, self.classifier)

    def score(self, profile: BaseModel) -> Score:
        """Score one profile. A field that the profile's class lacks is not answered."""
        return self.single.score(profile.__dict__)

    def scores(self, columns: Columns) -> Scores:
        """Score many profiles, with the results of scoring them alone. Lists may have any order, and repeats."""
        return Scores.joined([self._scores(block) for block in blocks(columns)])

    def _scores(self, columns: Columns) -> Scores:
        numbers, answered = self._batch_tables.sums(columns)
        logits, everyone = numbers[:, :-1], numbers[:, -1]
        clusters, runners_up, most, next_most = two_largest(logits)
        powers = np.exp(logits - most[:, None])
        powers /= powers.sum(axis=1)[:, None]
        reach, slopes, offsets = answered_figures(self.classifier, answered)
        lead = np.where(runners_up < 0, 0.0, most - next_most) * reach
        settled = np.interp(lead, *self.classifier.settled_curve)
        settled[(reach == 0) | (runners_up < 0)] = 1.0
        slope = _at(slopes, clusters)
        z = (everyone + most / self.classifier.exponent) * slope - _at(offsets, clusters)
        z[slope == 0] = np.nan
        typicality = typicalities(self.classifier.likelihood_percentiles, clusters, z)
        return Scores(clusters, runners_up, powers, settled, typicality)

    @cached_property
    def _batch_tables(self) -> BatchTables:
        return BatchTables(self.encoder.fields, self.classifier)

    def coordinates(self, columns: Columns) -> FloatArray:
        """PCA coordinates of many profiles, shape (n, r); hidden fields count as average answers."""
        return np.concatenate([self.map.coordinates(self.encoder, block) for block in blocks(columns)])

    def distances(self, columns: Columns) -> FloatArray:
        """Euclidean distances of many profiles to every centroid on the map, shape (n, k)."""
        return np.concatenate([self.map.distances(self.encoder, block) for block in blocks(columns)])


def _at(table: FloatArray, indices: IntArray) -> FloatArray:
    """From each row of (n, k) the number at its index."""
    return table[np.arange(len(table)), indices]


def two_largest(numbers: FloatArray) -> tuple[IntArray, IntArray, FloatArray, FloatArray]:
    """The index of the largest number of each row (n, k) and of the next, −1 where k is 1; and both numbers."""
    rows, k = numbers.shape
    first, second = np.zeros(rows, np.int64), np.full(rows, -1)
    most, next_most = numbers[:, 0].copy(), np.full(rows, -np.inf)
    for index in range(1, k):
        column = numbers[:, index]
        leads = column > most
        follows = ~leads & (column > next_most)
        second = np.where(leads, first, np.where(follows, index, second))
        next_most = np.where(leads, most, np.where(follows, column, next_most))
        first[leads] = index
        most = np.where(leads, column, most)
    return first, second, most, next_most
