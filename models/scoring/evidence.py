"""The tables of the classifier that assigns: what each answer says about the persona, as logarithms.

The classifier is naive Bayes over fields with one exponent a (`training.classifier` fits it):

    log odds of persona p = log prior(p) + Σ over the answers given  a · log( P(answer | p) / P(answer) )

and the probabilities are their softmax. A field without an answer adds nothing. The exponent corrects that answers
of one person depend on each other beyond the persona (docs/decisions/0027); it is part of the stored rows.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple

import numpy as np

from models.profile.voice import Subject
from models.scoring.columns import CodeColumn, Column, FloatArray, NumberColumn, known_rows
from models.scoring.encoder import FieldEncoding, raw_numbers
from models.scoring.packed_rows import LARGEST, LARGEST_LISTED

# Points of a persona's distribution of likelihoods: its percentiles from 0 to 100.
PERCENTILES: Final = 101
# Variances below are rounding errors.
LEAST_VARIANCE: Final = 1e-9
# Most kinds of answers of a field that the next question distinguishes.
MAX_KINDS: Final = 64


@dataclass(frozen=True)
class Evidence:
    """What the answers to one field say about k personas.

    All arrays have k + 1 columns: for each persona a · log( P(answer | persona) / P(answer) ), and last
    log P(answer), the likelihood among everyone. `constant` (k + 1,) is added once if the field is answered, then
    a row of `rows` (terms, k + 1) for each value, by code; or for a number rows · (y, y²), where
    y = (x − middle) / half-width of `limits` (2,), clipped to −1 and 1.
    """

    constant: FloatArray
    rows: FloatArray
    limits: FloatArray

    @cached_property
    def scale(self) -> tuple[float, float]:
        """The middle of the limits, and 1 / half-width (0 where the limits are equal)."""
        low, high = self.limits.tolist()
        half = (high - low) / 2
        return low + half, 1.0 / half if half > 0 else 0.0

    @cached_property
    def is_empty(self) -> bool:
        """Whether no answer says anything: training had none to learn from, or all were alike."""
        return not (self.constant.any() or self.rows.any())

    def position_of(self, x: float) -> float:
        """The y of one number x."""
        middle, factor = self.scale
        return min(max((x - middle) * factor, -1.0), 1.0)

    def position(self, x: FloatArray) -> FloatArray:
        """The y of numbers x, the same shape; NaN stays NaN."""
        middle, factor = self.scale
        position: FloatArray = np.clip((x - middle) * factor, -1.0, 1.0)
        return position


def no_evidence(terms: int, personas: int) -> Evidence:
    """The evidence of a field that says nothing."""
    return Evidence(np.zeros(personas + 1), np.zeros((terms, personas + 1)), np.zeros(2))


@dataclass(frozen=True, kw_only=True)
class FieldEvidence:
    """The evidence of one field about k personas, and what follows from it.

    `likelihood_mean`, `likelihood_variance` (k,): of log P(answer | persona) among the persona's answers.
    `reach` (1,): the mean square of the difference that an answer makes between two personas, after the exponent.
    `kind_shares` (m, k): how common each of m kinds of answers is in a persona (columns add up to 1), with the
    exponent. `means` (1, k): of a number without levels, each persona's mean; otherwise (0, k).
    `phrases`: the words after the subject of a sentence for each value ("are into board games", after "You"); for
    a number one, with `{value}`. `subject`: whom they speak of; after "Your mother" it is "is into board games".
    """

    evidence: Evidence
    likelihood_mean: FloatArray
    likelihood_variance: FloatArray
    reach: FloatArray
    kind_shares: FloatArray
    means: FloatArray
    phrases: tuple[str, ...]
    subject: Subject = "giver"

    def arrays(self) -> dict[str, FloatArray]:
        """The arrays by their name in the artifact."""
        return {
            "evidence_constant": self.evidence.constant,
            "evidence_rows": self.evidence.rows,
            "evidence_limits": self.evidence.limits,
            "likelihood_mean": self.likelihood_mean,
            "likelihood_variance": self.likelihood_variance,
            "reach": self.reach,
            "kind_shares": self.kind_shares,
            "means": self.means,
        }

    @classmethod
    def of(
        cls, arrays: Mapping[str, FloatArray], prefix: str, phrases: tuple[str, ...], subject: Subject = "giver"
    ) -> "FieldEvidence":
        """Build the field from the arrays called `prefix.…`. Raises `KeyError` where one is missing."""
        constant, rows, limits, mean, variance, reach, kind_shares, means = (
            arrays[f"{prefix}.{name}"]
            for name in (
                "evidence_constant", "evidence_rows", "evidence_limits", "likelihood_mean",
                "likelihood_variance", "reach", "kind_shares", "means",
            )
        )  # fmt: skip
        return cls(
            evidence=Evidence(constant, rows, limits),
            likelihood_mean=mean,
            likelihood_variance=variance,
            reach=reach,
            kind_shares=kind_shares,
            means=means,
            phrases=phrases,
            subject=subject,
        )

    def fits(self, encoding: FieldEncoding, k: int) -> bool:
        """Whether every shape agrees with the field and k, and every number can be added in fixed point."""
        evidence, number = self.evidence, encoding.is_number
        unlevelled = number and not encoding.spec.levels
        return (
            evidence.constant.shape == (k + 1,)
            and evidence.rows.shape == (2 if number else len(encoding.values), k + 1)
            and evidence.limits.shape == (2,)
            and bool(evidence.limits[0] <= evidence.limits[1])
            and self.likelihood_mean.shape == self.likelihood_variance.shape == (k,)
            and bool((self.likelihood_variance >= 0).all())
            and self.reach.shape == (1,)
            and bool(self.reach[0] >= 0)
            and self.kind_shares.ndim == 2
            and 0 < len(self.kind_shares) <= MAX_KINDS
            and self.kind_shares.shape[1] == k
            and bool((self.kind_shares >= 0).all())
            and self.means.shape == (int(unlevelled), k)
            and len(self.phrases) == (1 if unlevelled else len(encoding.values))
            and self._is_small(encoding)
        )

    def _is_small(self, encoding: FieldEncoding) -> bool:
        sums = np.abs(self.evidence.constant)
        if encoding.is_number:
            sums = sums + np.abs(self.evidence.rows).sum(axis=0)
        elif encoding.is_list:
            return bool((sums < LARGEST).all() and (np.abs(self.evidence.rows) < LARGEST_LISTED).all())
        else:
            sums = sums + np.abs(self.evidence.rows).max(axis=0, initial=0.0)
        return bool((sums < LARGEST).all())


@dataclass(frozen=True, kw_only=True)
class Classifier:
    """The classifier's tables, `fields` in the encoder's order.

    `prior` (k,): the personas' shares. `exponent`: a, which the evidence of `fields` already has.
    `settled_curve` (2, m): the chance that a persona stays when the rest is answered, by its lead over the next in
    units of what the hidden fields can move; leads ascend. `likelihood_percentiles` (k, PERCENTILES): of the
    standardised likelihood of a persona's members.
    """

    prior: FloatArray
    exponent: float
    fields: tuple[FieldEvidence, ...]
    settled_curve: FloatArray
    likelihood_percentiles: FloatArray

    @cached_property
    def log_prior(self) -> FloatArray:
        """The sum of a profile without answers, (k + 1,)."""
        return np.append(np.log(self.prior), 0.0)

    @cached_property
    def field_table(self) -> FloatArray:
        """For each field the means (k) and variances (k) of its likelihood, and its reach: (fields, 2k + 1)."""
        rows = [(field.likelihood_mean, field.likelihood_variance, field.reach) for field in self.fields]
        return np.array([np.concatenate(row) for row in rows])

    def arrays(self) -> dict[str, FloatArray]:
        """The arrays of no single field, by their name in the artifact."""
        return {
            "prior": self.prior,
            "exponent": np.array([self.exponent]),
            "settled_curve": self.settled_curve,
            "likelihood_percentiles": self.likelihood_percentiles,
        }

    def fits(self, encodings: tuple[FieldEncoding, ...], k: int) -> bool:
        """Whether every shape agrees with the encoder and k, and every number is usable."""
        return (
            self.prior.shape == (k,)
            and bool((self.prior > 0).all())
            and self.exponent > 0
            and self.settled_curve.ndim == 2
            and self.settled_curve.shape[0] == 2
            and self.settled_curve.shape[1] > 1
            and bool((np.diff(self.settled_curve[0]) > 0).all())
            and bool(((self.settled_curve[1] >= 0) & (self.settled_curve[1] <= 1)).all())
            and self.likelihood_percentiles.shape == (k, PERCENTILES)
            and bool((np.diff(self.likelihood_percentiles, axis=1) >= 0).all())
            and len(self.fields) == len(encodings)
            and all(field.fits(encoding, k) for encoding, field in zip(encodings, self.fields, strict=True))
        )


class AnsweredFigures(NamedTuple):
    """What follows from which fields are answered, for n profiles.

    `reach` (n,): 1 / the root of what the hidden fields can move; 0 where they cannot. `slopes`, `offsets` (n, k):
    log P(answers | persona) · slope − offset is the z of `models.scoring.typicality`, once the likelihood is
    log P(answers) + the evidence with the prior / exponent. Both are 0 where no answer can be more likely than
    another.
    """

    reach: FloatArray
    slopes: FloatArray
    offsets: FloatArray


def answered_figures(classifier: Classifier, answered: FloatArray) -> AnsweredFigures:
    """The figures of n profiles; `answered` (n, fields): 1 where a field has a known answer, otherwise 0."""
    k, table = len(classifier.prior), classifier.field_table
    sums = answered @ table
    hidden = np.maximum(table[:, -1].sum() - sums[:, -1], 0.0)
    variances = sums[:, k : 2 * k]
    slopes = _inverse_root(variances)
    offsets = slopes * (sums[:, :k] + classifier.log_prior[:k] / classifier.exponent)
    return AnsweredFigures(_inverse_root(hidden), slopes, offsets)


def _inverse_root(squares: FloatArray) -> FloatArray:
    """1 / √x; 0 where x is no more than a rounding error."""
    some = squares > LEAST_VARIANCE
    result: FloatArray = np.where(some, 1.0 / np.sqrt(np.where(some, squares, 1.0)), 0.0)
    return result


def evidence_of_column(evidence: Evidence, encoding: FieldEncoding, column: Column) -> FloatArray:
    """The evidence of a column's answers, (n, k + 1); zero in rows without a known answer.

    The formula as it stands, row by row; `models.scoring.batch` does the same faster.
    """
    total = np.zeros((len(column), len(evidence.constant)))
    rows = np.flatnonzero(known_rows(column))
    if isinstance(column, NumberColumn):
        y = evidence.position(raw_numbers(encoding.spec, column)[rows])
        total[rows] = evidence.constant + np.outer(y, evidence.rows[0]) + np.outer(y * y, evidence.rows[1])
    elif isinstance(column, CodeColumn):
        total[rows] = evidence.constant + evidence.rows[column.codes[rows]]
    else:
        total[rows] = evidence.constant
        filled = np.flatnonzero(column.lengths)
        if len(filled):
            total[filled] += np.add.reduceat(evidence.rows[column.codes], column.offsets[:-1][filled], axis=0)
    return total


def softmax(logits: FloatArray) -> FloatArray:
    """Softmax along the last axis."""
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    result: FloatArray = powers / powers.sum(axis=-1, keepdims=True)
    return result
