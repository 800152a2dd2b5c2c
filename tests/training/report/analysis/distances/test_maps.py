"""Maps show the sample, and the same one every time."""

import numpy as np
import pytest
from sklearn.metrics import silhouette_score

from tests.training.report.conftest import blobs
from training.report.analysis.distances.maps import maps, silhouettes
from training.report.document import Report


def test_both_maps_hold_the_same_profiles_and_clusters(report: Report) -> None:
    pca, tsne = report.maps
    assert (pca.method, tsne.method) == ("pca", "tsne")
    assert len(pca.points) == len(tsne.points) == 300
    assert [point.cluster for point in pca.points] == [point.cluster for point in tsne.points]
    assert len(pca.centroids) == 5
    assert tsne.centroids == ()
    assert pca.axes[0].startswith("Component 1 (")


def test_tsne_preserves_neighbours_and_repeats_itself() -> None:
    groups = np.repeat(np.arange(3), 40)
    scores = 20 * np.eye(4)[groups] + np.random.default_rng(0).normal(size=(120, 4))
    shares = np.full(4, 0.25)
    first, again = (maps(scores, groups, np.zeros((3, 4)), shares, seed=1)[1] for _ in range(2))
    band_of = np.array([[point.x, point.y] for point in first.points])
    assert silhouette_score(band_of, groups) > 0.5
    assert first == again


def test_map_of_one_component_is_a_line() -> None:
    (drawn,) = maps(np.arange(60.0)[:, None], np.zeros(60, np.int64), np.zeros((1, 1)), np.ones(1), seed=0)
    assert {point.y for point in drawn.points} == {0.0}
    assert drawn.axes[1] == ""


def test_silhouettes_descend_within_each_persona() -> None:
    scores, groups = blobs(3)
    widths = silhouettes(scores, groups, 3)
    assert np.concatenate(widths).mean() == pytest.approx(silhouette_score(scores, groups), abs=1e-4)
    assert all((np.diff(values) <= 0).all() for values in widths)


def test_one_persona_has_no_silhouettes() -> None:
    assert [len(values) for values in silhouettes(np.zeros((5, 2)), np.zeros(5, np.int64), 1)] == [0]
