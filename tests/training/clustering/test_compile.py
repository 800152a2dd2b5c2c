"""The compiled scorer is the pipeline, on every row."""

import dataclasses

import numpy as np
import pytest

from tests.training.conftest import QUICK
from training.clustering.compile import TOLERANCE, compile_scorer, prove_equal
from training.clustering.fit import Fit, fit
from training.data.dataset import Dataset
from training.errors import NotEquivalent
from training.progress import Silent


def test_scorer_equals_the_pipeline_on_every_training_row(dataset: Dataset, fitted: Fit) -> None:
    scorer = compile_scorer(fitted.pipeline)
    proof = prove_equal(fitted, scorer)
    assert proof.rows == len(dataset)
    assert proof.largest_gap <= TOLERANCE


def test_single_scores_equal_the_pipeline(dataset: Dataset, fitted: Fit) -> None:
    scorer = compile_scorer(fitted.pipeline)
    rows = np.arange(0, len(dataset), 7)
    expected = fitted.pipeline.transform(dataset.take(rows))
    single = [scorer.score(profile).distances for profile in dataset.profiles(rows)]
    np.testing.assert_allclose(single, expected, atol=TOLERANCE)


def test_scorer_that_differs_from_the_pipeline_is_refused(fitted: Fit) -> None:
    scorer = compile_scorer(fitted.pipeline)
    wrong = dataclasses.replace(scorer, base=scorer.base + 1e-6)
    with pytest.raises(NotEquivalent, match="differs from the pipeline"):
        prove_equal(fitted, wrong)


def test_clusters_are_ordered_by_size(fitted: Fit) -> None:
    sizes = np.bincount(fitted.clusters)
    assert list(sizes) == sorted(sizes, reverse=True)


def test_profile_at_its_centroid_is_equal(dataset: Dataset) -> None:
    few = dataset.take(np.arange(40))
    alone = fit(few, QUICK.model_copy(update={"k": 30}), Silent())
    scorer = compile_scorer(alone.pipeline)
    assert prove_equal(alone, scorer).rows == 40
