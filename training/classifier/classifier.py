"""The classifier as a scikit-learn estimator: naive Bayes over the fields of profiles, with one exponent."""

from collections.abc import Sequence
from typing import Final, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin

from models.scoring.columns import Columns, FloatArray, IntArray, known_rows
from models.scoring.encoder import Encoder
from models.scoring.evidence import Evidence, evidence_of_column, softmax
from training.classifier.exponent import ROWS, HeldOutEvidence, choose_exponent
from training.classifier.field_evidence import FieldCounts, count_field, evidence, tempered
from training.data.encoded import EncodedDataset

FOLDS: Final = 5


class AnswerCoder(TransformerMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn is untyped
    """Profiles (a `Dataset`, or a data frame of profile fields) → answers in the codes of a fitted encoder."""

    def __init__(self, encode: TransformerMixin) -> None:
        self.encode = encode

    def fit(self, X: object, y: object = None) -> Self:  # noqa: ARG002  # scikit-learn's signature
        """Nothing is learned: `encode` is fitted."""
        return self

    def transform(self, X: object) -> EncodedDataset:
        """The answers of every profile."""
        coded: EncodedDataset = self.encode.coded(X)
        return coded

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self.encode, "encoder_")


class PersonaClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn is untyped
    """Naive Bayes over the fields of profiles, with one exponent for all evidence.

    `exponent`: None to choose it on held-out people (`training.classifier.exponent`). `length_counts`: whether the
    number of ticks in a list is evidence. Learns `prior_` (k,), `evidence_` (one a field, with the exponent),
    `exponent_`, `gains_` (by exponent) and `classes_`.
    """

    def __init__(self, exponent: float | None = None, seed: int = 0, length_counts: bool = False) -> None:
        self.exponent = exponent
        self.seed = seed
        self.length_counts = length_counts

    def fit(self, X: EncodedDataset, y: IntArray) -> Self:
        """Learn from answers in an encoder's codes, and the cluster of each profile, (n,), from 0."""
        k = int(y.max(initial=0)) + 1
        self.classes_ = np.arange(k)
        self.prior_ = (np.bincount(y, minlength=k) + 1.0) / (len(y) + k)
        counts = [count_field(field, X.columns[field.name], y, k) for field in X.encoder.fields]
        self.gains_: dict[float, float] = {}
        self.exponent_ = self.exponent or self._best_exponent(X, y, counts)
        self.evidence_ = [
            tempered(evidence(field, own, length_counts=self.length_counts), self.exponent_)
            for field, own in zip(X.encoder.fields, counts, strict=True)
        ]
        return self

    def reorder(self, order: IntArray) -> None:
        """Number the clusters anew: `order` (k,) has the old numbers."""
        columns = np.append(order, len(order))
        self.prior_ = self.prior_[order]
        self.evidence_ = [
            Evidence(field.constant[columns], field.rows[:, columns], field.limits) for field in self.evidence_
        ]

    def _best_exponent(self, X: EncodedDataset, y: IntArray, counts: Sequence[FieldCounts]) -> float:
        rows = np.sort(np.random.default_rng(self.seed).permutation(len(y))[:ROWS])
        sample = X.take(rows)
        choice = choose_exponent(sample, self.prior_, self.held_out_evidence(sample, y[rows], counts))
        self.gains_ = choice.gains
        return choice.exponent

    def held_out_evidence(
        self, sample: EncodedDataset, clusters: IntArray, counts: Sequence[FieldCounts]
    ) -> HeldOutEvidence:
        """The evidence of a sample's answers by counts without them: `counts` are of the whole, sample included.

        The evidence of each fifth of the sample comes from the counts without it.
        """
        k, fields = len(counts[0].answered), sample.encoder.fields
        total = np.zeros((len(clusters), len(fields), k))
        folds = np.arange(len(clusters)) % FOLDS
        for fold in range(FOLDS):
            rows = np.flatnonzero(folds == fold)
            own = sample.take(rows)
            for index, (encoding, whole) in enumerate(zip(fields, counts, strict=True)):
                column = own.columns[encoding.name]
                others = whole - count_field(encoding, column, clusters[rows], k)
                ratios = evidence(encoding, others, length_counts=self.length_counts)
                total[rows, index] = evidence_of_column(ratios, encoding, column)[:, :-1]
        return HeldOutEvidence(total, answered_fields(sample))

    def decision_function(self, X: EncodedDataset) -> FloatArray:
        """The unnormalised log odds of each persona, (n, k)."""
        return np.log(self.prior_) + evidence_sums(X.encoder, self.evidence_, X.columns)[:, :-1]

    def predict_proba(self, X: EncodedDataset) -> FloatArray:
        """The probability of each persona, (n, k)."""
        return softmax(self.decision_function(X))

    def predict(self, X: EncodedDataset) -> IntArray:
        """The most probable persona, (n,)."""
        most: IntArray = self.decision_function(X).argmax(axis=1)
        return most


def evidence_sums(encoder: Encoder, fields: Sequence[Evidence], columns: Columns) -> FloatArray:
    """The evidence of all answers, (n, k + 1): `models.scoring.evidence` as it stands."""
    sums = [
        evidence_of_column(field, encoding, columns[encoding.name])
        for encoding, field in zip(encoder.fields, fields, strict=True)
    ]
    total: FloatArray = np.sum(sums, axis=0)
    return total


def answered_fields(sample: EncodedDataset) -> FloatArray:
    """1 where a profile has a known answer to a field, otherwise 0: (n, fields)."""
    flags = [known_rows(sample.columns[field.name]) for field in sample.encoder.fields]
    return np.column_stack(flags).astype(np.float64)
