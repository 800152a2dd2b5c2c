"""Removing the list length from the encoded lists.

Division by √(values ticked) gives every list the same norm, but the root of the number of ticks is still the sum
of a list's columns, so that profiles with many ticks lie on one side. Each column of a list is therefore replaced
by its residual after linear regression on that root. The root is linear in the encoded columns (√ticks = Σ x), so
that this is a linear map of the vector, which folds into the compiled tables.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin

from models.profile.field_kinds import MultiLabel
from models.scoring.columns import FloatArray
from models.scoring.encoder import Encoder
from training.clustering.components.moments import Moments, moments_of


@dataclass(frozen=True)
class Residual:
    """The regression of one list's columns. `readout` (width,): gives √ticks less its mean; `slopes` (width,): on
    it.
    """

    span: slice
    readout: FloatArray
    slopes: FloatArray


class ListLengthRemover(TransformerMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn is untyped
    """Encoded vectors (n, width) → vectors without the list lengths, as a scikit-learn transformer.

    `encoder`: the fitted encoder that gave the vectors. `remove=False` leaves them unchanged.
    """

    def __init__(self, encoder: Encoder, remove: bool = True) -> None:
        self.encoder = encoder
        self.remove = remove

    def fit(self, X: FloatArray, y: object = None) -> Self:  # noqa: ARG002  # scikit-learn's signature
        """Learn the slopes of each list's columns into `residuals_`."""
        return self.fit_moments(moments_of([X]))

    def fit_moments(self, moments: Moments) -> Self:
        """Learn the same from the moments of the vectors, which suffice."""
        lists = [field for field in self.encoder.fields if isinstance(field.spec.kind, MultiLabel) and field.width]
        self.residuals_ = [
            _residual(moments, self.encoder.spans[field.name], field.weight) for field in lists if self.remove
        ]
        return self

    def transform(self, X: FloatArray) -> FloatArray:
        """A copy of the vectors without the list lengths; rows do not depend on one another."""
        removed = X.copy()
        for residual in self.residuals_:
            block = removed[:, residual.span]
            block -= np.outer(block @ residual.readout, residual.slopes)
        return removed

    def transform_moments(self, moments: Moments) -> Moments:
        """The moments of the transformed vectors."""
        # Linear in the vectors: M maps a row x to x M, and so Σ xᵀx to Mᵀ (Σ xᵀx) M.
        half = self.transform(moments.products)
        return Moments(moments.rows, self.transform(moments.sums[None, :])[0], self.transform(half.T))

    def pull_back(self, components: FloatArray) -> FloatArray:
        """Components (r, width) of the transformed vectors, as components of the original vectors."""
        pulled = components.copy()
        for residual in self.residuals_:
            block = pulled[:, residual.span]
            block -= np.outer(block @ residual.slopes, residual.readout)
        return pulled


def _residual(moments: Moments, span: slice, weight: FloatArray) -> Residual:
    # Rows without an answer are 0 and add to neither sum.
    readout = np.divide(1.0, weight, where=weight > 0, out=np.zeros_like(weight))
    products = moments.products[span, span]
    square, whole = float(readout @ products @ readout), float(np.trace(products))
    slopes = readout @ products / square if square > 1e-9 * moments.rows else np.zeros_like(weight)
    # A list that holds nothing but its length is unchanged: its residual would be a rounding error.
    left = whole - float(slopes @ slopes) * square
    return Residual(span, readout, slopes if left > 1e-9 * whole else np.zeros_like(weight))
