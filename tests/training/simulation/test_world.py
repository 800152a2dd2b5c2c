"""The planted personas, and how people answer."""

import pandas as pd
import pytest

from training.simulation.planted import CATALOGUE, NOBODY
from training.simulation.population import HOBBY_GIFTS, SKIP_READINESS
from training.simulation.simulate import (
    Simulated,
    SimulationConfig,
    simulate,
)
from training.simulation.world import VALUES

LISTS = ("hobbies", "favourite_items", "favourite_movies", "gift_history")


def test_catalogue_names_only_existing_values() -> None:
    for persona in CATALOGUE:
        assert persona.skips.keys() <= SKIP_READINESS.keys()
        for field, lifts in persona.lifts.items():
            assert lifts.keys() <= set(VALUES[field]), (persona.key, field)
    assert HOBBY_GIFTS.keys() <= set(VALUES["hobbies"])
    assert set(HOBBY_GIFTS.values()) <= set(VALUES["gift_history"])


def test_labels_have_the_configured_shares() -> None:
    config = SimulationConfig(
        rows=20_000,
        personas=("holiday_generalist", "bookish_home_cook"),
        weights=(3, 1),
        noise=0.2,
    )
    shares = pd.Series(simulate(config).truth).value_counts(normalize=True)
    assert shares["holiday_generalist"] == pytest.approx(0.6, abs=0.02)
    assert shares["bookish_home_cook"] == pytest.approx(0.2, abs=0.02)
    assert shares[NOBODY] == pytest.approx(0.2, abs=0.02)


@pytest.mark.parametrize("count", range(1, len(CATALOGUE) + 1))
def test_configured_number_of_personas_is_planted(count: int) -> None:
    simulated = simulate(SimulationConfig(rows=500, personas=count, noise=0))
    assert len(set(simulated.truth)) == count


def test_gifts_depend_on_age(many: Simulated) -> None:
    young = many.frame["last_gift_category"][(many.frame["age"] < 30).fillna(False)]
    old = many.frame["last_gift_category"][(many.frame["age"] >= 60).fillna(False)]
    assert (young == "novelty").mean() > 3 * (old == "novelty").mean()
    assert (old == "practical").mean() > 3 * (young == "practical").mean()


def test_gifts_depend_on_age_within_a_persona() -> None:
    config = SimulationConfig(rows=20_000, personas=("holiday_generalist",), noise=0, overlap=0.5)
    frame = simulate(config).frame
    novelty = frame["last_gift_category"] == "novelty"
    young, old = (frame["age"] < 30).fillna(False), (frame["age"] >= 60).fillna(False)
    assert novelty[young].mean() > 2 * novelty[old].mean()


def test_holiday_persona_has_hobbies_of_every_kind(many: Simulated) -> None:
    hobbies = many.frame["hobbies"][many.truth == "holiday_generalist"].dropna().explode()
    assert set(hobbies.dropna()) == set(VALUES["hobbies"])


def test_occupation_depends_on_age(many: Simulated) -> None:
    assert _median(many, "age", "occupation", "student") < 30
    assert _median(many, "age", "occupation", "retired") > 60


def test_lead_time_depends_on_the_occasion(many: Simulated) -> None:
    christmas = _median(many, "lead_time_days", "occasion", "christmas")
    assert christmas > 1.5 * _median(many, "lead_time_days", "occasion", "valentines")


def _median(simulated: Simulated, number: str, field: str, value: str) -> float:
    return float(simulated.frame[number][simulated.frame[field] == value].median())


def test_store_depends_on_the_budget(many: Simulated) -> None:
    budget, store = many.frame["budget_range"], many.frame["store_preference"]
    low, high = store[budget == "low"], store[budget == "high"]
    assert (high == "boutique").mean() > 1.5 * (low == "boutique").mean()
    assert (low == "supermarket").mean() > 1.5 * (high == "supermarket").mean()


def test_gift_history_depends_on_stated_hobbies() -> None:
    config = SimulationConfig(rows=20_000, personas=("holiday_generalist",), noise=0, missing=0)
    frame = simulate(config).frame
    sporty = frame["hobbies"].map(lambda values: any(HOBBY_GIFTS.get(hobby) == "sports" for hobby in values))
    sports = frame["gift_history"].map(lambda values: "sports" in values)
    assert sports[sporty].mean() > 1.3 * sports[~sporty].mean()


def test_hobbies_and_occupations_have_long_tails(many: Simulated) -> None:
    for field in ("hobbies", "occupation"):
        counts = many.frame[field].explode().value_counts()
        assert len(counts) > 40
        assert counts.iloc[0] > 10 * counts.iloc[-1]


@pytest.mark.parametrize("field", LISTS)
def test_list_lengths_vary_widely(many: Simulated, field: str) -> None:
    ticked = many.frame[field].dropna().map(len)
    few, most = ticked.quantile([0.1, 0.9])
    assert most >= 3 * few
    assert (ticked == 0).any()


def test_list_lengths_are_independent_of_the_persona(many: Simulated) -> None:
    ticked = many.frame["hobbies"].dropna().map(len)
    explained = ticked.groupby(many.truth[ticked.index]).transform("mean").var()
    assert explained < 0.01 * ticked.var()


def test_list_lengths_of_a_person_correlate(many: Simulated) -> None:
    lengths = many.frame[list(LISTS)].dropna().map(len)
    assert lengths.corr().to_numpy().min() > 0.3


def test_missing_share_is_close_to_the_configured_one(many: Simulated) -> None:
    assert many.frame.isna().to_numpy().mean() == pytest.approx(0.10, abs=0.015)


def test_missing_share_of_zero_leaves_no_gap() -> None:
    assert not simulate(SimulationConfig(rows=2_000, missing=0)).frame.isna().any(axis=None)


def test_missing_answers_depend_on_other_answers(many: Simulated) -> None:
    no_lead_time, no_occasion = many.frame["lead_time_days"].isna(), many.frame["occasion"].isna()
    assert no_lead_time[no_occasion].mean() > 1.5 * no_lead_time[~no_occasion].mean()
    no_age, colleague = many.frame["age"].isna(), many.frame["relationship"] == "colleague"
    assert no_age[colleague].mean() > 1.5 * no_age[~colleague].mean()


def test_missing_answers_depend_on_the_person() -> None:
    frame = simulate(SimulationConfig(rows=20_000, missing=0.3)).frame
    left_out = frame.isna().sum(axis=1)
    independent = sum(share * (1 - share) for share in frame.isna().mean())
    assert left_out.var() > 1.5 * independent


def test_noise_profiles_have_overall_margins_and_no_pattern() -> None:
    frame = simulate(SimulationConfig(rows=20_000, noise=1)).frame
    young = frame["age"] < 30
    retired = frame["occupation"] == "retired"
    assert retired[young.fillna(False)].mean() == pytest.approx(retired[~young.fillna(False)].mean(), abs=0.02)
