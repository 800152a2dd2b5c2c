"""Calibrated confidence of partial profiles, learned by hiding answers of profiles whose assignment is known.

Why real profiles lack answers is unknown, so that every set of fields of one size is taken to be equally likely.
Profiles without gaps are used, a bounded sample of them, or else those with the fewest gaps; "complete" means
every field that the profile answered.

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

from models.scoring.columns import FloatArray, IntArray
from models.scoring.imputation import (
    PERCENTILES,
    FieldImputation,
    Imputation,
)
from models.scoring.scorer import Scorer
from models.scoring.typicality import QUANTILE_DIGITS
from training.clustering.fit import draw_rows
from training.data.encoded import EncodedDataset
from training.partial.field_evidence import (
    KIND_ROWS,
    count_field,
    field_imputation,
    fill,
    live_fields,
    scatter,
)
from training.partial.hiding import CountedFit, Masked, Sample, draw_sample, mask, squared_distances, trial_of
from training.partial.reliability import Confidence, Trial, best_temperature, measure_confidence

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


def calibrate(encoded: EncodedDataset, clusters: IntArray, scorer: Scorer, seed: int) -> Calibrated:
    """Add the imputation to a scorer. `clusters` (n,): the clusters of the fit."""
    with threadpool_limits(1):
        return _calibrate(encoded, clusters, scorer, seed)


def _calibrate(encoded: EncodedDataset, clusters: IntArray, scorer: Scorer, seed: int) -> Calibrated:
    rng = np.random.default_rng(seed)
    fit = _counted(encoded, clusters, scorer)
    k, live = len(scorer.centroids), len(fit.counts)
    prior = (np.bincount(clusters, minlength=k) + 1.0) / (len(clusters) + k)
    rows = draw_rows(len(clusters), KIND_ROWS, rng)
    scatters = {index: _scatter(fit, index, rows) for index in fit.counts}
    sample = draw_sample(fit, prior, np.array([*scatters.values()]), rng)
    masked = [] if k == 1 else [mask(sample, count, rng) for count in range(1, live)]
    masked = [sets for sets in masked if len(sets.rows)]
    exponent = _best_exponent(sample, masked)
    trials = [trial_of(sample, sets, exponent) for sets in masked]
    temperatures = _temperatures(trials, live)
    fields = _imputed_fields(fit, exponent, scatters, rows, seed)
    imputation = Imputation(prior, fields, temperatures, _spread(sample, trials, exponent, live))
    confidence = measure_confidence(trials, exponent, temperatures, len(sample.targets))
    return Calibrated(replace(scorer, imputation=imputation), confidence)


def _counted(encoded: EncodedDataset, clusters: IntArray, scorer: Scorer) -> CountedFit:
    encodings, columns, k = scorer.encoder.fields, encoded.columns, len(scorer.centroids)
    counts = {
        index: count_field(encodings[index], columns[encodings[index].name], clusters, k)
        for index in live_fields(scorer)
    }
    return CountedFit(scorer, columns, clusters, counts)


def _imputed_fields(
    fit: CountedFit, exponent: float, scatters: dict[int, float], rows: IntArray, seed: int
) -> tuple[FieldImputation | None, ...]:
    """The imputation of each field; None for those that are never hidden."""
    return tuple(
        field_imputation(
            encoding,
            table,
            fit.columns[encoding.name],
            fit.clusters,
            fit.counts[index],
            exponent,
            scatters[index],
            rows,
            seed,
        )
        if index in fit.counts
        else None
        for index, (encoding, table) in enumerate(zip(fit.scorer.encoder.fields, fit.scorer.tables, strict=True))
    )


def _scatter(fit: CountedFit, index: int, rows: IntArray) -> float:
    encoding, table = fit.field(index)
    column, filled = fit.columns[encoding.name].take(rows), fill(table, fit.counts[index])
    return scatter(encoding, table, column, fit.clusters[rows], filled)


# --- exponent and temperatures ---------------------------------------------------------------------


def _best_exponent(sample: Sample, masked: Sequence[Masked]) -> float:
    """The exponent with the largest likelihood of the complete assignments, over a few numbers of fields."""
    if not masked:
        return EXPONENTS[1]
    few = masked[:: -(-len(masked) // FEW_COUNTS)]
    losses = {
        exponent: sum(best_temperature(trial_of(sample, sets, exponent))[1] for sets in few)
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


def _spread(sample: Sample, trials: Sequence[Trial], exponent: float, live: int) -> FloatArray:
    """Percentiles of the distance to the nearest centroid, (live · k, PERCENTILES): by number of hidden fields,
    then by persona."""
    k = len(sample.centroids)
    full = squared_distances(sample, np.arange(len(sample.targets)), ~sample.is_known, exponent)
    by_count = {0: full} | {trial.count: trial.squares for trial in trials}
    rows = [_percentiles(by_count[max(n for n in by_count if n <= count)], k) for count in range(live)]
    return np.concatenate(rows) if rows else np.zeros((0, PERCENTILES))


def _percentiles(squares: FloatArray, k: int) -> FloatArray:
    nearest, distances = squares.argmin(axis=1), np.sqrt(squares.min(axis=1, initial=np.inf))
    by_persona: Iterator[FloatArray] = (distances[nearest == persona] for persona in range(k))
    steps = np.linspace(0, 100, PERCENTILES)
    percentiles = [np.percentile(block if len(block) >= FEWEST else distances, steps) for block in by_persona]
    return np.array(percentiles).round(QUANTILE_DIGITS)
