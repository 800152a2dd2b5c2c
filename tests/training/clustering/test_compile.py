"""The compiled scorer is the estimators, on every row."""

import dataclasses

import numpy as np
import pytest

from models.scoring.scorer import Scorer
from tests.training.conftest import QUICK
from training.calibration.calibration import calibrate
from training.clustering.compile import TOLERANCE, prove_equal
from training.clustering.fit import Fit, fit
from training.data.dataset import Dataset
from training.errors import NotEquivalent
from training.progress import Silent


def scorer_of(fitted: Fit) -> Scorer:
    return calibrate(fitted, 0).scorer


@pytest.fixture(scope="module")
def scorer(fitted: Fit) -> Scorer:
    return scorer_of(fitted)


def test_scorer_equals_the_estimators_on_every_training_row(dataset: Dataset, fitted: Fit, scorer: Scorer) -> None:
    proof = prove_equal(fitted, scorer)
    assert proof.rows == len(dataset)
    assert proof.largest_gap <= TOLERANCE


def test_single_scores_equal_the_estimators(dataset: Dataset, fitted: Fit, scorer: Scorer) -> None:
    rows = np.arange(0, len(dataset), 7)
    some = dataset.take(rows)
    chances, distances = fitted.assigner.predict_proba(some), fitted.pipeline.transform(some)
    single = [scorer.score(profile) for profile in dataset.profiles(rows)]
    alone = np.array([score.probabilities for score in single], np.float64)
    np.testing.assert_allclose(alone, chances, atol=TOLERANCE)
    assert [score.cluster for score in single] == fitted.assigner.predict(some).tolist()
    np.testing.assert_allclose(scorer.distances(fitted.encoded.take(rows).columns), distances, atol=1e-7)


def test_scorer_with_other_evidence_is_refused(fitted: Fit, scorer: Scorer) -> None:
    prior = scorer.classifier.prior * np.array([1 + 1e-6, 1, 1, 1, 1])
    wrong = dataclasses.replace(scorer, classifier=dataclasses.replace(scorer.classifier, prior=prior))
    with pytest.raises(NotEquivalent, match="differs from the pipeline"):
        prove_equal(fitted, wrong)


def test_scorer_with_another_map_is_refused(fitted: Fit, scorer: Scorer) -> None:
    wrong = dataclasses.replace(scorer, map=dataclasses.replace(scorer.map, base=scorer.map.base + 1e-6))
    with pytest.raises(NotEquivalent, match="differs from the pipeline"):
        prove_equal(fitted, wrong)


def test_clusters_are_ordered_by_size(fitted: Fit) -> None:
    sizes = np.bincount(fitted.clusters)
    assert list(sizes) == sorted(sizes, reverse=True)


def test_fit_with_hardly_more_profiles_than_personas_is_equal(dataset: Dataset) -> None:
    alone = fit(dataset.take(np.arange(40)), QUICK.model_copy(update={"k": 4}), Silent())
    assert prove_equal(alone, scorer_of(alone)).rows == 40
