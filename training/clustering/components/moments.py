"""Moments of many vectors, summed block by block, so that only one block is in memory at a time. They suffice for
linear fits.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from sklearn.decomposition import PCA
from sklearn.utils.extmath import svd_flip

from models.scoring.columns import FloatArray


@dataclass(frozen=True)
class Moments:
    """Of vectors x: how many `rows`, `sums` Σ x (width,) and `products` Σ xᵀx (width, width)."""

    rows: int
    sums: FloatArray
    products: FloatArray

    @property
    def mean(self) -> FloatArray:
        """The mean vector, (width,)."""
        mean: FloatArray = self.sums / self.rows
        return mean

    @property
    def covariance(self) -> FloatArray:
        """The covariance with divisor rows − 1, (width, width)."""
        scatter = self.products - self.rows * np.outer(self.mean, self.mean)
        covariance: FloatArray = scatter / (self.rows - 1)
        return covariance

    def without_columns(self, spans: Iterable[slice]) -> "Moments":
        """The moments of the same vectors with zeros in these columns."""
        sums, products = self.sums.copy(), self.products.copy()
        for span in spans:
            sums[span], products[span], products[:, span] = 0.0, 0.0, 0.0
        return Moments(self.rows, sums, products)


def moments_of(blocks: Iterable[FloatArray]) -> Moments:
    """The moments of all rows of the blocks, each (rows, width). There is at least one block."""
    blocks = iter(blocks)
    first = next(blocks)
    rows, sums, products = len(first), first.sum(axis=0), first.T @ first
    for block in blocks:
        rows += len(block)
        sums += block.sum(axis=0)
        products += block.T @ block
    return Moments(rows, sums, products)


def principal_components(moments: Moments, components: int) -> PCA:
    """scikit-learn's PCA with the attributes that `PCA(components, svd_solver="covariance_eigh").fit` would set.

    That solver takes the eigenvectors of the covariance as well (`PCA._fit_full`).
    """
    ascending, vectors = np.linalg.eigh(moments.covariance)
    variances = np.maximum(ascending[::-1], 0.0)
    directions = svd_flip(None, vectors.T[::-1], u_based_decision=False)[1]
    # A column without spread is in no component, not even by a rounding error.
    directions[:, np.diag(moments.covariance) == 0.0] = 0.0
    pca = PCA(components, svd_solver="covariance_eigh")
    pca.n_samples_, pca.n_features_in_ = moments.rows, len(variances)
    pca.mean_, pca.components_, pca.n_components_ = moments.mean, directions[:components].copy(), components
    pca.explained_variance_ = variances[:components]
    pca.explained_variance_ratio_ = variances[:components] / variances.sum()
    pca.singular_values_ = np.sqrt(variances[:components] * (moments.rows - 1))
    pca.noise_variance_ = float(variances[components:].mean()) if len(variances) > components else 0.0
    return pca
