"""Hiding answers: the sample of profiles, the hidden sets of fields, and the distances without them.

To keep evidence and test apart, the sample is cut into folds, and each fold's evidence and fill come from all
other profiles (`FieldCounts` subtract).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from models.scoring.columns import BoolArray, Columns, FloatArray, IntArray
from models.scoring.encoder import FieldEncoding
from models.scoring.imputation import add_evidence, known_rows, scatter_scale, softmax
from models.scoring.scorer import Scorer
from models.scoring.single import FieldTable
from training.partial.field_evidence import FieldCounts, contributions, count_field, evidence, fill
from training.partial.reliability import FOLDS, Trial

ROWS: Final = 3_000
LEAST_ROWS: Final = 500
# Random sets of hidden fields for each profile: more where there are few profiles.
MOST_MASKS: Final = 5


@dataclass(frozen=True)
class CountedFit:
    """A fit with its counts by persona. `clusters` (n,); `counts`: by index, of each field that can be hidden."""

    scorer: Scorer
    columns: Columns
    clusters: IntArray
    counts: Mapping[int, FieldCounts]

    def field(self, index: int) -> tuple[FieldEncoding, FieldTable]:
        """The encoding and the table of a field."""
        return self.scorer.encoder.fields[index], self.scorer.tables[index]


@dataclass(frozen=True, kw_only=True)
class Sample:
    """Profiles with few gaps.

    `scatters` (live,), `moves` (n, live, r), `is_known` (n, live), `folds`, `targets` (n,); by fold each field's
    untempered evidence (n, live, k) and fill (live, k, r).
    """

    base: FloatArray
    centroids: FloatArray
    prior: FloatArray
    scatters: FloatArray
    moves: FloatArray
    is_known: BoolArray
    evidence: FloatArray
    fills: FloatArray
    folds: IntArray
    targets: IntArray


@dataclass(frozen=True)
class Masked:
    """Profiles (`rows` of the sample) with `count` fields hidden, `hidden` (n, live)."""

    count: int
    rows: IntArray
    hidden: BoolArray


def draw_sample(fit: CountedFit, prior: FloatArray, scatters: FloatArray, rng: np.random.Generator) -> Sample:
    """Draw a sample of the profiles with the fewest gaps, and take its evidence and fill from the other folds."""
    fields, k, r = list(fit.counts), *fit.scorer.centroids.shape
    rows = _fullest(fit.columns, [fit.field(index)[0].name for index in fields], len(fit.clusters), rng)
    targets, folds = fit.clusters[rows], rng.integers(FOLDS, size=len(rows))
    shape = (len(rows), len(fields))
    is_known, moves, log_evidence = np.zeros(shape, np.bool_), np.zeros((*shape, r)), np.zeros((*shape, k))
    fills = np.zeros((FOLDS, len(fields), k, r))
    for at, index in enumerate(fields):
        encoding, table = fit.field(index)
        column = fit.columns[encoding.name].take(rows)
        is_known[:, at], moves[:, at] = known_rows(column), contributions(encoding, table, column)
        for fold in range(FOLDS):
            own = np.flatnonzero(folds == fold)
            own_column, own_evidence = column.take(own), np.zeros((len(own), k))
            others = fit.counts[index] - count_field(encoding, own_column, targets[own], k)
            add_evidence(evidence(encoding, others), encoding, own_column, is_known[own, at], own_evidence)
            log_evidence[own, at], fills[fold, at] = own_evidence, fill(table, others)
    return Sample(
        base=fit.scorer.base,
        centroids=fit.scorer.centroids,
        prior=prior,
        scatters=scatters,
        moves=moves,
        is_known=is_known,
        evidence=log_evidence,
        fills=fills,
        folds=folds,
        targets=targets,
    )


def _fullest(columns: Columns, names: Sequence[str], count: int, rng: np.random.Generator) -> IntArray:
    """Positions of up to `ROWS` profiles without a gap, drawn at random; where those are fewer than `LEAST_ROWS`,
    that many with the fewest gaps. Answers behind gaps are unknown, so that few gaps make a realistic trial.
    """
    gaps = np.zeros(count, np.int64)
    for name in names:
        gaps += ~known_rows(columns[name])
    most = min(ROWS, max(int(np.count_nonzero(gaps == 0)), LEAST_ROWS))
    return np.sort(np.lexsort((rng.random(count), gaps))[:most])


def mask(sample: Sample, count: int, rng: np.random.Generator) -> Masked:
    """Hide answers until `count` fields of each profile are hidden, at least one of them known."""
    gaps = (~sample.is_known).sum(axis=1)
    able = np.flatnonzero(gaps < count)
    masks = min(max(ROWS // max(len(able), 1), 1), MOST_MASKS)
    rows = np.tile(able, masks)
    # Gaps first, then the known fields in random order.
    order = np.where(sample.is_known[rows], rng.random((len(rows), sample.is_known.shape[1])), -1.0)
    return Masked(count, rows, order.argsort(axis=1).argsort(axis=1) < count)


def trial_of(sample: Sample, masked: Masked, exponent: float) -> Trial:
    """The trial of a sample with these fields hidden, under an exponent of the evidence."""
    squares = squared_distances(sample, masked.rows, masked.hidden, exponent)
    heat = scatter_scale(masked.hidden @ sample.scatters)
    return Trial(
        count=masked.count,
        squares=squares,
        heat=heat,
        targets=sample.targets[masked.rows],
        folds=sample.folds[masked.rows],
    )


def squared_distances(sample: Sample, rows: IntArray, hidden: BoolArray, exponent: float) -> FloatArray:
    """Squared distances (n, k) of profiles with these fields (n, live) hidden."""
    log_evidence = np.einsum("nfk,nf->nk", sample.evidence[rows], ~hidden)
    weights = softmax(np.log(sample.prior) + exponent * log_evidence)
    z = sample.base + np.einsum("nfr,nf->nr", sample.moves[rows], ~hidden)
    for fold in range(FOLDS):
        own = np.flatnonzero(sample.folds[rows] == fold)
        fields, k, r = sample.fills[fold].shape
        expected = hidden[own].astype(np.float64) @ sample.fills[fold].reshape(fields, k * r)
        z[own] += np.einsum("nk,nkr->nr", weights[own], expected.reshape(len(own), k, r))
    gaps = z[:, None, :] - sample.centroids
    squares: FloatArray = np.einsum("nkr,nkr->nk", gaps, gaps)
    return squares
