"""Field evidence: the tables of `models.scoring.evidence`, counted from the training data.

Evidence of an answer, log P(answer | persona) − log P(answer), before the exponent:

- a number or level: the quotient of two normal densities, a quadratic in x, within four standard deviations;
- a choice: smoothed shares of the values;
- a list: Bernoulli for each value, ticked or not, with each persona's rates scaled to the mean length of all
  lists, so that the number of ticks alone is no evidence (docs/decisions/0027); unless it is asked to count.

Everything derives from counts by persona (`FieldCounts`), which add up: leaving profiles out is a subtraction.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from models.profile.field_kinds import MultiLabel
from models.scoring.columns import CodeColumn, Column, FloatArray, IntArray, NumberColumn, known_rows
from models.scoring.encoder import FieldEncoding, raw_numbers
from models.scoring.evidence import Evidence, no_evidence

# Pseudo-counts of everyone's answers added to each persona's: of values, and of numbers.
PRIOR_ANSWERS: Final = 20.0
PRIOR_NUMBERS: Final = 5.0
# In standard deviations from the mean: beyond it, numbers count as this far.
FARTHEST: Final = 4.0
# A persona's variance of a number is at least this share of everyone's: one number alone must not be proof.
LEAST_VARIANCE_SHARE: Final = 0.01
# Limits of the rates: a missing tick of a value that all others tick must not be proof, and where all lists are
# empty no value has a rate.
HIGHEST_RATE: Final = 0.95
LOWEST_RATE: Final = 1e-9


@dataclass(frozen=True, slots=True)
class FieldCounts:
    """One field's answers by persona, summed.

    `answered` (k,): profiles with a known answer. `held` (terms, k): profiles with each value; for a number Σx
    and Σx².
    """

    answered: FloatArray
    held: FloatArray

    def __sub__(self, others: "FieldCounts") -> "FieldCounts":
        """These counts without those of other profiles."""
        return FieldCounts(self.answered - others.answered, self.held - others.held)


def count_field(encoding: FieldEncoding, column: Column, clusters: IntArray, k: int) -> FieldCounts:
    """Count a column in the encoding's codes; `clusters` (n,)."""
    is_known = known_rows(column)
    answered = np.bincount(clusters[is_known], minlength=k).astype(np.float64)
    if isinstance(column, NumberColumn):
        x, owners = raw_numbers(encoding.spec, column)[is_known], clusters[is_known]
        return FieldCounts(answered, np.array([np.bincount(owners, p, minlength=k) for p in (x, x * x)]))
    codes = column.codes[is_known] if isinstance(column, CodeColumn) else column.codes
    owners = clusters[is_known] if isinstance(column, CodeColumn) else clusters[column.rows]
    terms = len(encoding.values)
    held = np.bincount(codes * k + owners, minlength=terms * k).reshape(terms, k).astype(np.float64)
    return FieldCounts(answered, held)


def evidence(encoding: FieldEncoding, counts: FieldCounts, *, length_counts: bool = False) -> Evidence:
    """The evidence of a field without an exponent; none where nobody answered.

    `length_counts`: whether the number of ticks in a list is evidence as well.
    """
    terms = 2 if encoding.is_number else len(encoding.values)
    if counts.answered.sum() < 1:
        return no_evidence(terms, len(counts.answered))
    if encoding.is_number:
        return _number_evidence(counts)
    if isinstance(encoding.spec.kind, MultiLabel):
        return _list_evidence(counts, length_counts)
    everyone, shares = _shares(counts)
    return _with_everyone(np.zeros(len(counts.answered)), np.log(shares / everyone), 0.0, np.log(everyone))


def tempered(field: Evidence, exponent: float) -> Evidence:
    """The evidence with an exponent; the likelihood among everyone has none."""
    factors = np.append(np.full(len(field.constant) - 1, exponent), 1.0)
    return Evidence(field.constant * factors, field.rows * factors, field.limits)


def _with_everyone(
    constant: FloatArray, rows: FloatArray, base: float, everyone: FloatArray, limits: FloatArray | None = None
) -> Evidence:
    """Evidence of k personas, with the column of everyone's likelihood: `base` and `everyone` (terms, 1)."""
    return Evidence(
        np.append(constant, base), np.hstack([rows, everyone]), np.zeros(2) if limits is None else limits
    )


def _number_evidence(counts: FieldCounts) -> Evidence:
    """The quotient of each persona's normal density and everyone's, in y of `Evidence`.

    Limits are the mean ± reach, so that y = (x − mean) / reach.
    """
    people, (sums, squares) = counts.answered, counts.held
    total = float(people.sum())
    mean = float(sums.sum()) / total
    # Moments about the common mean: the squares of large numbers would lose the spread.
    first = sums - people * mean
    second = np.maximum(squares - 2 * mean * sums + people * mean**2, 0.0)
    variance = float(second.sum()) / total
    if variance <= (1e-6 * mean) ** 2 + 1e-12:
        return no_evidence(2, len(people))
    means = first / (people + PRIOR_NUMBERS)
    inner = np.maximum(second - 2 * means * first + people * means**2, 0.0)
    variances = (inner + PRIOR_NUMBERS * variance) / (people + PRIOR_NUMBERS)
    variances = np.maximum(variances, LEAST_VARIANCE_SHARE * variance)
    # −½ log v − (d − m)² / 2v, less the same of everyone; d = x − mean = reach · y.
    reach = FARTHEST * np.sqrt(variance)
    means = np.clip(means, -reach, reach)
    square = reach**2 * (-0.5 / variances + 0.5 / variance)
    linear = reach * means / variances
    constant = -0.5 * np.log(variances / variance) - 0.5 * means**2 / variances
    return _with_everyone(
        constant,
        np.array([linear, square]),
        -0.5 * np.log(2 * np.pi * variance),
        np.array([[0.0], [-0.5 * FARTHEST**2]]),
        np.array([mean - reach, mean + reach]),
    )


def _list_evidence(counts: FieldCounts, length_counts: bool) -> Evidence:
    everyone, shares = _shares(counts)
    length = counts.held.sum() / counts.answered.sum()
    lengths = np.full(len(counts.answered), length)
    if length_counts:
        ticks, people = counts.held.sum(axis=0), counts.answered
        lengths = (ticks + PRIOR_ANSWERS * length) / (people + PRIOR_ANSWERS)
    rates = np.clip(shares * lengths, LOWEST_RATE, HIGHEST_RATE)
    rate = np.clip(everyone * length, LOWEST_RATE, HIGHEST_RATE)
    unticked = np.log1p(-rates) - np.log1p(-rate)
    never = np.log1p(-rate)
    return _with_everyone(
        unticked.sum(axis=0), np.log(rates / rate) - unticked, float(never.sum()), np.log(rate) - never
    )


def _shares(counts: FieldCounts) -> tuple[FloatArray, FloatArray]:
    """Each value's share of all values, (terms, 1), and by persona, (terms, k), shrunk toward everyone's."""
    held = counts.held
    # Half a profile more: a value may have none left after a subtraction.
    everyone = (held.sum(axis=1, keepdims=True) + 0.5) / (held.sum() + 0.5 * max(len(held), 1))
    return everyone, (held + PRIOR_ANSWERS * everyone) / (held.sum(axis=0) + PRIOR_ANSWERS)
