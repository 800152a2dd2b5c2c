"""What a linear fit needs to know of many vectors: sums that add up block by block, so that no more than one block
of them is ever held.
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


def moments_of(blocks: Iterable[FloatArray]) -> Moments:
    """The moments of all rows of the blocks, each (rows, width). There is at least one block."""
    parts = iter(blocks)
    first = next(parts)
    rows, sums, products = len(first), first.sum(axis=0), first.T @ first
    for part in parts:
        rows += len(part)
        sums += part.sum(axis=0)
        products += part.T @ part
    return Moments(rows, sums, products)


def principal_components(moments: Moments, kept: int) -> PCA:
    """scikit-learn's PCA as `PCA(kept, svd_solver="covariance_eigh").fit` would leave it on the vectors.

    That solver, too, takes the eigenvectors of the covariance (`PCA._fit_full`).
    """
    ascending, vectors = np.linalg.eigh(moments.covariance)
    variances = np.maximum(ascending[::-1], 0.0)
    directions = svd_flip(None, vectors.T[::-1], u_based_decision=False)[1]
    pca = PCA(kept, svd_solver="covariance_eigh")
    pca.n_samples_, pca.n_features_in_ = moments.rows, len(variances)
    pca.mean_, pca.components_, pca.n_components_ = moments.mean, directions[:kept].copy(), kept
    pca.explained_variance_ = variances[:kept]
    pca.explained_variance_ratio_ = variances[:kept] / variances.sum()
    pca.singular_values_ = np.sqrt(variances[:kept] * (moments.rows - 1))
    pca.noise_variance_ = float(variances[kept:].mean()) if len(variances) > kept else 0.0
    return pca
