"""Sums over blocks say of many vectors what the vectors say themselves."""

import numpy as np
import pytest
from sklearn.decomposition import PCA

from training.clustering.components.moments import Moments, moments_of, principal_components
from training.clustering.encoding import ProfileEncoder
from training.clustering.list_length import ListLengthRemover
from training.data.dataset import Dataset

VECTORS = np.random.default_rng(3).normal(size=(500, 9)) @ np.diag(np.arange(1.0, 10.0)) + 4.0


def test_moments_of_blocks_are_those_of_all_rows() -> None:
    moments = moments_of(np.array_split(VECTORS, 7))
    assert moments.rows == 500
    np.testing.assert_allclose(moments.mean, VECTORS.mean(axis=0))
    np.testing.assert_allclose(moments.covariance, np.cov(VECTORS, rowvar=False))


@pytest.mark.parametrize("components", [1, 4, 9])
def test_principal_components_equal_those_of_scikit_learn(components: int) -> None:
    ours = principal_components(moments_of([VECTORS]), components)
    theirs = PCA(components, svd_solver="covariance_eigh").fit(VECTORS)
    learned = {name for name in vars(theirs) if name.endswith("_")}
    for name in learned:
        np.testing.assert_allclose(getattr(ours, name), getattr(theirs, name), err_msg=name)
    np.testing.assert_allclose(ours.transform(VECTORS), theirs.transform(VECTORS))


def test_list_length_is_removed_from_moments_as_from_vectors(dataset: Dataset) -> None:
    encode = ProfileEncoder().fit(dataset)
    vectors = encode.transform(dataset)
    remover = ListLengthRemover(encode.encoder_).fit(vectors)
    expected, actual = (moments_of([remover.transform(vectors)]), remover.transform_moments(moments_of([vectors])))
    _assert_close(actual, expected)


def _assert_close(actual: Moments, expected: Moments) -> None:
    assert actual.rows == expected.rows
    np.testing.assert_allclose(actual.sums, expected.sums, atol=1e-7)
    np.testing.assert_allclose(actual.products, expected.products, atol=1e-7)


def test_moments_without_columns_are_those_of_vectors_with_zeros_there() -> None:
    zeros = VECTORS.copy()
    zeros[:, 2:4] = 0.0
    ours, theirs = moments_of([VECTORS]).without_columns([slice(2, 4)]), moments_of([zeros])
    np.testing.assert_array_equal(ours.sums, theirs.sums)
    np.testing.assert_array_equal(ours.products, theirs.products)
    assert not principal_components(ours, 5).components_[:, 2:4].any()
