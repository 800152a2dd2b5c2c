"""What the length of a list alone says is taken out of it, and nothing else."""

import numpy as np
import pandas as pd
import pytest

from models.profile import Profile
from models.scoring.columns import CodeListColumn, FloatArray
from training.clustering.encoding import ProfileEncoder
from training.clustering.list_length import ListLengthRemover
from training.data.dataset import Dataset, from_frame
from training.data.encoded import EncodedDataset


@pytest.fixture(scope="module")
def encode(dataset: Dataset) -> ProfileEncoder:
    return ProfileEncoder().fit(dataset)


def _roots(dataset: Dataset, encode: ProfileEncoder, field: str) -> FloatArray:
    """√(known values ticked) less its mean among those who answered; 0 for the others."""
    column = EncodedDataset.of(dataset, encode.encoder_).columns[field]
    assert isinstance(column, CodeListColumn)
    roots = np.sqrt(np.diff(column.offsets))
    return np.where(column.answered, roots - roots[column.answered].mean(), 0.0)


@pytest.mark.parametrize("field", ["hobbies", "favourite_items", "gift_history"])
def test_list_columns_do_not_correlate_with_list_length_after_removal(
    dataset: Dataset, encode: ProfileEncoder, field: str
) -> None:
    vectors, roots = encode.transform(dataset), _roots(dataset, encode, field)
    span = encode.encoder_.spans[field]
    without = ListLengthRemover(encode.encoder_).fit(vectors).transform(vectors)
    before, after = (np.abs(roots @ encoded[:, span]).max() / len(roots) for encoded in (vectors, without))
    assert before > 0.05
    assert after < 1e-9


def test_columns_of_other_fields_are_unchanged(dataset: Dataset, encode: ProfileEncoder) -> None:
    vectors = encode.transform(dataset)
    without = ListLengthRemover(encode.encoder_).fit(vectors).transform(vectors)
    for field in ("age", "occupation", "budget_range"):
        span = encode.encoder_.spans[field]
        np.testing.assert_array_equal(vectors[:, span], without[:, span])


def test_pulled_back_component_gives_the_score_of_the_transformed_vector(
    dataset: Dataset, encode: ProfileEncoder
) -> None:
    vectors = encode.transform(dataset)
    remover = ListLengthRemover(encode.encoder_).fit(vectors)
    components = np.random.default_rng(0).normal(size=(3, vectors.shape[1]))
    expected = remover.transform(vectors) @ components.T
    np.testing.assert_allclose(vectors @ remover.pull_back(components).T, expected, atol=1e-9)


def test_length_stays_where_a_list_holds_nothing_else() -> None:
    profiles = from_frame(
        pd.DataFrame({"age": [20, 30, 40] * 4, "hobbies": [["chess"], [], ["chess"]] * 4}), Profile
    )
    encode = ProfileEncoder().fit(profiles)
    vectors = encode.transform(profiles)
    np.testing.assert_array_equal(ListLengthRemover(encode.encoder_).fit(vectors).transform(vectors), vectors)


def test_removal_can_be_switched_off(dataset: Dataset, encode: ProfileEncoder) -> None:
    vectors = encode.transform(dataset)
    remover = ListLengthRemover(encode.encoder_, remove=False).fit(vectors)
    np.testing.assert_array_equal(remover.transform(vectors), vectors)
