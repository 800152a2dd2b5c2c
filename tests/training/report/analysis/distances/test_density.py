"""DBSCAN and HDBSCAN say plainly what they see."""

import numpy as np
import pytest

from tests.training.report.conftest import blobs
from training.report.analysis.distances.density import density, k_distances, knee


def test_separate_groups_are_found_by_both_methods() -> None:
    seen = density(*blobs(3))
    assert seen is not None
    assert [finding.clusters for finding in seen.findings] == [3, 3]
    assert all((finding.agreement or 0) > 0.95 for finding in seen.findings)
    assert seen.findings[0].sentence.startswith("DBSCAN sees 3 groups")
    assert seen.sentence.startswith("Both methods see groups")


def test_one_cloud_is_reported_as_one_cloud() -> None:
    scores = np.random.default_rng(0).normal(size=(800, 6))
    seen = density(scores, (scores[:, 0] > 0).astype(np.int64))
    assert seen is not None
    assert seen.findings[0].sentence.startswith("DBSCAN sees one cloud: ")
    assert seen.findings[0].clusters == 1
    assert "nothing but noise" in seen.findings[1].sentence
    assert seen.findings[1].agreement is None
    assert seen.sentence.startswith("Neither method sees groups")


def test_tiny_clusters_count_as_noise() -> None:
    cloud, speck = blobs(1)[0], np.full((8, 2), 30.0) + np.arange(16).reshape(8, 2) / 100
    seen = density(np.vstack([cloud, speck]), np.zeros(608, np.int64))
    assert seen is not None
    assert seen.findings[0].clusters == 1
    assert seen.findings[0].noise_share >= 8 / 608


def test_radius_is_at_the_knee() -> None:
    curve = np.concatenate([np.linspace(1, 2, 90), np.linspace(2, 20, 10)])
    assert knee(curve) == pytest.approx(2.0)
    assert knee(np.full(9, 3.0)) == 3.0


def test_k_distances_ascend_and_include_the_row_itself() -> None:
    line = np.array([[0.0], [1.0], [3.0]])
    assert k_distances(line, 1).tolist() == [0.0, 0.0, 0.0]
    assert k_distances(line, 2).tolist() == [1.0, 1.0, 2.0]


def test_equal_profiles_have_a_density() -> None:
    seen = density(np.repeat([[0.0, 0.0], [5.0, 5.0]], 40, axis=0), np.repeat([0, 1], 40))
    assert seen is not None
    assert seen.findings[0].clusters == 2


def test_too_few_rows_have_no_density() -> None:
    assert density(np.zeros((29, 2)), np.zeros(29, np.int64)) is None
