"""Calibrated confidence of partial profiles, learned by hiding answers of profiles whose assignment is known.

Why real profiles lack answers is unknown, so that every set of fields of one size is taken to be equally likely.
Profiles without gaps are used, a bounded sample of them, or else those with the fewest gaps; "complete" means
every field that the profile answered. To keep evidence and test apart, the sample is cut into folds, and each
fold's evidence and fill come from all others (`FieldCounts` subtract).

Fitted are one exponent of the evidence, and a temperature for each number of hidden fields, both by the likelihood
of the complete assignments (temperature scaling: Guo et al., ICML 2017). Hiding an influential field leaves more
uncertainty than hiding a minor one: the temperature is multiplied by the root of the summed scatter of the hidden
fields.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from threadpoolctl import threadpool_limits

from models.scoring.columns import BoolArray, Columns, FloatArray, IntArray, take
from models.scoring.imputation import (
    PERCENTILES,
    FieldImputation,
    Imputation,
    add_evidence,
    known_rows,
    scatter_scale,
    softmax,
)
from models.scoring.scorer import Scorer
from models.scoring.typicality import QUANTILE_DIGITS
from training.clustering.fit import draw_rows
from training.data.encoded import EncodedDataset
from training.partial.field_evidence import (
    KIND_ROWS,
    FieldCounts,
    contributions,
    count_field,
    evidence,
    field_imputation,
    fill,
    live_fields,
    scatter,
)
from training.partial.reliability import FOLDS, Confidence, Trial, best_temperature, measure_confidence

ROWS: Final = 3_000
LEAST_ROWS: Final = 500
# Random sets of hidden fields for each profile: more where there are few profiles.
MOST_MASKS: Final = 5
# Numbers of hidden fields by which the exponent is chosen.
FEW_COUNTS: Final = 4
EXPONENTS: Final = (0.15, 0.3, 0.45, 0.6, 0.8, 1.0)
# Fewer distances give no percentiles of a persona; those of everyone are used.
FEWEST: Final = 30


@dataclass(frozen=True)
class Calibrated:
    """A scorer with imputation, and the quality of its confidence (None where nothing can be hidden)."""

    scorer: Scorer
    confidence: Confidence | None


@dataclass(frozen=True, kw_only=True)
class _Sample:
    """`scatters` (live,), `moves` (n, live, r), `is_known` (n, live), `folds`, `targets` (n,); by fold each
    field's untempered evidence (n, live, k) and fill (live, k, r).
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
class _Masked:
    """Profiles (`rows` of the sample) with `count` fields hidden, `hidden` (n, live)."""

    count: int
    rows: IntArray
    hidden: BoolArray


def calibrate(encoded: EncodedDataset, clusters: IntArray, scorer: Scorer, seed: int) -> Calibrated:
    """Add the imputation to a scorer. `clusters` (n,): the clusters of the fit."""
    with threadpool_limits(1):
        return _calibrate(encoded, clusters, scorer, seed)


def _calibrate(encoded: EncodedDataset, clusters: IntArray, scorer: Scorer, seed: int) -> Calibrated:
    rng = np.random.default_rng(seed)
    columns, k, live = encoded.columns, len(scorer.centroids), live_fields(scorer)
    counts = {
        index: count_field(scorer.encoder.fields[index], columns[_name(scorer, index)], clusters, k)
        for index in live
    }
    prior = (np.bincount(clusters, minlength=k) + 1.0) / (len(clusters) + k)
    rows = draw_rows(len(clusters), KIND_ROWS, rng)
    scatters = {index: _scatter(scorer, columns, clusters, counts, index, rows) for index in live}
    sample = _sample(scorer, columns, clusters, counts, prior, np.array([*scatters.values()]), rng)
    masked = [] if k == 1 else [_masked(sample, count, rng) for count in range(1, len(live))]
    masked = [sets for sets in masked if len(sets.rows)]
    exponent = _best_exponent(sample, masked)
    trials = [_trial(sample, sets, exponent) for sets in masked]
    temperatures = _temperatures(trials, len(live))
    blocks = _parts(scorer, columns, clusters, counts, exponent, scatters, rows, seed)
    imputation = Imputation(prior, blocks, temperatures, _spread(sample, trials, exponent, len(live)))
    confidence = measure_confidence(trials, exponent, temperatures, len(sample.targets))
    return Calibrated(replace(scorer, imputation=imputation), confidence)


def _name(scorer: Scorer, index: int) -> str:
    return scorer.encoder.fields[index].name


def _parts(
    scorer: Scorer,
    columns: Columns,
    clusters: IntArray,
    counts: dict[int, FieldCounts],
    exponent: float,
    scatters: dict[int, float],
    rows: IntArray,
    seed: int,
) -> tuple[FieldImputation | None, ...]:
    fields = enumerate(zip(scorer.encoder.fields, scorer.tables, strict=True))
    return tuple(
        field_imputation(
            encoding,
            table,
            columns[encoding.name],
            clusters,
            counts[index],
            exponent,
            scatters[index],
            rows,
            seed,
        )
        if index in counts
        else None
        for index, (encoding, table) in fields
    )


def _scatter(
    scorer: Scorer,
    columns: Columns,
    clusters: IntArray,
    counts: dict[int, FieldCounts],
    index: int,
    rows: IntArray,
) -> float:
    encoding, table = scorer.encoder.fields[index], scorer.tables[index]
    return scatter(encoding, table, columns[encoding.name].take(rows), clusters[rows], fill(table, counts[index]))


# --- the sample ------------------------------------------------------------------------------------


def _sample(
    scorer: Scorer,
    columns: Columns,
    clusters: IntArray,
    counts: dict[int, FieldCounts],
    prior: FloatArray,
    scatters: FloatArray,
    rng: np.random.Generator,
) -> _Sample:
    fields, k, r = list(counts), *scorer.centroids.shape
    rows = _fullest(columns, [_name(scorer, index) for index in fields], len(clusters), rng)
    some, owners = take(columns, rows), clusters[rows]
    folds = rng.integers(FOLDS, size=len(rows))
    shape = (len(rows), len(fields))
    is_known, moves, log_evidence = np.zeros(shape, np.bool_), np.zeros((*shape, r)), np.zeros((*shape, k))
    fills = np.zeros((FOLDS, len(fields), k, r))
    for at, index in enumerate(fields):
        encoding, table = scorer.encoder.fields[index], scorer.tables[index]
        column = some[encoding.name]
        is_known[:, at], moves[:, at] = known_rows(column), contributions(encoding, table, column)
        for fold in range(FOLDS):
            own = np.flatnonzero(folds == fold)
            others = counts[index] - count_field(encoding, column.take(own), owners[own], k)
            field_evidence_found = evidence(encoding, others)
            own_evidence = np.zeros((len(own), k))
            add_evidence(field_evidence_found, encoding, column.take(own), is_known[own, at], own_evidence)
            log_evidence[own, at], fills[fold, at] = own_evidence, fill(table, others)
    return _Sample(
        base=scorer.base,
        centroids=scorer.centroids,
        prior=prior,
        scatters=scatters,
        moves=moves,
        is_known=is_known,
        evidence=log_evidence,
        fills=fills,
        folds=folds,
        targets=owners,
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


def _masked(sample: _Sample, count: int, rng: np.random.Generator) -> _Masked:
    """Hide answers until `count` fields of each profile are hidden, at least one of them known."""
    gaps = (~sample.is_known).sum(axis=1)
    able = np.flatnonzero(gaps < count)
    masks = min(max(ROWS // max(len(able), 1), 1), MOST_MASKS)
    rows = np.tile(able, masks)
    # Gaps first, then the known fields in random order.
    order = np.where(sample.is_known[rows], rng.random((len(rows), sample.is_known.shape[1])), -1.0)
    return _Masked(count, rows, order.argsort(axis=1).argsort(axis=1) < count)


def _trial(sample: _Sample, masked: _Masked, exponent: float) -> Trial:
    squares = _squares(sample, masked.rows, masked.hidden, exponent)
    heat = scatter_scale(masked.hidden @ sample.scatters)
    return Trial(
        count=masked.count,
        squares=squares,
        heat=heat,
        targets=sample.targets[masked.rows],
        folds=sample.folds[masked.rows],
    )


def _squares(sample: _Sample, rows: IntArray, hidden: BoolArray, exponent: float) -> FloatArray:
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


# --- exponent and temperatures ---------------------------------------------------------------------


def _best_exponent(sample: _Sample, masked: Sequence[_Masked]) -> float:
    """The exponent with the largest likelihood of the complete assignments, over a few numbers of fields."""
    if not masked:
        return EXPONENTS[1]
    few = masked[:: -(-len(masked) // FEW_COUNTS)]
    losses = {
        exponent: sum(best_temperature(_trial(sample, sets, exponent))[1] for sets in few)
        for exponent in EXPONENTS
    }
    return min(losses, key=losses.__getitem__)


def _temperatures(trials: Sequence[Trial], live: int) -> FloatArray:
    """Temperatures by number of hidden fields, (live + 1,); interpolated between the trials."""
    if not trials:
        return np.ones(live + 1)
    counts = np.array([trial.count for trial in trials], np.float64)
    best = [best_temperature(trial)[0] for trial in trials]
    temperatures: FloatArray = np.interp(np.arange(live + 1), counts, best)
    return temperatures


# --- how far out profiles lie ----------------------------------------------------------------------


def _spread(sample: _Sample, trials: Sequence[Trial], exponent: float, live: int) -> FloatArray:
    """Percentiles of the distance to the nearest centroid, (live · k, PERCENTILES): by number of hidden fields,
    then by persona."""
    k = len(sample.centroids)
    full = _squares(sample, np.arange(len(sample.targets)), ~sample.is_known, exponent)
    by_count = {0: full} | {trial.count: trial.squares for trial in trials}
    rows = [_percentiles(by_count[max(n for n in by_count if n <= count)], k) for count in range(live)]
    return np.concatenate(rows) if rows else np.zeros((0, PERCENTILES))


def _percentiles(squares: FloatArray, k: int) -> FloatArray:
    nearest, distances = squares.argmin(axis=1), np.sqrt(squares.min(axis=1, initial=np.inf))
    blocks: Iterator[FloatArray] = (distances[nearest == persona] for persona in range(k))
    steps = np.linspace(0, 100, PERCENTILES)
    field_evidence_found = [np.percentile(block if len(block) >= FEWEST else distances, steps) for block in blocks]
    return np.array(field_evidence_found).round(QUANTILE_DIGITS)
