"""The criteria know groups from a cloud, and cost no error where they do not exist."""

from dataclasses import dataclass

import numpy as np
import pytest

from models.scoring.columns import FloatArray
from tests.training.report.conftest import blobs
from training.report.analysis.distances.criteria import criteria, prediction_strength
from training.report.document import Candidate
from training.report.settings import AnalysisConfig

SETTINGS = AnalysisConfig(splits=3)


@dataclass(frozen=True)
class GapPoint:
    k: int
    inertia: float = 10.0
    gap: float = 1.0
    gap_error: float = 0.1
    field_gain: float | None = None
    field_gain_error: float | None = None


def candidate(scores: FloatArray, k: int, settings: AnalysisConfig = SETTINGS) -> Candidate:
    return criteria(scores, [GapPoint(k)], settings, np.random.default_rng(0))[0]


def test_separate_groups_are_compact_and_predictable() -> None:
    result = candidate(blobs(4)[0], 4)
    assert result.silhouette is not None
    assert result.silhouette > 0.7
    assert result.prediction_strength is not None
    assert result.prediction_strength > 0.95


def test_pieces_of_one_cloud_are_not_predictable() -> None:
    result = candidate(blobs(1)[0], 6)
    assert result.prediction_strength is not None
    assert result.prediction_strength < 0.8


def test_cluster_too_many_is_less_compact_and_predictable() -> None:
    scores = blobs(3)[0]
    right, wrong = candidate(scores, 3), candidate(scores, 4)
    assert (wrong.prediction_strength or 0) < (right.prediction_strength or 0) - 0.2
    assert (wrong.calinski_harabasz or 0) < (right.calinski_harabasz or 0)
    assert (wrong.davies_bouldin or 0) > (right.davies_bouldin or 0)


def test_criteria_use_the_fitted_clusters_at_their_k() -> None:
    scores, groups = blobs(3)
    wrong = np.random.default_rng(0).integers(3, size=len(groups))
    result = criteria(scores, [GapPoint(2), GapPoint(3)], SETTINGS, np.random.default_rng(0), wrong)
    assert (result[0].silhouette or 0) > 0.3
    assert (result[1].silhouette or 0) < 0.05


def test_one_cluster_has_no_silhouette() -> None:
    result = candidate(blobs(2)[0], 1)
    assert (result.silhouette, result.calinski_harabasz, result.davies_bouldin) == (None,) * 3
    assert result.prediction_strength == 1.0


def test_gap_is_copied_from_the_choice_of_k() -> None:
    result = candidate(blobs(2)[0], 2)
    assert (result.inertia, result.gap, result.gap_error) == (10.0, 1.0, 0.1)


def test_criteria_that_are_switched_off_are_none() -> None:
    result = candidate(blobs(2)[0], 2, AnalysisConfig(splits=0))
    assert result.prediction_strength is None
    assert result.silhouette is not None


@pytest.mark.parametrize("rows", [3, 6, 10])
def test_few_rows_and_equal_rows_have_criteria(rows: int) -> None:
    scores = np.repeat([[0.0, 0.0], [1.0, 1.0]], rows, axis=0)[:rows]
    result = criteria(scores, [GapPoint(k) for k in (1, 2, 3)], SETTINGS, np.random.default_rng(0))
    assert [point.k for point in result] == [1, 2, 3]


def test_halves_smaller_than_k_have_no_prediction_strength() -> None:
    assert prediction_strength(np.zeros((5, 2)), 3, SETTINGS, np.random.default_rng(0)) is None


def test_same_seed_gives_the_same_criteria() -> None:
    scores = blobs(3, apart=2.0)[0]
    assert candidate(scores, 4) == candidate(scores, 4)
