"""Learning the encoder from a data set, and the scikit-learn estimator that holds it in the pipeline.

Weights: numbers and levels become z-scores; a single-choice column is divided by √p, p being the share of its
value (factor analysis of mixed data: Pagès, *Multiple Factor Analysis by Example Using R*, 2015, ch. 3); a tick
becomes a z-score after the division by √(values ticked). Centres and spreads are those of the profiles that
answered.

These weights give every column the same variance, so that a value of one profile in a hundred has as much
influence as one of half of the profiles. Weights are therefore damped by √(p / (p + d)), d being `rare_damping`.
"""

from dataclasses import replace
from typing import Self

import numpy as np
import pandas as pd
from pydantic import BaseModel
from scipy.sparse import csr_matrix
from sklearn.base import BaseEstimator, TransformerMixin

from models.profile import Profile
from models.profile.field_kinds import FieldSpec
from models.scoring.columns import (
    CodeColumn,
    CodeListColumn,
    Column,
    FloatArray,
    IntArray,
    NumberColumn,
    known_rows,
)
from models.scoring.encoder import Encoder, FieldEncoding, raw_numbers, tick_size
from training.config import TrainingConfig
from training.data.dataset import Dataset, from_frame
from training.data.encoded import EncodedDataset, coded_column
from training.errors import UnusableInput

Moments = tuple[FloatArray, FloatArray]


class ProfileEncoder(TransformerMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn is untyped
    """Profiles → vectors of shape (n, width), as a scikit-learn transformer.

    Takes a `Dataset`, or a data frame whose columns are profile fields (lists as Python lists); `transform` takes
    an `EncodedDataset` of its own `encoder_` as well.
    """

    def __init__(
        self,
        profile_class: type[BaseModel] = Profile,
        rare_share: float = 0.01,
        min_value_count: int = 5,
        max_values: int = 2_000,
        rare_damping: float = 0.015,
    ) -> None:
        self.profile_class = profile_class
        self.rare_share = rare_share
        self.min_value_count = min_value_count
        self.max_values = max_values
        self.rare_damping = rare_damping

    @classmethod
    def configured(cls, profile_class: type[BaseModel], config: TrainingConfig) -> Self:
        """The estimator with a run's settings."""
        return cls(
            profile_class, config.rare_share, config.min_value_count, config.max_values, config.rare_damping
        )

    def fit(self, X: Dataset | pd.DataFrame, y: object = None) -> Self:  # noqa: ARG002  # scikit-learn's signature
        """Learn vocabularies, centres and weights into `encoder_`."""
        self.fit_encode(self._dataset(X))
        return self

    def fit_encode(self, dataset: Dataset) -> EncodedDataset:
        """Learn into `encoder_`; returns the profiles in its vocabulary, as they were coded for learning."""
        coded = {spec.name: self._learned(dataset, spec) for spec in dataset.specs}
        self.encoder_ = Encoder(tuple(encoding for encoding, _ in coded.values()))
        return EncodedDataset(dataset, self.encoder_, {name: column for name, (_, column) in coded.items()})

    def transform(self, X: EncodedDataset | Dataset | pd.DataFrame) -> FloatArray:
        """Vectors of shape (n, width); rows do not depend on one another."""
        return self.coded(X).vectors()

    def coded(self, X: EncodedDataset | Dataset | pd.DataFrame) -> EncodedDataset:
        """The same profiles as answers in the codes of `encoder_`."""
        return X if isinstance(X, EncodedDataset) else EncodedDataset.of(self._dataset(X), self.encoder_)

    def get_feature_names_out(self, input_features: object = None) -> list[str]:  # noqa: ARG002
        """One name a column: "field" or "field=value"."""
        return list(self.encoder_.column_names)

    def _dataset(self, X: Dataset | pd.DataFrame) -> Dataset:
        if isinstance(X, Dataset):
            return X
        dataset = from_frame(X, self.profile_class)
        if dataset.refusals.rows:
            raise UnusableInput(f"{dataset.refusals.rows} rows do not fit: {dataset.refusals.sentence()}")
        return dataset

    def _learned(self, dataset: Dataset, spec: FieldSpec) -> tuple[FieldEncoding, Column]:
        """One field's encoding, and its column in that encoding's codes."""
        plain = self._vocabulary(dataset, spec)
        column = coded_column(dataset, spec.name, plain.vocabulary)
        return _standardised(plain, column, self.rare_damping), column

    def _vocabulary(self, dataset: Dataset, spec: FieldSpec) -> FieldEncoding:
        """The field's known values and their columns, with centre 0 and weight 1."""
        column = dataset.columns[spec.name]
        if isinstance(column, NumberColumn):
            return FieldEncoding(
                spec=spec,
                values=spec.levels,
                column_of=np.zeros(0, np.int64),
                centre=np.zeros(1),
                weight=np.ones(1),
            )
        values = dataset.vocabularies[spec.name].values
        counts = _counts(column, len(values))
        codes = [c for c in np.argsort(-counts, kind="stable") if counts[c] >= self.min_value_count]
        codes = codes[: self.max_values]
        column_of = _share_rare(counts[codes], self.rare_share * _answers(column))
        width = int(column_of.max()) + 1 if codes else 0
        chosen = tuple(values[code] for code in codes)
        return FieldEncoding(
            spec=spec, values=chosen, column_of=column_of, centre=np.zeros(width), weight=np.ones(width)
        )


def _counts(column: CodeColumn | CodeListColumn, size: int) -> IntArray:
    """How many profiles hold each value, shape (size,)."""
    return np.bincount(column.codes[column.codes >= 0], minlength=size)


def _answers(column: Column) -> int:
    """How many profiles answered."""
    return int(np.count_nonzero(known_rows(column)))


def _share_rare(counts: IntArray, least: float) -> IntArray:
    """The column of each value, by falling counts: one for each common value, the last for all rare ones."""
    common = int(np.count_nonzero(counts >= least))
    return np.minimum(np.arange(len(counts)), common)


def _standardised(encoding: FieldEncoding, column: Column, damping: float) -> FieldEncoding:
    """The same field with the centre and weight of this column's answers."""
    centre, weight = _moments(encoding, column)
    if not isinstance(column, NumberColumn):
        shares = _holders(encoding, column) / max(_answers(column), 1)
        weight = weight * np.sqrt(shares / np.maximum(shares + damping, 1e-12))
    return replace(encoding, centre=centre, weight=weight)


def _holders(encoding: FieldEncoding, column: CodeColumn | CodeListColumn) -> IntArray:
    """How many profiles hold a value of each column, shape (width,)."""
    if isinstance(column, CodeColumn):
        return np.bincount(encoding.column_of[column.codes[column.codes >= 0]], minlength=encoding.width)
    columns = encoding.column_of[column.codes]
    # Several rare values of one profile share a column and count once. Codes ascend, and so do columns.
    first = np.diff(column.rows * encoding.width + columns, prepend=-1) > 0
    return np.bincount(columns[first], minlength=encoding.width)


def _moments(encoding: FieldEncoding, column: Column) -> Moments:
    answers = max(_answers(column), 1)
    if isinstance(column, NumberColumn):
        return _number_moments(raw_numbers(encoding.spec, column))
    if isinstance(column, CodeColumn):
        share = _holders(encoding, column) / answers
        return share, np.where(share < 1.0, _inverse(np.sqrt(share)), 0.0)
    return _tick_moments(encoding, column, answers)


def _number_moments(x: FloatArray) -> Moments:
    x = x[~np.isnan(x)]
    mean, spread = (x.mean(), x.std()) if len(x) else (0.0, 0.0)
    # Numbers that differ only in their last digits would lose these in the scorer's sum.
    some = spread > 1e-6 * np.abs(x).max(initial=0.0)
    return np.array([mean]), _inverse(np.array([spread if some else 0.0]))


def _tick_moments(encoding: FieldEncoding, column: CodeListColumn, answers: int) -> Moments:
    shape = (len(column), encoding.width)
    ticks = csr_matrix((tick_size(column), encoding.column_of[column.codes], column.offsets), shape=shape)
    ticks.sum_duplicates()
    mean = np.asarray(ticks.sum(axis=0)).ravel() / answers
    square = np.asarray(ticks.multiply(ticks).sum(axis=0)).ravel() / answers
    variance = square - mean**2
    # Where all lists are equal the difference is a rounding error.
    return mean, _inverse(np.sqrt(np.where(variance > 1e-9 * square, variance, 0.0)))


def _inverse(spread: FloatArray) -> FloatArray:
    """1 / spread; 0 where the spread is practically 0."""
    some = spread > 1e-9
    return np.where(some, 1.0 / np.where(some, spread, 1.0), 0.0)
