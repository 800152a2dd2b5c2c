"""Affinities of a persona, and those of somebody who is of several."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.affinities.counts import AffinityCounts
from models.profile import Profile
from models.storage.artifact import LoadedArtifact
from models.storage.reading import read_artifact
from service.personas.affinities import (
    AffinitiesNotCounted,
    NoSuchAffinities,
    affinities_of,
    blended,
    persona_affinities,
)
from service.personas.catalogue import PersonaNotFound
from testkit.small_model import SMALL_COUNTS, write_small_model


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> LoadedArtifact:
    folder = write_small_model(tmp_path_factory.mktemp("affinities"))
    return read_artifact(folder, Profile)


def test_gift_categories_are_listed_by_the_lower_end_of_their_lift(loaded: LoadedArtifact) -> None:
    affinities = persona_affinities(loaded, "p_0")
    assert [(item.value, item.n, item.answered) for item in affinities.items] == [
        ("value_1", 160, 250),
        ("value_2", 100, 250),
    ]
    lows = [item.lift_interval.low for item in affinities.items]
    assert lows == sorted(lows, reverse=True)
    first = affinities.items[0]
    assert first.share == 160 / 250
    assert first.interval.low < first.share < first.interval.high
    assert first.everyone_share == pytest.approx((160 + 20 + 2) / 450, abs=1e-6)
    assert first.lift_interval.low < first.lift < first.share / first.everyone_share


def test_values_of_few_members_are_withheld_and_counted(loaded: LoadedArtifact) -> None:
    affinities = persona_affinities(loaded, "p_1")
    assert [item.value for item in affinities.items] == ["value_2", "value_1"]
    assert (affinities.withheld, affinities.minimum) == (1, 5)
    few = persona_affinities(loaded, "p_2")
    assert (few.items, few.withheld) == ((), 3)


def test_crossed_fields_may_be_asked_for_in_either_order(loaded: LoadedArtifact) -> None:
    one, other = (
        persona_affinities(loaded, "p_0", *names)
        for names in (("store_preference", "last_gift_category"), ("last_gift_category", "store_preference"))
    )
    assert [(item.value, item.by_value, item.n) for item in one.items] == [
        ("shop", "value_1", 60),
        ("online", "value_1", 20),
    ]
    assert [(item.by_value, item.value, item.n) for item in other.items] == [
        (item.value, item.by_value, item.n) for item in one.items
    ]
    assert (one.withheld, one.field, one.by) == (1, "store_preference", "last_gift_category")
    assert persona_affinities(loaded, "p_1", "store_preference", "last_gift_category").withheld == 2


@pytest.mark.parametrize(
    ("field", "by", "said"),
    [
        ("shoe_size", None, "It has: age, store_preference."),
        ("store_preference", "age", "cannot be crossed with that one, but with: last_gift_category."),
        ("store_preference", "store_preference", "cannot be crossed with that one"),
        ("age", "store_preference", "cannot be crossed with another"),
        (None, "age", "Gift categories cannot be crossed with another"),
    ],
)
def test_fields_that_were_not_counted_are_refused_with_those_that_were(
    loaded: LoadedArtifact, field: str | None, by: str | None, said: str
) -> None:
    with pytest.raises(NoSuchAffinities, match=said):
        persona_affinities(loaded, "p_0", field, by)


def test_model_without_gift_categories_says_so(loaded: LoadedArtifact) -> None:
    without = replace(loaded, affinities=AffinityCounts(fields=SMALL_COUNTS.fields[1:], pairs=()))
    with pytest.raises(NoSuchAffinities, match="no gift categories; choose a field: age, store_preference"):
        persona_affinities(without, "p_0")


def test_older_model_has_no_affinities(loaded: LoadedArtifact) -> None:
    older = replace(loaded, affinities=None)
    for ask in (lambda: affinities_of(older, "p_0"), lambda: blended(older, {"p_0": 1.0})):
        with pytest.raises(AffinitiesNotCounted, match="Train again"):
            ask()


def test_top_gift_categories_are_limited(loaded: LoadedArtifact) -> None:
    assert affinities_of(loaded, "p_0", 1) == persona_affinities(loaded, "p_0").items[:1]
    assert affinities_of(loaded, "p_0") == persona_affinities(loaded, "p_0").items
    with pytest.raises(PersonaNotFound):
        affinities_of(loaded, "p_9")


# --- blended ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("weight", [1.0, 0.25, 1e-9])
def test_one_persona_blended_is_that_persona(loaded: LoadedArtifact, weight: float) -> None:
    by_value = {item.value: item for item in blended(loaded, {"p_0": weight})}
    for item in persona_affinities(loaded, "p_0").items:
        one = by_value[item.value]
        assert (one.share, one.lift, one.lift_interval) == (item.share, item.lift, item.lift_interval)


def test_blended_figures_are_means_by_probability(loaded: LoadedArtifact) -> None:
    one, other = ({item.value: item for item in blended(loaded, {name: 1.0})} for name in ("p_0", "p_1"))
    for item in blended(loaded, {"p_0": 0.7, "p_1": 0.3}):
        assert item.share == pytest.approx(0.7 * one[item.value].share + 0.3 * other[item.value].share, abs=1e-5)
        assert item.lift == pytest.approx(0.7 * one[item.value].lift + 0.3 * other[item.value].lift, abs=1e-3)


def test_persona_that_too_few_answered_in_is_taken_to_be_like_everyone(loaded: LoadedArtifact) -> None:
    for item in blended(loaded, {"p_2": 1.0}):
        assert (item.share, item.lift) == (item.everyone_share, 1.0)


@given(weights=st.tuples(*[st.floats(0, 1)] * 3).filter(lambda weights: sum(weights) > 0.01))
def test_blended_affinities_are_ordered_and_contain_their_estimates(
    loaded: LoadedArtifact, weights: tuple[float, float, float]
) -> None:
    items = blended(loaded, dict(zip(("p_0", "p_1", "p_2"), weights, strict=True)))
    lows = [item.lift_interval.low for item in items]
    assert lows == sorted(lows, reverse=True)
    for item in items:
        assert 0 <= item.interval.low <= item.share <= item.interval.high <= 1
        assert item.lift_interval.low <= item.lift <= item.lift_interval.high


@pytest.mark.parametrize("weights", [{}, {"p_0": 0.0}, {"p_9": 1.0}])
def test_probabilities_of_no_persona_are_refused(loaded: LoadedArtifact, weights: dict[str, float]) -> None:
    with pytest.raises(PersonaNotFound):
        blended(loaded, weights)
