"""K-Means from fresh and from familiar starts."""

import numpy as np

from training.clustering.kmeans import fit_kmeans
from training.config import TrainingConfig


def test_familiar_centroids_win_where_fresh_starts_are_no_better() -> None:
    """On a ring every rotation of four centroids is as good; only the familiar one stays."""
    angles = np.linspace(0, 2 * np.pi, 400, endpoint=False)
    ring = np.column_stack([np.cos(angles), np.sin(angles)])
    corners = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]])
    config = TrainingConfig(k=4, seed=3)
    centroids = fit_kmeans(ring, 4, config, corners).cluster_centers_
    gaps = np.linalg.norm(centroids[:, None] - 0.9 * corners, axis=2).min(axis=1)
    assert gaps.max() < 0.05


def test_fresh_start_wins_where_it_is_clearly_better() -> None:
    rng = np.random.default_rng(0)
    groups = np.concatenate([rng.normal(centre, 0.1, (50, 2)) for centre in ([0, 0], [10, 0], [0, 10])])
    poor = np.array([[0.0, 0.1], [0.0, -0.1], [5.0, 5.0]])
    kmeans = fit_kmeans(groups, 3, TrainingConfig(k=3), poor)
    assert sorted(np.bincount(kmeans.labels_)) == [50, 50, 50]
