"""The simulator: profiles that look like life, and a posterior that means what it says."""

import json
from dataclasses import FrozenInstanceError, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from models.profile import Profile
from models.profile.field_kinds import declared_fields
from models.profile.vocabulary import normalise
from training.data.headers import TRUTH_COLUMN
from training.errors import UnusableInput
from training.simulation.planted import BY_KEY, CATALOGUE
from training.simulation.simulate import (
    Simulated,
    SimulationConfig,
    simulate,
    write,
)
from training.simulation.world import VALUES

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
