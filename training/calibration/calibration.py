"""From a fitted classifier to the scorer that serves, with numbers that are calibrated."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from threadpoolctl import threadpool_limits

from models.scoring.columns import FloatArray, IntArray
from models.scoring.evidence import PERCENTILES, Classifier, answered_figures
from models.scoring.scorer import Scorer
from models.scoring.typicality import DIGITS
from training.calibration.field_figures import FEWEST, field_evidence
from training.calibration.hiding import hiding_trials
from training.calibration.reliability import Confidence, measure_confidence
from training.calibration.settled import settled_curve
from training.classifier.classifier import answered_fields, evidence_sums
from training.clustering.compile import compile_map
from training.clustering.fit import Fit, draw_rows
from training.data.encoded import EncodedDataset

# Profiles from which a field's figures and the likelihoods of a persona's members are taken.
FIGURE_ROWS: Final = 10_000


@dataclass(frozen=True)
class Calibrated:
    """The scorer, and the reliability of its numbers (None where nothing can be hidden)."""

    scorer: Scorer
    confidence: Confidence | None


def calibrate(fitted: Fit, seed: int) -> Calibrated:
    """The scorer of a fit."""
    with threadpool_limits(1):
        return _calibrate(fitted, seed)


def _calibrate(fitted: Fit, seed: int) -> Calibrated:
    rng = np.random.default_rng(seed)
    classifier = fitted.classifier
    rows = draw_rows(len(fitted.encoded), FIGURE_ROWS, rng)
    sample, clusters = fitted.encoded.take(rows), fitted.clusters[rows]
    fields = tuple(
        field_evidence(encoding, evidence, classifier.exponent_, sample.columns[encoding.name], clusters, seed)
        for encoding, evidence in zip(fitted.encoder.fields, classifier.evidence_, strict=True)
    )
    reaches = np.array([field.reach[0] for field in fields])
    trials = [] if fitted.k == 1 else hiding_trials(fitted, reaches, rng)
    tables = Classifier(
        prior=classifier.prior_,
        exponent=classifier.exponent_,
        fields=fields,
        settled_curve=settled_curve(trials),
        likelihood_percentiles=np.zeros((len(classifier.prior_), PERCENTILES)),
    )
    tables = replace(tables, likelihood_percentiles=_likelihood_percentiles(sample, clusters, tables))
    confidence = measure_confidence(trials, classifier.exponent_, classifier.gains_)
    scorer = Scorer(encoder=fitted.encoder, classifier=tables, map=compile_map(fitted.pipeline))
    return Calibrated(scorer, confidence)


def _likelihood_percentiles(sample: EncodedDataset, clusters: IntArray, tables: Classifier) -> FloatArray:
    """Percentiles of the members' standardised likelihood, (k, PERCENTILES); of everyone where members are few."""
    k = len(tables.prior)
    sums = evidence_sums(sample.encoder, [field.evidence for field in tables.fields], sample.columns)
    _, slopes, offsets = answered_figures(tables, answered_fields(sample))
    own = np.arange(len(clusters)), clusters
    logits = sums[:, :-1] + tables.log_prior[:-1]
    z = (sums[:, -1] + logits[own] / tables.exponent) * slopes[own] - offsets[own]
    usable = slopes[own] > 0
    if not usable.any():
        return np.zeros((k, PERCENTILES))
    members = [z[usable & (clusters == persona)] for persona in range(k)]
    steps = np.linspace(0, 100, PERCENTILES)
    rows = [np.percentile(block if len(block) >= FEWEST else z[usable], steps) for block in members]
    return np.array(rows).round(DIGITS)
