"""Hiding answers of profiles whose complete assignment is known, to learn how firm an assignment is.

Why real profiles lack answers is unknown, so that every set of fields of one size is taken to be equally likely.
Profiles without gaps are used, a bounded sample of them, or else those with the fewest gaps; "complete" means
every field that the profile answered. To keep evidence and test apart, the sample is cut into folds, and each
fold's evidence comes from all other profiles.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from models.scoring.columns import BoolArray, FloatArray, IntArray
from models.scoring.scorer import two_largest
from training.classifier.classifier import FOLDS, answered_fields
from training.classifier.field_evidence import count_field
from training.clustering.fit import Fit
from training.data.encoded import EncodedDataset

ROWS: Final = 3_000
LEAST_ROWS: Final = 500
# Random sets of hidden fields for each profile: more where there are few profiles.
MOST_MASKS: Final = 5


@dataclass(frozen=True)
class Trial:
    """Profiles with `count` fields hidden.

    `leads` (n,): the lead of the persona over the runner-up, in units of what the hidden fields can move; infinite
    where they cannot. `stays` (n,): whether the complete profile has the same persona. `folds` (n,).
    """

    count: int
    leads: FloatArray
    stays: BoolArray
    folds: IntArray


def hiding_trials(fitted: Fit, reaches: FloatArray, rng: np.random.Generator) -> list[Trial]:
    """A trial for each number of hidden fields, where profiles have as many answers and one more.

    `reaches` (fields,): as `FieldEvidence.reach`.
    """
    encoded, labels, classifier = fitted.encoded, fitted.labels, fitted.classifier
    rows = _fullest(encoded, rng)
    # Not the classifier's own counts: the fit may be applied to more profiles than it was made from.
    counts = [count_field(field, encoded.columns[field.name], labels, fitted.k) for field in fitted.encoder.fields]
    evidence, answered = classifier.held_out_evidence(encoded.take(rows), labels[rows], counts)
    evidence *= classifier.exponent_
    complete = (np.log(classifier.prior_) + evidence.sum(axis=1)).argmax(axis=1)
    trials = []
    for count in range(1, len(reaches)):
        own, hidden = _mask(answered > 0, count, rng)
        if not len(own):
            continue
        logits = np.log(classifier.prior_) + np.einsum("nfk,nf->nk", evidence[own], ~hidden)
        first, _, most, next_most = two_largest(logits)
        reach = np.sqrt(hidden @ reaches)
        leads = np.divide(most - next_most, reach, out=np.full(len(own), np.inf), where=reach > 0)
        trials.append(Trial(count, leads, first == complete[own], own % FOLDS))
    return trials


def _fullest(encoded: EncodedDataset, rng: np.random.Generator) -> IntArray:
    """Positions of up to `ROWS` profiles without a gap, drawn at random; where those are fewer than `LEAST_ROWS`,
    that many with the fewest gaps. Answers behind gaps are unknown, so that few gaps make a realistic trial.
    """
    gaps = (answered_fields(encoded) == 0).sum(axis=1)
    most = min(ROWS, max(int(np.count_nonzero(gaps == 0)), LEAST_ROWS))
    return np.sort(np.lexsort((rng.random(len(gaps)), gaps))[:most])


def _mask(answered: BoolArray, count: int, rng: np.random.Generator) -> tuple[IntArray, BoolArray]:
    """Rows of the sample, and for each `count` hidden fields (n, fields), at least one of them answered."""
    gaps = (~answered).sum(axis=1)
    able = np.flatnonzero(gaps < count)
    masks = min(max(ROWS // max(len(able), 1), 1), MOST_MASKS)
    rows = np.tile(able, masks)
    # Gaps first, then the answered fields in random order.
    order = np.where(answered[rows], rng.random((len(rows), answered.shape[1])), -1.0)
    return rows, order.argsort(axis=1).argsort(axis=1) < count
