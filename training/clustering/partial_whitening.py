"""A step of the pipelines of formats 1 and 2, so that their `pipeline.joblib` can still be loaded.

Nothing fits it any more (docs/decisions/0027); remove it with format 2.
"""

from sklearn.base import BaseEstimator, TransformerMixin

from models.scoring.columns import FloatArray


class PartialWhitener(TransformerMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn is untyped
    """PCA scores (n, r) → scores whose variances differ less: each divided by its eigenvalue to a power."""

    scale_: FloatArray

    def __init__(self, evenness: float = 0.375) -> None:
        self.evenness = evenness

    def transform(self, X: FloatArray) -> FloatArray:
        """The scores, each times the factor of its component."""
        scaled: FloatArray = X * self.scale_
        return scaled
