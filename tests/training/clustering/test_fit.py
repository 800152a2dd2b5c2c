"""A fit applied to other profiles."""

import numpy as np

from benchmarks.recovery.draws import permuted
from models.scoring.columns import BLOCK_ROWS, FloatArray
from tests.training.clustering.plane import Plane, five_groups
from tests.training.conftest import QUICK
from training.clustering.fit import Fit, fit, segmented_anew
from training.config import TrainingConfig
from training.data.dataset import Dataset, from_frame
from training.progress import Silent


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


def test_groups_without_correlation_are_found_and_a_field_of_no_use_shapes_none() -> None:
    dataset = from_frame(five_groups(240, spread=5.0), Plane)
    fitted = fit(dataset, TrainingConfig(), Silent())
    assert fitted.k == 5
    assert fitted.components.independent == ("gender",)
    assert fitted.choice.sentence.endswith("Gender depends on no other field and is left out.")
    gender = fitted.encoder.spans["gender"]
    assert not fitted.pipeline["pca"].components_[:, gender].any()


def test_shuffled_fields_make_one_segment_with_the_p_value() -> None:
    frame = permuted(five_groups(240), seed=0)
    fitted = fit(from_frame(frame, Plane), TrainingConfig(), Silent())
    assert fitted.k == 1
    assert fitted.choice.sentence.startswith("No dependence between the fields was found (permutation p = 0.")
