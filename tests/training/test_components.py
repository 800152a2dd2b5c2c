"""Parallel analysis keeps what beats chance."""

import numpy as np

from training.components import parallel_analysis, shuffled_together
from training.config import TrainingConfig
from training.dataset import Dataset
from training.encoding import ProfileEncoder

QUICK = TrainingConfig(permutations=10)


def test_planted_personas_beat_chance(dataset: Dataset) -> None:
    encode = ProfileEncoder().fit(dataset)
    found = parallel_analysis(encode.transform(dataset), encode.encoder_, QUICK, np.random.default_rng(0))
    assert found.structured
    assert 2 <= found.kept == found.beat_chance <= 12


def test_shuffled_fields_do_not(dataset: Dataset) -> None:
    encode = ProfileEncoder().fit(dataset)
    vectors, rng = encode.transform(dataset), np.random.default_rng(0)
    for block in shuffled_together(encode.encoder_):
        vectors[:, block] = vectors[rng.permutation(len(vectors)), block]
    found = parallel_analysis(vectors, encode.encoder_, QUICK, rng)
    assert not found.structured
    assert found.kept == 1


def test_with_few_columns_all_components_are_kept(dataset: Dataset) -> None:
    encode = ProfileEncoder().fit(dataset)
    config = QUICK.model_copy(update={"keep_all_columns": encode.encoder_.width, "max_components": 500})
    found = parallel_analysis(encode.transform(dataset), encode.encoder_, config, np.random.default_rng(0))
    assert found.kept > found.beat_chance


def test_single_choice_fields_are_shuffled_whole_and_items_alone(dataset: Dataset) -> None:
    encoder = ProfileEncoder().fit(dataset).encoder_
    blocks = shuffled_together(encoder)
    assert encoder.spans["occupation"] in blocks
    hobbies = encoder.spans["hobbies"]
    assert slice(hobbies.start, hobbies.start + 1) in blocks
    assert sum(block.stop - block.start for block in blocks) == encoder.width
