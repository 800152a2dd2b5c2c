"""Parallel analysis keeps what beats chance."""

import numpy as np
import pandas as pd
import pytest

from benchmarks.recovery.draws import permuted
from tests.training.clustering.plane import Plane, five_groups
from training.clustering.components.parallel_analysis import Components, parallel_analysis
from training.clustering.components.shuffling import shuffled_together
from training.clustering.encoding import ProfileEncoder
from training.config import TrainingConfig
from training.data.dataset import Dataset
from training.simulation.simulate import SimulationConfig, simulate

QUICK = TrainingConfig(permutations=10)


def test_components_of_planted_personas_beat_chance(dataset: Dataset) -> None:
    encode = ProfileEncoder().fit(dataset)
    analysis = parallel_analysis(encode.transform(dataset), encode.encoder_, QUICK, np.random.default_rng(0))
    assert analysis.structured
    assert 2 <= analysis.retained == analysis.beat_chance <= 12


@pytest.mark.parametrize("seed", range(4))
def test_components_of_shuffled_fields_do_not_beat_chance(dataset: Dataset, seed: int) -> None:
    analysis = _shuffled(dataset, ProfileEncoder().fit(dataset), seed)
    assert not analysis.structured
    assert analysis.retained == 1


def _shuffled(dataset: Dataset, encode: ProfileEncoder, seed: int) -> Components:
    vectors, rng = encode.transform(dataset), np.random.default_rng(seed)
    for rows, block in shuffled_together(vectors, encode.encoder_):
        vectors[rows, block] = vectors[rng.permutation(rows), block]
    return parallel_analysis(vectors, encode.encoder_, QUICK, rng)


@pytest.mark.parametrize("seed", range(4))
def test_dependence_within_lists_alone_is_no_structure(dataset: Dataset, seed: int) -> None:
    encode = ProfileEncoder().fit(dataset)
    vectors, rng = encode.transform(dataset), np.random.default_rng(seed)
    for span in encode.encoder_.spans.values():
        vectors[:, span] = vectors[rng.permutation(len(vectors)), span]
    analysis = parallel_analysis(vectors, encode.encoder_, QUICK, rng)
    assert not analysis.linked
    assert not analysis.structured
    assert analysis.retained == 1


@pytest.mark.parametrize("blank", [0.15, 0.3])
def test_shared_missing_answers_are_no_structure(blank: float) -> None:
    frame = permuted(simulate(SimulationConfig(rows=2_000, seed=5)).frame, seed=1)
    empty = np.random.default_rng(1).random(len(frame)) < blank
    for name in frame.columns.drop("age"):
        frame[name] = frame[name].where(~empty, None)
    encode = ProfileEncoder().fit(frame)
    analysis = parallel_analysis(encode.transform(frame), encode.encoder_, QUICK, np.random.default_rng(0))
    assert not analysis.linked
    assert not analysis.structured


def test_groups_without_correlation_are_structure_in_few_columns() -> None:
    frame = five_groups(200)[["income", "spending"]]
    encode = ProfileEncoder(Plane).fit(frame)
    analysis = parallel_analysis(encode.transform(frame), encode.encoder_, QUICK, np.random.default_rng(0))
    assert analysis.beat_chance == 0
    assert analysis.structured
    assert analysis.clear == analysis.retained == 2
    assert analysis.sentence == "The fields depend on each other, though no principal component beats chance."


def test_field_that_depends_on_no_other_is_in_no_component() -> None:
    frame = five_groups(200)
    encode = ProfileEncoder(Plane).fit(frame)
    analysis = parallel_analysis(encode.transform(frame), encode.encoder_, QUICK, np.random.default_rng(0))
    assert analysis.independent == ("gender",)
    assert analysis.retained == 2
    everything = QUICK.model_copy(update={"leave_out_independent": False})
    analysis = parallel_analysis(encode.transform(frame), encode.encoder_, everything, np.random.default_rng(0))
    assert analysis.independent == ()
    assert analysis.retained == 3


def test_number_of_clear_components_does_not_depend_on_the_seed(dataset: Dataset) -> None:
    encode = ProfileEncoder().fit(dataset)
    vectors, config = encode.transform(dataset), TrainingConfig()
    analyses = [
        parallel_analysis(vectors, encode.encoder_, config, np.random.default_rng(seed)) for seed in range(2)
    ]
    assert len({analysis.clear for analysis in analyses}) == 1


def test_single_list_can_have_structure() -> None:
    hobbies: list[list[str]] = [["chess", "go"], ["yoga", "running"], ["chess", "go", "tea"], ["yoga"]] * 40
    frame = pd.DataFrame({"hobbies": hobbies})
    encode = ProfileEncoder().fit(frame)
    analysis = parallel_analysis(encode.transform(frame), encode.encoder_, QUICK, np.random.default_rng(0))
    assert analysis.structured


@pytest.mark.parametrize("seed", range(5))
def test_single_choice_field_has_no_structure(seed: int) -> None:
    frame = pd.DataFrame({"occupation": ["nurse", "cook", "cook", "driver"] * 30})
    encode = ProfileEncoder().fit(frame)
    analysis = parallel_analysis(encode.transform(frame), encode.encoder_, QUICK, np.random.default_rng(seed))
    assert not analysis.structured


def test_all_components_are_retained_of_few_columns(dataset: Dataset) -> None:
    encode = ProfileEncoder().fit(dataset)
    config = QUICK.model_copy(update={"keep_all_columns": encode.encoder_.width, "max_components": 500})
    analysis = parallel_analysis(encode.transform(dataset), encode.encoder_, config, np.random.default_rng(0))
    assert analysis.retained > analysis.beat_chance


def test_choices_are_shuffled_whole_and_list_items_one_by_one(dataset: Dataset) -> None:
    encode = ProfileEncoder().fit(dataset)
    encoder = encode.encoder_
    blocks = [block for _, block in shuffled_together(encode.transform(dataset), encoder)]
    assert encoder.spans["occupation"] in blocks
    hobbies = encoder.spans["hobbies"]
    assert slice(hobbies.start, hobbies.start + 1) in blocks
    answered = [field for field in encoder.fields if field.weight.any()]
    assert sum(block.stop - block.start for block in blocks) == sum(field.width for field in answered)
