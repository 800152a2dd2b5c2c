"""The exponent of the evidence, chosen without a truth.

Answers of one person depend on each other beyond their persona, so that naive Bayes is too sure. An exponent a
on the likelihoods corrects that (a power posterior: Grünwald, "The Safe Bayesian", Algorithmic Learning Theory
2012). No planted truth is needed to choose it: each field of held-out people is predicted from the other answers,

    P(answer to f | other answers) = Σ over personas  P_a(persona | other answers) · P_a(answer to f | persona)

and the exponent with the largest mean log likelihood of these predictions is used. P_a(answer | persona) are
expected counts, in which each person belongs to personas by their posterior under a, as in the EM algorithm
(Dempster, Laird and Rubin, J. R. Statist. Soc. B 39, 1977): counts by the clusters themselves would favour smaller
exponents, because K-Means put each person where their own answers to f already pointed.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from models.scoring.columns import CodeColumn, CodeListColumn, FloatArray, IntArray, NumberColumn
from models.scoring.encoder import FieldEncoding, raw_numbers
from models.scoring.evidence import softmax
from training.classifier.field_evidence import FARTHEST, LEAST_VARIANCE_SHARE, PRIOR_ANSWERS, PRIOR_NUMBERS
from training.data.encoded import EncodedDataset

EXPONENTS: Final = tuple(round(0.3 + 0.1 * step, 1) for step in range(10))
# People on whom the exponent is chosen, in two halves: each is predicted from the counts of the other.
ROWS: Final = 2_000
# Smallest probability of a value: none is impossible.
_LEAST: Final = 1e-9


class HeldOutEvidence(NamedTuple):
    """The evidence of people by counts without them, (n, fields, k), without an exponent and zero where a field is
    not answered; `answered` (n, fields)."""

    evidence: FloatArray
    answered: FloatArray


class Choice(NamedTuple):
    """The exponent, and the mean log likelihood of a person's answers by exponent, in nats above their margins."""

    exponent: float
    gains: dict[float, float]


def choose_exponent(sample: EncodedDataset, prior: FloatArray, held_out: HeldOutEvidence) -> Choice:
    """Choose the exponent on a sample of people. One persona, or a single field, leaves it at 1."""
    fields = held_out.answered.shape[1]
    if len(prior) == 1 or fields == 1:
        return Choice(1.0, {})
    targets = [_target(field, sample) for field in sample.encoder.fields]
    gains = {exponent: _gain(exponent, prior, held_out, targets) for exponent in EXPONENTS}
    return Choice(_peak(np.array(EXPONENTS), np.array([*gains.values()])), gains)


def _peak(exponents: FloatArray, gains: FloatArray) -> float:
    """The top of the parabola through the best exponent and its neighbours."""
    best = int(gains.argmax())
    if best in (0, len(gains) - 1):
        return float(exponents[best])
    left, top, right = gains[best - 1 : best + 2]
    curvature = left - 2 * top + right
    shift = 0.5 * (left - right) / curvature if curvature < 0 else 0.0
    # Rounded: the last digits of a sum depend on where its terms lie in memory, and a fit must repeat to the byte.
    return round(float(exponents[best] + shift * (exponents[1] - exponents[0])), 6)


# --- predictions -----------------------------------------------------------------------------------


class _Target(NamedTuple):
    """The answers to one field: `rows` (m,) that have one, and their `values` (m, terms): a number, or 1 for each
    value held. `is_list`: values are independent, otherwise one of them is held."""

    rows: IntArray
    values: FloatArray
    is_number: bool
    is_list: bool


def _target(encoding: FieldEncoding, sample: EncodedDataset) -> _Target:
    column = sample.columns[encoding.name]
    if isinstance(column, NumberColumn):
        x = raw_numbers(encoding.spec, column)
        rows = np.flatnonzero(~np.isnan(x))
        return _Target(rows, x[rows, None], is_number=True, is_list=False)
    held = np.zeros((len(column), len(encoding.values)))
    if isinstance(column, CodeColumn):
        rows = np.flatnonzero(column.codes >= 0)
        held[rows, column.codes[rows]] = 1.0
    else:
        rows = np.flatnonzero(column.answered)
        held[column.rows, column.codes] = 1.0
    return _Target(rows, held[rows], is_number=False, is_list=isinstance(column, CodeListColumn))


def _gain(exponent: float, prior: FloatArray, held_out: HeldOutEvidence, targets: Sequence[_Target]) -> float:
    whole = held_out.evidence.sum(axis=1)
    belongs = softmax(np.log(prior) + exponent * whole)
    total = 0.0
    for field, target in enumerate(targets):
        others = softmax(np.log(prior) + exponent * (whole - held_out.evidence[:, field]))
        half = target.rows % 2
        for own in (0, 1):
            from_rows, to_rows = np.flatnonzero(half != own), np.flatnonzero(half == own)
            if len(from_rows) and len(to_rows):
                weights, mixture = belongs[target.rows[from_rows]], others[target.rows[to_rows]]
                counted, values = target.values[from_rows], target.values[to_rows]
                if target.is_number:
                    total += _of_numbers(counted, weights, values, mixture)
                else:
                    total += _of_values(counted, weights, values, mixture, is_list=target.is_list)
    return total / len(whole)


def _of_numbers(counted: FloatArray, weights: FloatArray, values: FloatArray, mixture: FloatArray) -> float:
    """The log likelihood of numbers under a mixture of normal densities, above everyone's."""
    x, size = counted[:, 0], weights.sum(axis=0)
    mean, variance = x.mean(), x.var()
    if variance <= 1e-12:
        return 0.0
    means = (weights.T @ x + PRIOR_NUMBERS * mean) / (size + PRIOR_NUMBERS)
    inner = (weights * np.square(x[:, None] - means)).sum(axis=0)
    variances = (inner + PRIOR_NUMBERS * variance) / (size + PRIOR_NUMBERS)
    variances = np.maximum(variances, LEAST_VARIANCE_SHARE * variance)
    reach = FARTHEST * np.sqrt(variance)
    y = np.clip(values, mean - reach, mean + reach)
    ratios = -0.5 * (
        np.log(variances / variance) + np.square(y - means) / variances - np.square(y - mean) / variance
    )
    most = ratios.max(axis=1, keepdims=True)
    return float((most[:, 0] + np.log((mixture * np.exp(ratios - most)).sum(axis=1))).sum())


def _of_values(
    counted: FloatArray, weights: FloatArray, values: FloatArray, mixture: FloatArray, *, is_list: bool
) -> float:
    """The log likelihood of values, each of a list by itself, above everyone's."""
    everyone = np.clip((counted.sum(axis=0) + 0.5) / (len(counted) + 1), _LEAST, 1 - _LEAST)
    shares = (weights.T @ counted + PRIOR_ANSWERS * everyone) / (weights.sum(axis=0)[:, None] + PRIOR_ANSWERS)
    predicted = np.clip(mixture @ shares, _LEAST, 1 - _LEAST)
    gain = float((values * np.log(predicted / everyone)).sum())
    if is_list:
        gain += float(((1 - values) * np.log((1 - predicted) / (1 - everyone))).sum())
    return gain
