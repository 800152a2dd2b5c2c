"""Field evidence for partial profiles: the tables of `models.scoring.imputation`, counted from the training data.

The classifier is tempered naive Bayes over fields: its weights average the personas' mean contributions of the
hidden fields, and the nearest centroid of the imputed position is the assignment. Multinomial logistic regression
and gradient boosting trained on masked profiles do no better (benchmarks/ASSIGNMENT.md), and neither equals the
full rule once every answer is known.

Evidence of an answer, log p(answer | persona) − log p(answer):

- a number or level: the quotient of two normal densities, a quadratic in x, within four standard deviations;
- a choice: smoothed shares of the values;
- a list: Bernoulli for each value, ticked or not, with each persona's rates scaled to the mean length of all
  lists, so that the number of ticks alone is no evidence.

Everything derives from counts by persona (`FieldCounts`), which add up: leaving profiles out is a subtraction.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from sklearn.cluster import KMeans

from models.profile.field_kinds import MultiLabel, Numeric
from models.scoring.columns import CodeColumn, Column, FloatArray, IntArray, NumberColumn
from models.scoring.encoder import FieldEncoding, raw_numbers, tick_size
from models.scoring.imputation import Evidence, FieldImputation, known_rows
from models.scoring.scorer import Scorer, add_column
from models.scoring.single import FieldTable
from training.personas.traits import MIN_COUNT, value_table
from training.personas.wording.phrases import second_person

# Pseudo-counts of everyone's answers added to each persona's: of values, of numbers, of mean contributions.
PRIOR_ANSWERS: Final = 20.0
PRIOR_NUMBERS: Final = 5.0
PRIOR_FILL: Final = 3.0
# In standard deviations from the mean: beyond it, numbers count as this far.
FARTHEST: Final = 4.0
# Upper limit of the rates: otherwise a missing tick of a value that all others tick would be proof.
HIGHEST_RATE: Final = 0.95
KINDS: Final = 16
KIND_ROWS: Final = 5_000


@dataclass(frozen=True, slots=True)
class FieldCounts:
    """One field's answers by persona, summed.

    `answered_counts` (k,): profiles with a known answer. `held` (terms, k): profiles with each value; for a number
    Σx and Σx². `sizes` (terms, k): the summed factors of the values' rows; for a number Σx.
    """

    answered_counts: FloatArray
    held: FloatArray
    sizes: FloatArray

    def __sub__(self, others: "FieldCounts") -> "FieldCounts":
        """These counts without those of other profiles."""
        return FieldCounts(
            self.answered_counts - others.answered_counts, self.held - others.held, self.sizes - others.sizes
        )


def live_fields(scorer: Scorer) -> list[int]:
    """The indices of the fields whose answers can move a profile; only these are ever hidden."""
    return [index for index, table in enumerate(scorer.tables) if np.abs(table.rows).max(initial=0.0) > 0]


def count_field(encoding: FieldEncoding, column: Column, clusters: IntArray, k: int) -> FieldCounts:
    """Count a column in the encoding's codes; `clusters` (n,)."""
    is_known = known_rows(column)
    answered_counts = np.bincount(clusters[is_known], minlength=k).astype(np.float64)
    if isinstance(column, NumberColumn):
        x, owners = raw_numbers(encoding.spec, column)[is_known], clusters[is_known]
        sums = [np.bincount(owners, powers, minlength=k) for powers in (x, x * x)]
        return FieldCounts(answered_counts, np.array(sums), np.array(sums[:1]))
    codes, owners, sizes = _ticks(column, clusters)
    cells, terms = codes * k + owners, len(encoding.values)
    held = np.bincount(cells, minlength=terms * k).reshape(terms, k).astype(np.float64)
    weighed = np.bincount(cells, sizes, minlength=terms * k).reshape(terms, k).astype(np.float64)
    return FieldCounts(answered_counts, held, weighed)


def _ticks(column: Column, clusters: IntArray) -> tuple[IntArray, IntArray, FloatArray]:
    """For each value of each profile: its code, the profile's persona, its factor."""
    if isinstance(column, NumberColumn):
        raise TypeError("Numbers are not values.")
    if isinstance(column, CodeColumn):
        rows = np.flatnonzero(column.codes >= 0)
        return column.codes[rows], clusters[rows], np.ones(len(rows))
    return column.codes, clusters[column.rows], tick_size(column)


# --- evidence and fill -----------------------------------------------------------------------------


def evidence(encoding: FieldEncoding, counts: FieldCounts) -> Evidence:
    """The log ratio of each answer's probability in a persona to that among everyone, not tempered yet."""
    if encoding.is_number:
        return _number_evidence(counts)
    if isinstance(encoding.spec.kind, MultiLabel):
        return _list_evidence(counts)
    everyone, shares = _shares(counts)
    return Evidence(np.zeros(len(counts.answered_counts)), np.log(shares / everyone), np.zeros(2))


def _number_evidence(counts: FieldCounts) -> Evidence:
    people, (sums, squares) = counts.answered_counts, counts.held
    total = max(float(people.sum()), 1.0)
    mean = float(sums.sum()) / total
    # Moments about the common mean: the squares of large numbers would lose the spread.
    first = sums - people * mean
    second = np.maximum(squares - 2 * mean * sums + people * mean**2, 0.0)
    variance = max(float(second.sum()) / total, 1e-12)
    means = first / (people + PRIOR_NUMBERS)
    inner = np.maximum(second - 2 * means * first + people * means**2, 0.0)
    variances = np.maximum((inner + PRIOR_NUMBERS * variance) / (people + PRIOR_NUMBERS), 1e-3 * variance)
    # −½ log v − (y − m)² / 2v, less the same of everyone; y = x − mean.
    square = -0.5 / variances + 0.5 / variance
    linear = means / variances
    constant = -0.5 * np.log(variances / variance) - 0.5 * means**2 / variances
    reach = FARTHEST * np.sqrt(variance)
    return Evidence(
        constant - mean * linear + mean**2 * square,
        np.array([linear - 2 * mean * square, square]),
        np.array([mean - reach, mean + reach]),
    )


def _list_evidence(counts: FieldCounts) -> Evidence:
    everyone, shares = _shares(counts)
    length = counts.held.sum() / max(counts.answered_counts.sum(), 1.0)
    rates = np.minimum(shares * length, HIGHEST_RATE)
    rate = np.minimum(everyone * length, HIGHEST_RATE)
    unticked = np.log1p(-rates) - np.log1p(-rate)
    return Evidence(unticked.sum(axis=0), np.log(rates / rate) - unticked, np.zeros(2))


def _shares(counts: FieldCounts) -> tuple[FloatArray, FloatArray]:
    """Each value's share of all values, (terms, 1), and by persona, (terms, k), shrunk toward everyone's."""
    held = counts.held
    # Half a profile more: a value may have none left after a subtraction.
    everyone = (held.sum(axis=1, keepdims=True) + 0.5) / (held.sum() + 0.5 * max(len(held), 1))
    return everyone, (held + PRIOR_ANSWERS * everyone) / (held.sum(axis=0) + PRIOR_ANSWERS)


def fill(table: FieldTable, counts: FieldCounts) -> FloatArray:
    """Each persona's mean contribution of the field, (k, r), shrunk toward everyone's."""
    sums = counts.answered_counts[:, None] * table.constant + counts.sizes.T @ table.rows
    everyone = sums.sum(axis=0) / max(float(counts.answered_counts.sum()), 1.0)
    filled: FloatArray = (sums + PRIOR_FILL * everyone) / (counts.answered_counts + PRIOR_FILL)[:, None]
    return filled


# --- what the service needs besides ----------------------------------------------------------------


def field_imputation(
    encoding: FieldEncoding,
    table: FieldTable,
    column: Column,
    clusters: IntArray,
    counts: FieldCounts,
    exponent: float,
    scatter: float,
    sample: IntArray,
    seed: int,
) -> FieldImputation:
    """The imputation of one field. `sample`: rows from which the kinds of answers are formed."""
    log_evidence, k = evidence(encoding, counts), len(counts.answered_counts)
    kinds, shares = _kinds(encoding, table, column.take(sample), clusters[sample], k, seed)
    return FieldImputation(
        evidence=Evidence(exponent * log_evidence.constant, exponent * log_evidence.rows, log_evidence.bounds),
        scatter=np.array([scatter]),
        fill=fill(table, counts),
        kinds=kinds,
        kind_shares=shares,
        typical=_typical(encoding, column, clusters, k),
        phrases=_phrases(encoding),
    )


def contributions(encoding: FieldEncoding, table: FieldTable, column: Column) -> FloatArray:
    """The contributions of a column's answers to the position, (n, r)."""
    total = np.zeros((len(column), len(table.constant)))
    add_column(encoding, table, column, total)
    return total


def scatter(
    encoding: FieldEncoding, table: FieldTable, column: Column, clusters: IntArray, filled: FloatArray
) -> float:
    """The mean squared distance of a column's contributions from those expected of their personas (k, r)."""
    is_known = np.flatnonzero(known_rows(column))
    gaps = contributions(encoding, table, column.take(is_known)) - filled[clusters[is_known]]
    return float(np.square(gaps).sum() / max(len(is_known), 1))


def _kinds(
    encoding: FieldEncoding, table: FieldTable, column: Column, clusters: IntArray, k: int, seed: int
) -> tuple[FloatArray, FloatArray]:
    """Up to `KINDS` groups of similar answers: their mean contributions and their shares by persona. Each group
    holds several profiles, so that no single list is published.
    """
    is_known = np.flatnonzero(known_rows(column))
    moves, owners = contributions(encoding, table, column.take(is_known)), clusters[is_known]
    labels = _grouped(moves, seed)
    count = int(labels.max(initial=0)) + 1
    centres = np.array([moves[labels == kind].sum(axis=0) for kind in range(count)])
    centres /= np.maximum(np.bincount(labels, minlength=count), 1)[:, None]
    held = np.bincount(labels * k + owners, minlength=count * k).reshape(count, k)
    everyone = (held.sum(axis=1, keepdims=True) + 0.5) / (held.sum() + 0.5 * count)
    return centres, (held + PRIOR_NUMBERS * everyone) / (held.sum(axis=0) + PRIOR_NUMBERS)


def _grouped(moves: FloatArray, seed: int) -> IntArray:
    """A group for each row, numbered from 0, of at least `MIN_COUNT` rows; or one group of all."""
    most = min(KINDS, len(np.unique(moves.round(9), axis=0)), len(moves) // MIN_COUNT)
    if most < 2:
        return np.zeros(len(moves), np.int64)
    kmeans = KMeans(most, n_init=1, random_state=seed).fit(moves)
    sizes = np.bincount(kmeans.labels_, minlength=most)
    frequent = np.flatnonzero(sizes >= MIN_COUNT)
    if len(frequent) < 2:
        return np.zeros(len(moves), np.int64)
    gaps = moves[:, None, :] - kmeans.cluster_centers_[frequent][None, :, :]
    nearest: IntArray = np.einsum("nkr,nkr->nk", gaps, gaps).argmin(axis=1)
    return np.unique(nearest, return_inverse=True)[1]


def _typical(encoding: FieldEncoding, column: Column, clusters: IntArray, k: int) -> FloatArray:
    """Each value's or level's lift by persona, (values, k); of a number without levels its means, (1, k)."""
    if isinstance(encoding.spec.kind, Numeric) and isinstance(column, NumberColumn):
        is_known = known_rows(column)
        values, owners = column.values[is_known], clusters[is_known]
        people = np.bincount(owners, minlength=k)
        means = np.bincount(owners, values, minlength=k) / np.maximum(people, 1)
        return np.where(people > 0, means, values.mean() if len(values) else 0.0)[None, :]
    return value_table(column, clusters, k, len(encoding.values)).lifts.T


def _phrases(encoding: FieldEncoding) -> tuple[str, ...]:
    if isinstance(encoding.spec.kind, Numeric):
        return (second_person(encoding.spec),)
    return tuple(second_person(encoding.spec, value) for value in encoding.values)
