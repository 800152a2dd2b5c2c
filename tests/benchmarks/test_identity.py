"""The benchmark of identity: samples of different people, and poisons that change them."""

import pandas as pd
import pytest

from benchmarks.identity.poison import poisons
from benchmarks.identity.populations import Generated, Population, Table
from training.data.dataset import from_frame


def test_samples_of_a_generator_are_different_people_of_the_wanted_number() -> None:
    first, second = Generated("ours", "hard").samples([60, 40], seed=1)
    assert (len(first), len(second)) == (60, 40)
    assert not first.head(40).equals(second)


def test_halves_of_a_table_have_every_row_once() -> None:
    population = Table("iris")
    first, second = population.samples([1, 1], seed=3)
    joined = pd.concat([first, second]).astype(float)
    [whole] = population.samples([1], seed=0)
    assert (len(first), len(second)) == (75, 75)
    assert sorted(joined.itertuples(index=False)) == sorted(whole.astype(float).itertuples(index=False))


@pytest.mark.parametrize("population", [Generated("ours", "easy"), Table("wine")], ids=lambda one: str(one.title))
def test_every_poison_changes_the_profiles_and_can_be_read(population: Population) -> None:
    (clean,) = population.samples([200], seed=1)
    personas = pd.Series(["p_1", "p_2", "p_2", "p_3"] * 60).iloc[: len(clean)]
    (name, unchanged), *poisoned = poisons(clean, personas)
    assert name == "clean"
    original = from_frame(unchanged, population.profile_class).fingerprint
    for name, frame in poisoned:
        assert from_frame(frame.reset_index(drop=True), population.profile_class).fingerprint != original, name
