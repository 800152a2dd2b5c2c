"""A data set in the vocabulary of an encoder: coded as the encoder codes profiles, whole, taken or in blocks."""

from typing import Annotated

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from pydantic import BaseModel

from models.profile import Profile
from models.profile.field_kinds import Numeric
from models.scoring.columns import BLOCK_ROWS
from testkit.small_scorer import small_scorer
from tests.support.columns import assert_same_columns
from tests.support.profiles import profiles
from training.clustering.encoding import ProfileEncoder
from training.clustering.fit import Fit
from training.data.dataset import Dataset, from_profiles
from training.data.encoded import EncodedDataset


class Minutes(BaseModel):
    """A profile class that has no field of the encoder."""

    minutes: Annotated[float | None, Numeric()] = None


@settings(deadline=None)
@given(st.lists(profiles(), min_size=1, max_size=12))
def test_columns_are_coded_as_the_encoder_codes_profiles(some: list[Profile]) -> None:
    encoder = small_scorer().encoder
    assert_same_columns(EncodedDataset.of(from_profiles(some), encoder).columns, encoder.code(some))


def test_field_missing_in_the_profile_class_is_not_answered() -> None:
    encoder = small_scorer().encoder
    some = [Minutes(minutes=3.5), Minutes()]
    assert_same_columns(EncodedDataset.of(from_profiles(some), encoder).columns, encoder.code(some))


def test_learning_returns_the_columns_of_the_learned_encoder(dataset: Dataset) -> None:
    encode = ProfileEncoder()
    learned = encode.fit_encode(dataset)
    assert learned.encoder is encode.encoder_
    assert_same_columns(learned.columns, EncodedDataset.of(dataset, encode.encoder_).columns)


def test_taken_rows_equal_rows_coded_anew(dataset: Dataset, fitted: Fit) -> None:
    rows = np.array([5, 0, 700])
    taken = fitted.encoded.take(rows)
    assert_same_columns(taken.columns, EncodedDataset.of(dataset.take(rows), fitted.encoder).columns)
    assert_array_equal(taken.vectors(), fitted.encoded.vectors()[rows])


def test_blocks_are_the_whole_in_order(dataset: Dataset, fitted: Fit) -> None:
    several = fitted.encoded.take(np.arange(BLOCK_ROWS + 1) % len(dataset))
    blocks = list(several.blocks())
    assert [len(block) for block in blocks] == [BLOCK_ROWS, 1]
    assert_array_equal(np.concatenate([block.vectors() for block in blocks]), several.vectors())
    lines = np.concatenate([block.dataset.line_numbers for block in blocks])
    assert_array_equal(lines, several.dataset.line_numbers)
