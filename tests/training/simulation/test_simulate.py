"""The simulator: profiles that look like life, and a posterior that means what it says."""

import json
from dataclasses import FrozenInstanceError, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import adjusted_rand_score

from models.profile import Profile
from models.profile.field_kinds import declared_fields
from models.profile.vocabulary import normalise
from models.scoring.columns import FloatArray
from training.data.headers import TRUTH_COLUMN
from training.errors import UnusableInput
from training.simulation.planted import BY_KEY, CATALOGUE, NOBODY
from training.simulation.population import HOBBY_GIFTS, SKIP_READINESS
from training.simulation.simulate import (
    DIFFICULTIES,
    Simulated,
    SimulationConfig,
    simulate,
    write,
)
from training.simulation.world import VALUES

LISTS = ("hobbies", "favourite_items", "favourite_movies", "gift_history")


@pytest.fixture(scope="module")
def many() -> Simulated:
    return simulate(SimulationConfig(rows=20_000, seed=7))


@pytest.fixture(scope="module")
def few() -> Simulated:
    return simulate(SimulationConfig(rows=300, seed=7))


# --- shape -----------------------------------------------------------------------------------------


def test_frame_has_the_profile_fields_in_order(few: Simulated) -> None:
    assert list(few.frame.columns) == [spec.name for spec in declared_fields(Profile)]
    assert len(few.frame) == len(few.truth) == 300


def test_every_row_is_a_valid_profile(many: Simulated, tmp_path: Path) -> None:
    write(replace(many, frame=many.frame.head(2_000)), tmp_path / "profiles.jsonl")
    for line in (tmp_path / "profiles.jsonl").read_text(encoding="utf-8").splitlines():
        Profile.model_validate_json(line)


def test_same_configuration_gives_the_same_profiles(few: Simulated) -> None:
    again = simulate(SimulationConfig(rows=300, seed=7))
    pd.testing.assert_frame_equal(few.frame, again.frame)
    assert (few.truth == again.truth).all()


def test_other_seed_gives_other_profiles(few: Simulated) -> None:
    assert not few.frame.equals(simulate(SimulationConfig(rows=300, seed=8)).frame)


def test_values_are_normalised() -> None:
    assert all(value == normalise(value) for values in VALUES.values() for value in values)


# --- what is planted -------------------------------------------------------------------------------


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


# --- how people answer -----------------------------------------------------------------------------


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


# --- the posterior ---------------------------------------------------------------------------------


def test_posterior_rows_sum_to_one(few: Simulated) -> None:
    chances = few.posterior()
    assert chances.shape == (300, 6)
    assert few.kinds == (*(persona.key for persona in CATALOGUE[:5]), NOBODY)
    np.testing.assert_allclose(chances.sum(axis=1), 1)


@pytest.fixture(
    scope="module",
    params=[
        SimulationConfig(rows=10_000, seed=1),
        SimulationConfig(rows=10_000, seed=2, overlap=DIFFICULTIES["hard"], noise=0.3, missing=0.4),
    ],
    ids=["easy", "hard, noisy and patchy"],
)
def weighed(request: pytest.FixtureRequest) -> tuple[Simulated, FloatArray]:
    simulated = simulate(request.param)
    return simulated, simulated.posterior()


def test_posterior_is_calibrated(weighed: tuple[Simulated, FloatArray]) -> None:
    simulated, posterior = weighed
    for chances, kind in zip(posterior.T, simulated.kinds, strict=True):
        came_true = simulated.truth == kind
        for rows in np.array_split(np.argsort(chances, kind="stable"), 20):
            expected = chances[rows].sum()
            spread = np.sqrt((chances[rows] * (1 - chances[rows])).sum())
            assert abs(came_true[rows].sum() - expected) < 4 * spread + 1, kind


def test_answers_and_gaps_add_nothing_to_the_posterior(weighed: tuple[Simulated, FloatArray]) -> None:
    simulated, posterior = weighed
    truth = simulated.truth[:, None] == np.array(simulated.kinds, dtype=object)
    signs = _signs(simulated.frame)
    left_over = signs.T @ (truth - posterior)
    spread = np.sqrt(signs.T @ (posterior * (1 - posterior)) + 1)
    assert np.abs(left_over / spread).max() < 4.5


def _signs(frame: pd.DataFrame) -> FloatArray:
    """What a profile shows, 0 or 1: each missing answer, each value given."""
    values = [pd.get_dummies(frame[name].explode(), prefix=name).groupby(level=0).max() for name in VALUES]
    return pd.concat([frame.isna(), *values], axis=1).to_numpy(dtype=np.float64)


def test_empty_profiles_have_a_posterior_near_the_prior() -> None:
    simulated = simulate(SimulationConfig(rows=20_000, missing=0.9, noise=0))
    chances = simulated.posterior()[simulated.frame.isna().all(axis=1).to_numpy()]
    assert len(chances) > 50
    np.testing.assert_allclose(chances, np.tile(chances[0], (len(chances), 1)))
    np.testing.assert_allclose(chances[0], simulated.world.prior, atol=0.05)


def test_agreement_falls_with_overlap() -> None:
    overlaps = (0.0, *DIFFICULTIES.values(), 1.0)
    ceilings = [_ceiling(SimulationConfig(rows=2_000, overlap=overlap)) for overlap in overlaps]
    assert ceilings == sorted(ceilings, reverse=True)
    assert ceilings[0] > 0.95
    assert ceilings[-1] < 0.01


def test_named_difficulties_have_the_stated_ceilings() -> None:
    for overlap, stated in zip(DIFFICULTIES.values(), (0.89, 0.73, 0.55), strict=True):
        assert _ceiling(SimulationConfig(rows=5_000, overlap=overlap)) == pytest.approx(stated, abs=0.03)


def _ceiling(config: SimulationConfig) -> float:
    simulated = simulate(config)
    somebody = simulated.planted
    return float(adjusted_rand_score(simulated.truth[somebody], simulated.best_persona()[somebody]))


# --- files -----------------------------------------------------------------------------------------


def test_csv_distinguishes_a_missing_list_from_an_empty_one(many: Simulated, tmp_path: Path) -> None:
    write(many, tmp_path / "profiles.csv")
    cells = pd.read_csv(tmp_path / "profiles.csv", dtype=str, keep_default_na=False)["hobbies"]
    values = many.frame["hobbies"]
    assert (cells[values.isna()] == "").all()
    assert (cells[values.map(lambda hobbies: hobbies == [])] == "[]").all()
    several = values.map(lambda hobbies: hobbies is not None and len(hobbies) > 1)
    assert (cells[several] == values[several].map(";".join)).all()


def test_json_lines_hold_lists_and_nulls(few: Simulated, tmp_path: Path) -> None:
    write(few, tmp_path / "profiles.jsonl")
    with (tmp_path / "profiles.jsonl").open(encoding="utf-8") as lines:
        hobbies = [json.loads(line)["hobbies"] for line in lines]
    assert hobbies == few.frame["hobbies"].tolist()


def test_parquet_round_trips(few: Simulated, tmp_path: Path) -> None:
    write(few, tmp_path / "profiles.parquet")
    back = pd.read_parquet(tmp_path / "profiles.parquet")
    assert back["age"].equals(few.frame["age"])
    hobbies = [None if values is None else list(values) for values in back["hobbies"]]
    assert hobbies == few.frame["hobbies"].tolist()


def test_truth_is_written_only_on_request(few: Simulated, tmp_path: Path) -> None:
    write(few, tmp_path / "plain.csv")
    write(few, tmp_path / "labelled.csv", with_truth=True)
    assert TRUTH_COLUMN not in pd.read_csv(tmp_path / "plain.csv").columns
    assert pd.read_csv(tmp_path / "labelled.csv")[TRUTH_COLUMN].tolist() == few.truth.tolist()


def test_unknown_suffix_is_refused(few: Simulated, tmp_path: Path) -> None:
    with pytest.raises(UnusableInput, match="parquet"):
        write(few, tmp_path / "profiles.xlsx")


# --- the configuration -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "knobs",
    [
        {"rows": 0},
        {"personas": 0},
        {"personas": len(CATALOGUE) + 1},
        {"personas": ()},
        {"personas": ("holiday_generalist", "holiday_generalist")},
        {"personas": ("somebody_else",)},
        {"weights": (1.0,)},
        {"weights": (1.0, 1.0, 1.0, 1.0, 0.0)},
        {"overlap": 1.1},
        {"overlap": float("nan")},
        {"noise": -0.1},
        {"missing": 2.0},
        {"seed": -1},
    ],
)
def test_impossible_setting_is_refused(knobs: dict[str, object]) -> None:
    with pytest.raises(UnusableInput):
        SimulationConfig(**{"rows": 10, **knobs})  # type: ignore[arg-type]


def test_configuration_is_immutable() -> None:
    with pytest.raises(FrozenInstanceError):
        SimulationConfig(rows=10).rows = 20  # type: ignore[misc]


@pytest.mark.parametrize("knob", ["overlap", "noise", "missing"])
@pytest.mark.parametrize("value", [0.0, 1.0])
def test_extreme_settings_simulate(knob: str, value: float) -> None:
    simulated = simulate(SimulationConfig(rows=200, **{knob: value}))  # type: ignore[arg-type]
    np.testing.assert_allclose(simulated.posterior().sum(axis=1), 1)


def test_every_catalogue_persona_can_be_planted_alone() -> None:
    for key in BY_KEY:
        assert set(simulate(SimulationConfig(rows=20, personas=(key,), noise=0)).truth) == {key}
