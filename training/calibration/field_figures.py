"""What follows from a field's evidence: how far it moves, how likely its answers are, which kinds there are."""

from typing import Final

import numpy as np
from sklearn.cluster import KMeans

from models.profile.field_kinds import Numeric
from models.scoring.columns import Column, FloatArray, IntArray, NumberColumn, known_rows
from models.scoring.encoder import FieldEncoding
from models.scoring.evidence import Evidence, FieldEvidence, evidence_of_column
from training.personas.traits import MIN_COUNT
from training.personas.wording.phrases import phrase_after_subject

KINDS: Final = 16
# Pseudo-counts of everyone's kinds of answers added to each persona's.
PRIOR_KINDS: Final = 5.0
# With fewer answers a persona's figures are those of everyone.
FEWEST: Final = 30


def field_evidence(
    encoding: FieldEncoding, evidence: Evidence, exponent: float, column: Column, clusters: IntArray, seed: int
) -> FieldEvidence:
    """The evidence of one field with its figures, from the answers (n,) of a sample and their clusters (n,)."""
    rows = np.flatnonzero(known_rows(column))
    owners, k = clusters[rows], len(evidence.constant) - 1
    numbers = evidence_of_column(evidence, encoding, column.take(rows))
    likelihood = numbers[:, -1] + numbers[np.arange(len(rows)), owners] / exponent
    mean, variance = _by_persona(likelihood, owners, k)
    return FieldEvidence(
        evidence=evidence,
        likelihood_mean=mean,
        likelihood_variance=variance,
        reach=np.array([_reach(numbers[:, :-1])]),
        kind_shares=_kind_shares(numbers[:, :-1], owners, exponent, seed),
        means=_means(encoding, column, clusters, k),
        phrases=_phrases(encoding),
        subject=encoding.spec.subject,
    )


def _by_persona(values: FloatArray, owners: IntArray, k: int) -> tuple[FloatArray, FloatArray]:
    """Mean and variance by persona, (k,) each."""
    counts = np.bincount(owners, minlength=k)
    everyone = (values.mean(), values.var()) if len(values) else (0.0, 0.0)
    means = np.bincount(owners, values, minlength=k) / np.maximum(counts, 1)
    variances = np.bincount(owners, np.square(values - means[owners]), minlength=k) / np.maximum(counts, 1)
    enough = counts >= FEWEST
    return np.where(enough, means, everyone[0]), np.where(enough, variances, everyone[1])


def _reach(numbers: FloatArray) -> float:
    """The mean square of the difference between two personas' evidence, over answers (n, k) and pairs."""
    k = numbers.shape[1]
    return float(2 * k / (k - 1) * numbers.var(axis=1).mean()) if k > 1 and len(numbers) else 0.0


def _kind_shares(numbers: FloatArray, owners: IntArray, exponent: float, seed: int) -> FloatArray:
    """How common each kind of answer is in each persona, (m, k), with the exponent.

    Kinds are up to `KINDS` groups of answers that say similar things. Each holds several profiles, so that no
    single list is published.
    """
    k = numbers.shape[1]
    kinds = _grouped(numbers, seed)
    count = int(kinds.max(initial=0)) + 1
    held = np.bincount(kinds * k + owners, minlength=count * k).reshape(count, k)
    everyone = (held.sum(axis=1, keepdims=True) + 0.5) / (held.sum() + 0.5 * count)
    shares = (held + PRIOR_KINDS * everyone) / (held.sum(axis=0) + PRIOR_KINDS)
    powers = shares**exponent * everyone ** (1 - exponent)
    return np.asarray(powers / powers.sum(axis=0), np.float64)


def _grouped(numbers: FloatArray, seed: int) -> IntArray:
    """A group for each row, numbered from 0, of at least `MIN_COUNT` rows; or one group of all."""
    most = min(KINDS, len(np.unique(numbers.round(9), axis=0)), len(numbers) // MIN_COUNT)
    if most < 2:
        return np.zeros(len(numbers), np.int64)
    kmeans = KMeans(most, n_init=1, random_state=seed).fit(numbers)
    sizes = np.bincount(kmeans.labels_, minlength=most)
    frequent = np.flatnonzero(sizes >= MIN_COUNT)
    if len(frequent) < 2:
        return np.zeros(len(numbers), np.int64)
    gaps = numbers[:, None, :] - kmeans.cluster_centers_[frequent][None, :, :]
    nearest: IntArray = np.einsum("nkr,nkr->nk", gaps, gaps).argmin(axis=1)
    return np.unique(nearest, return_inverse=True)[1]


def _means(encoding: FieldEncoding, column: Column, clusters: IntArray, k: int) -> FloatArray:
    """Of a number without levels each persona's mean, (1, k); otherwise nothing, (0, k)."""
    if not isinstance(encoding.spec.kind, Numeric) or not isinstance(column, NumberColumn):
        return np.zeros((0, k))
    rows = np.flatnonzero(known_rows(column))
    values, owners = column.values[rows], clusters[rows]
    people = np.bincount(owners, minlength=k)
    means = np.bincount(owners, values, minlength=k) / np.maximum(people, 1)
    return np.where(people > 0, means, values.mean() if len(values) else 0.0)[None, :]


def _phrases(encoding: FieldEncoding) -> tuple[str, ...]:
    if isinstance(encoding.spec.kind, Numeric):
        return (phrase_after_subject(encoding.spec),)
    return tuple(phrase_after_subject(encoding.spec, value) for value in encoding.values)
