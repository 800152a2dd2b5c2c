"""A fit applied to other profiles."""

import numpy as np

from models.scoring.columns import BLOCK_ROWS, FloatArray
from training.clustering.fit import Fit
from training.data.dataset import Dataset


def test_blockwise_scores_equal_those_of_the_pipeline(dataset: Dataset, fitted: Fit) -> None:
    several = dataset.take(np.arange(2 * BLOCK_ROWS + 5) % len(dataset))
    expected: FloatArray = fitted.pipeline[:-1].transform(several)
    actual = fitted.applied_to(several)
    np.testing.assert_allclose(actual.scores, expected, atol=1e-9)
    np.testing.assert_array_equal(actual.clusters, fitted.pipeline["kmeans"].predict(expected))
