"""Partial whitening: components scaled part of the way to equal variance.

A strong dependence between just two fields (age and being retired) makes a component with a larger variance than a
weak difference across all fields, and K-Means follows variance. Each score is divided by its component's
eigenvalue to the power `evenness`: 0 leaves PCA's scores, 1/2 whitens them, which also amplifies noise. 3/8 leaves
the quarter power of the singular values, the exponent P = 0.25 that Caron proposed and that Bullinaria and Levy
(Behavior Research Methods 44, 2012) found best for reduced word vectors; for its effect here see
docs/decisions/0009.
"""

from typing import Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin

from models.scoring.columns import FloatArray


class PartialWhitener(TransformerMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn is untyped
    """PCA scores (n, r) → scores whose variances differ less, as a scikit-learn transformer."""

    def __init__(self, evenness: float = 0.375) -> None:
        self.evenness = evenness

    def fit(self, X: FloatArray, y: object = None) -> Self:  # noqa: ARG002  # scikit-learn's signature
        """Learn the factor of each component into `scale_` (r,)."""
        variance = X.var(axis=0)
        some = variance > 0
        self.scale_ = np.where(some, np.where(some, variance, 1.0) ** -self.evenness, 1.0)
        return self

    def transform(self, X: FloatArray) -> FloatArray:
        """The scores, each times the factor of its component."""
        scaled: FloatArray = X * self.scale_
        return scaled
