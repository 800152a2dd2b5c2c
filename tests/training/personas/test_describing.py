"""Personas from clusters: what is counted, what is described, and what is not published."""

from collections.abc import Sequence
from typing import Annotated

import numpy as np
import pandas as pd
import pytest
from pydantic import BaseModel, ConfigDict

from models.persona import GiftAffinity, Persona, Trait
from models.profile import Profile
from models.profile.field_kinds import Categorical, MultiLabel, Numeric
from models.scoring.columns import IntArray
from training.data.dataset import Dataset, from_frame
from training.personas.describing import MOST_TRAITS, describe
from training.simulation.simulate import Simulated, SimulationConfig, simulate


class Reader(BaseModel):
    """A profile of another shape, without a word on how it is said."""

    model_config = ConfigDict(frozen=True)

    pages: Annotated[int | None, Numeric()] = None
    plan: Annotated[str | None, Categorical()] = None
    topics: Annotated[tuple[str, ...] | None, MultiLabel()] = None


@pytest.fixture(scope="module")
def planted() -> Simulated:
    return simulate(SimulationConfig(rows=3_000, seed=5, noise=0.1))


@pytest.fixture(scope="module")
def profiles(planted: Simulated) -> Dataset:
    return from_frame(planted.frame, Profile)


@pytest.fixture(scope="module")
def truth(planted: Simulated) -> IntArray:
    return np.array([planted.kinds.index(kind) for kind in planted.truth])


@pytest.fixture(scope="module")
def personas(profiles: Dataset, truth: IntArray) -> tuple[Persona, ...]:
    return describe(profiles, truth, IDS).personas


IDS = ("p_tech", "p_wellness", "p_holiday", "p_practical", "p_bookish", "p_nobody")


def two_halves(field: str, first: Sequence[object], second: Sequence[object]) -> tuple[Persona, ...]:
    """The personas of two clusters whose members give these answers, in turn, a hundred times."""
    dataset = from_frame(pd.DataFrame({field: [*first, *second] * 100}), Profile)
    return describe(dataset, np.array(([0] * len(first) + [1] * len(second)) * 100), ("a", "b")).personas


def trait_of(persona: Persona, value: str) -> Trait:
    return next(trait for trait in persona.traits if trait.value == value)


def affinity_of(persona: Persona, category: str) -> GiftAffinity:
    return next(affinity for affinity in persona.gift_affinities if affinity.category == category)


# --- planted personas ------------------------------------------------------------------------------


def test_personas_are_in_the_order_of_their_clusters(personas: tuple[Persona, ...], truth: IntArray) -> None:
    assert tuple(persona.id for persona in personas) == IDS
    assert [persona.size for persona in personas] == np.bincount(truth).tolist()
    assert sum(persona.share for persona in personas) == pytest.approx(1)


def test_names_reflect_the_planted_personas(personas: tuple[Persona, ...]) -> None:
    nouns = ["gadget", "wellness", "Christmas", "practical", "kitchenware", "Everyone else"]
    for persona, noun in zip(personas, nouns, strict=True):
        assert noun in persona.name
        assert 2 <= len(persona.name.split()) <= 4


def test_traits_are_few_and_of_several_fields(personas: tuple[Persona, ...]) -> None:
    for persona in personas[:-1]:
        assert 5 <= len(persona.traits) <= MOST_TRAITS
        assert len({trait.field for trait in persona.traits}) >= 4


def test_persona_of_unplanted_profiles_is_like_everyone(personas: tuple[Persona, ...]) -> None:
    assert personas[-1].sentence.startswith("Much like everyone")


def test_strongest_gift_affinity_is_the_planted_one(personas: tuple[Persona, ...]) -> None:
    strongest = [persona.gift_affinities[0].category for persona in personas[:2]]
    assert strongest == ["electronics", "wellness"]


def test_personas_do_not_depend_on_the_order_of_rows(
    profiles: Dataset, truth: IntArray, personas: tuple[Persona, ...]
) -> None:
    shuffled = np.random.default_rng(0).permutation(len(profiles))
    assert describe(profiles.take(shuffled), truth[shuffled], IDS).personas == personas


@pytest.mark.parametrize("seed", range(5))
def test_random_clusters_have_no_traits(profiles: Dataset, seed: int) -> None:
    clusters = np.random.default_rng(seed).integers(0, 6, len(profiles))
    assert not any(persona.traits for persona in describe(profiles, clusters, IDS).personas)


# --- counting --------------------------------------------------------------------------------------


def test_shares_and_lifts_count_only_profiles_that_answered() -> None:
    first, second = two_halves("hobbies", [["yoga"], ["yoga"], [], None], [["diy"], ["diy"], ["diy"], ["yoga"]])
    assert trait_of(first, "yoga").share == pytest.approx(2 / 3, abs=1e-4)
    # Everyone's share is 3 of 7, and a lift is drawn toward 1 a little.
    assert trait_of(first, "yoga").lift == pytest.approx((2 / 3) / (3 / 7), rel=0.02)
    assert trait_of(second, "diy").share == 0.75


def test_number_trait_says_mean_and_difference() -> None:
    young, old = two_halves("age", [20, 22, None], [60, 62])
    assert young.traits[0].sentence == "21 years old on average, 20 years younger than everyone"
    assert old.traits[0].mean == 61
    assert old.sentence == "Mostly 60–62 year olds, otherwise much like everyone."


def test_ordinal_levels_are_described_like_values() -> None:
    first, _ = two_halves("budget_range", ["high", "high", "medium"], ["low", "low", None])
    assert trait_of(first, "high").sentence == "1.6 × as likely as everyone to have a high budget"
    assert first.name == "Generous people"


def test_rare_value_is_a_trait() -> None:
    first, _ = two_halves("hobbies", [["music"]] * 9 + [["music", "diy"]], [["music", "diy"]] * 10)
    assert trait_of(first, "diy").sentence == "10 % give to people who are into DIY, against 55 % of everyone"


def test_gift_affinity_counts_a_category_once_across_fields() -> None:
    rows = [
        {"last_gift_category": "books", "gift_history": ["Books", "toys"]},
        {"last_gift_category": "books", "gift_history": None},
        {"last_gift_category": None, "gift_history": []},
        {"last_gift_category": None, "gift_history": None},
    ]
    dataset = from_frame(pd.DataFrame(rows * 50), Profile)
    (everyone,) = describe(dataset, np.zeros(200, np.int64), ("a",)).personas
    assert affinity_of(everyone, "books").share == pytest.approx(2 / 3, abs=1e-4)
    assert affinity_of(everyone, "toys").share == pytest.approx(1 / 3, abs=1e-4)
    assert affinity_of(everyone, "books").lift == 1


# --- what is not published -------------------------------------------------------------------------


def test_value_of_four_profiles_is_not_published() -> None:
    mine = {"hobbies": [["my secret"]] * 4 + [["yoga"]] * 96, "gift_history": [["my gift"]] * 4 + [["books"]] * 96}
    dataset = from_frame(pd.DataFrame(mine), Profile)
    personas = describe(dataset, np.array([0] * 4 + [1] * 96), ("a", "b")).personas
    assert "my" not in repr(personas)


def test_persona_of_four_members_has_no_traits() -> None:
    answers = {"age": [99] * 4 + [20, 30] * 48, "gift_history": [["toys"]] * 4 + [["toys"], ["books"]] * 48}
    dataset = from_frame(pd.DataFrame(answers), Profile)
    few, _ = describe(dataset, np.array([0] * 4 + [1] * 96), ("a", "b")).personas
    assert not few.traits
    assert not few.gift_affinities


# --- edges -----------------------------------------------------------------------------------------


def test_single_persona_is_called_everyone(profiles: Dataset) -> None:
    (everyone,) = describe(profiles, np.zeros(len(profiles), np.int64), ("a",)).personas
    assert (everyone.name, everyone.traits, everyone.share) == ("Everyone", (), 1)
    assert "Everyone" not in everyone.sentence


def test_foreign_answers_are_quoted_as_they_were_written() -> None:
    first, second = two_halves("hobbies", [["Wandern"], ["Wandern"], ["wandern"]], [["Kochen"], ["Kochen"]])
    assert (first.name, second.name) == ("Fans of “Wandern”", "Fans of “Kochen”")
    assert (
        trait_of(first, "wandern").sentence
        == "100 % give to people who are into “Wandern”, against 60 % of everyone"
    )
    assert first.sentence == "People who tend to give to people who are into “Wandern”."


def test_group_that_only_lacks_what_others_have_is_named_by_it() -> None:
    first, second = two_halves("favourite_movies", [["war"], ["war", "drama"], ["war"]], [["drama"], [], []])
    assert (first.name, second.name) == ("War film fans", "People who seldom give to people who watch war films")


def test_empty_cluster_is_described() -> None:
    dataset = from_frame(pd.DataFrame({"age": [20, 60] * 50, "hobbies": [["yoga"], None] * 50}), Profile)
    _, empty = describe(dataset, np.zeros(100, np.int64), ("a", "b")).personas
    assert (empty.size, empty.share, empty.traits) == (0, 0, ())


def test_profile_class_without_wordings_is_described_by_field_titles() -> None:
    rows = [
        {"pages": 500, "plan": "premium", "topics": ["history", "space travel"]},
        {"pages": 100, "plan": "free", "topics": ["cooking"]},
    ]
    dataset = from_frame(pd.DataFrame(rows * 50), Reader)
    first, second = describe(dataset, np.array([0, 1] * 50), ("a", "b")).personas
    assert first.name == "High-page history-topic group"
    assert (
        second.sentence
        == "People who tend to have cooking in topics, have free as plan, and have only about 100 pages."
    )


def test_gift_category_of_fewer_than_five_members_is_no_affinity_of_theirs() -> None:
    gifts = [*["books"] * 96, *["toys"] * 4, *["toys"] * 100]
    dataset = from_frame(pd.DataFrame({"last_gift_category": gifts}), Profile)
    first, second = describe(dataset, np.repeat([0, 1], 100), ("a", "b")).personas
    assert [affinity.category for affinity in first.gift_affinities] == ["books"]
    assert [affinity.category for affinity in second.gift_affinities] == ["toys"]


@pytest.mark.parametrize("few", [0, 1, 2, 3, 4])
def test_trait_of_hardly_any_members_does_not_say_how_few_they_are(few: int) -> None:
    hobbies = [*[["diy"]] * few, *[["yoga"]] * (200 - few), *[["diy"]] * 200]
    dataset = from_frame(pd.DataFrame({"hobbies": hobbies}), Profile)
    first, _ = describe(dataset, np.repeat([0, 1], 200), ("a", "b")).personas
    rare = trait_of(first, "diy")
    assert (rare.share, rare.sentence) == (
        0.02,
        "Hardly any give to people who are into DIY (2 %, against 50 % of everyone)",
    )
