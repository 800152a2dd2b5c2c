"""A fit applied to other profiles."""

import numpy as np

from models.scoring.columns import BLOCK_ROWS, FloatArray
from tests.training.conftest import QUICK
from training.clustering.fit import Fit, segmented_anew
from training.data.dataset import Dataset


def test_blockwise_scores_equal_those_of_the_pipeline(dataset: Dataset, fitted: Fit) -> None:
    several = dataset.take(np.arange(2 * BLOCK_ROWS + 5) % len(dataset))
    expected: FloatArray = fitted.pipeline[:-1].transform(several)
    actual = fitted.applied_to(several)
    np.testing.assert_allclose(actual.scores, expected, atol=1e-9)
    np.testing.assert_array_equal(actual.labels, fitted.pipeline["kmeans"].predict(expected))
    np.testing.assert_array_equal(actual.clusters, fitted.assigner.predict(several))


def test_another_number_of_clusters_keeps_the_steps_before_them(fitted: Fit) -> None:
    three = segmented_anew(fitted, 3, QUICK)
    assert (three.k, len(np.unique(three.clusters))) == (3, 3)
    assert three.scores is fitted.scores
    np.testing.assert_array_equal(three.clusters, three.assigner.predict(fitted.encoded.dataset))
