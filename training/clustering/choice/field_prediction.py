"""How well personas predict the answers of people that they were not made from, for each number of personas.

A persona is worth something if it says how its people answer. K-Means is fitted on one half of the profiles, and
for each of the others every field is predicted from the remaining fields: by naive Bayes they say how likely each
persona is, and the personas' answers, weighted by that, are the prediction. The gain is the log-probability of the
answer under it less that under everyone's shares, in nats, averaged over the values of a list, summed over the
fields of a profile and averaged over profiles (a proper score; Gneiting and Raftery, J. Am. Statist. Assoc. 102,
2007). It rises while more personas say more, and falls when they are about people of the first half alone. Unlike
the gap statistic it gains nothing by cutting along a field that goes with no other.

All answers are counted alike: a number is the fifth of everyone that it lies in, and of a list the score asks
which values it holds, given how many, so that the number of ticks alone predicts nothing.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.sparse import csr_matrix

from models.scoring.columns import CodeColumn, Column, FloatArray, IntArray, NumberColumn
from models.scoring.encoder import FieldEncoding
from models.scoring.evidence import softmax
from training.clustering.kmeans import random_kmeans
from training.data.encoded import EncodedDataset

_BINS: Final = 5
# Answers of everyone that are added to each persona's.
_PRIOR_ANSWERS: Final = 5.0
_STARTS: Final = 3
# Halvings of few profiles are repeated, until so many have been predicted.
_PREDICTED: Final = 5_000
_MOST_HALVINGS: Final = 10


@dataclass(frozen=True, kw_only=True)
class FieldGains:
    """The gain of every profile for K numbers of personas: `ks` (K,), `profiles` (K, n), in nats."""

    ks: tuple[int, ...]
    profiles: FloatArray

    @property
    def means(self) -> FloatArray:
        """The mean gains, (K,)."""
        return np.asarray(self.profiles.mean(axis=1), np.float64)

    @property
    def errors(self) -> FloatArray:
        """The standard errors of the mean gains, (K,)."""
        return np.asarray(self.profiles.std(axis=1) / np.sqrt(self.profiles.shape[1]), np.float64)

    def best(self, among: Collection[int]) -> int:
        """The smallest of these numbers whose gain is within two standard errors of the largest among them.

        The standard errors are those of the differences, over the same profiles.
        """
        numbers = [number for number, k in enumerate(self.ks) if k in among]
        largest = max(numbers, key=lambda number: self.profiles[number].mean())
        behind = self.profiles[largest] - self.profiles[numbers]
        errors = behind.std(axis=1) / np.sqrt(behind.shape[1])
        return self.ks[numbers[int(np.argmax(behind.mean(axis=1) <= 2 * errors))]]


def field_gains(
    scores: FloatArray, encoded: EncodedDataset, ks: Sequence[int], rng: np.random.Generator
) -> FieldGains | None:
    """The gains for each of `ks`, from PCA scores (n, r) and the answers of the same profiles.

    None where there is nothing to predict by: fewer than two fields, or too few profiles to halve.
    """
    fields = _answers(encoded)
    if len(fields) < 2 or len(scores) < 4 * max(ks):
        return None
    halvings = min(_MOST_HALVINGS, max(1, _PREDICTED // len(scores)))
    gains = np.zeros((len(ks), len(scores)))
    for _ in range(halvings):
        order = rng.permutation(len(scores))
        halves = order[::2], order[1::2]
        for learned, predicted in (halves, halves[::-1]):
            for number, k in enumerate(ks):
                gains[number, predicted] += _gain(scores, fields, k, learned, predicted, rng) / halvings
    return FieldGains(ks=tuple(ks), profiles=gains)


def _gain(
    scores: FloatArray,
    fields: Sequence[csr_matrix],
    k: int,
    learned: IntArray,
    predicted: IntArray,
    rng: np.random.Generator,
) -> FloatArray:
    """The gain of each predicted profile, (rows,)."""
    if k == 1:
        return np.zeros(len(predicted))
    labels = random_kmeans(scores[learned], k, _STARTS, rng).labels_
    members = np.eye(k)[labels]
    ratios = [_log_ratios(answers[learned], members) for answers in fields]
    given = [answers[predicted] for answers in fields]
    evidence = [np.asarray(answers @ ratio) for answers, ratio in zip(given, ratios, strict=True)]
    everything = np.sum(evidence, axis=0) + np.log((members.sum(axis=0) + 1) / (len(learned) + k))
    gain = np.zeros(len(predicted))
    for answers, ratio, own in zip(given, ratios, evidence, strict=True):
        gain += _field_gain(answers, ratio, everything - own)
    return gain


def _log_ratios(answers: csr_matrix, members: FloatArray) -> FloatArray:
    """log p(value | persona) − log p(value), (values, k), shrunk toward everyone's shares."""
    held = np.asarray(answers.T @ members)
    everyone = held.sum(axis=1, keepdims=True) + 0.5
    everyone /= everyone.sum()
    shares = (held + _PRIOR_ANSWERS * everyone) / (held.sum(axis=0) + _PRIOR_ANSWERS)
    ratios: FloatArray = np.log(shares / everyone)
    return ratios


def _field_gain(answers: csr_matrix, ratios: FloatArray, others: FloatArray) -> FloatArray:
    """The gain in one field, (rows,), from the log evidence of the others (rows, k); 0 where it has no answer."""
    posterior = softmax(others)
    rows = np.repeat(np.arange(answers.shape[0]), np.diff(answers.indptr))
    predicted = np.einsum("ik,ik->i", posterior[rows], np.exp(ratios)[answers.indices])
    ticks = np.bincount(rows, minlength=answers.shape[0])
    gain: FloatArray = np.bincount(rows, np.log(predicted), minlength=answers.shape[0]) / np.maximum(ticks, 1)
    return gain


def _answers(encoded: EncodedDataset) -> list[csr_matrix]:
    """For each field that varies, which values each profile holds, (n, values)."""
    fields = []
    for encoding in encoded.encoder.fields:
        rows, values = _held(encoding, encoded.columns[encoding.name])
        if len(values) and values.min() < values.max():
            shape = (len(encoded), int(values.max()) + 1)
            held = csr_matrix((np.ones(len(rows)), (rows, values)), shape=shape)
            # Several rare values of one profile share a column and count once.
            held.data[:] = 1.0
            fields.append(held)
    return fields


def _held(encoding: FieldEncoding, column: Column) -> tuple[IntArray, IntArray]:
    """The row and the value of each answer."""
    if isinstance(column, NumberColumn):
        rows = np.flatnonzero(~np.isnan(column.values))
        x = column.values[rows]
        edges = np.unique(np.quantile(x, np.arange(1, _BINS) / _BINS)) if len(x) else x
        return rows, np.searchsorted(edges, x, side="right")
    if isinstance(column, CodeColumn):
        rows = np.flatnonzero(column.codes >= 0)
        return rows, encoding.column_of[column.codes[rows]]
    return column.rows, encoding.column_of[column.codes]
