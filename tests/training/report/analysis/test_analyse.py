"""The whole analysis: of any class, any size, the same every time, and of nobody in particular."""

import json
from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from pydantic import BaseModel

from models.profile import Profile
from tests.support.profile_classes import Dog, dogs, fitted_or_rejected, profile_classes
from tests.training.conftest import QUICK as TRAINING
from tests.training.report.conftest import QUICK, report_of
from training.clustering.fit import Fit, fit
from training.config import TrainingConfig
from training.data.dataset import Dataset, from_frame
from training.progress import Silent
from training.report.document import Report
from training.report.settings import AnalysisConfig
from training.simulation.simulate import SimulationConfig, simulate

BARE = AnalysisConfig(bootstraps=0, splits=0, map_rows=0, density=False)


def simulated(rows: int, without: Sequence[str] = ()) -> Dataset:
    return from_frame(simulate(SimulationConfig(rows=rows)).frame.drop(columns=list(without)), Profile)


def analysed(dataset: Dataset, config: TrainingConfig, settings: AnalysisConfig = QUICK) -> Report:
    return report_of(dataset, fit(dataset, config, Silent()), settings, config.k)


def test_report_round_trips_through_json(report: Report) -> None:
    text = json.dumps(report.model_dump(mode="json"), allow_nan=False)
    assert Report.model_validate_json(text) == report


def test_same_fit_gives_the_same_report(dataset: Dataset, fitted: Fit, report: Report) -> None:
    assert report_of(dataset, fitted) == report


def test_details_are_in_the_order_of_the_personas(report: Report) -> None:
    assert len(report.personas) == len(report.details) == len(report.silhouettes) == 5
    assert all(len(row.lifts) == len(row.shares) == 5 for row in report.lifts)
    assert sum(map(len, report.silhouettes)) == report.choice.rows == 1_000


def test_curve_holds_the_stability_of_the_personas() -> None:
    report = analysed(simulated(500), TRAINING.model_copy(update={"k": "auto", "k_max": 6}))
    assert [point.k for point in report.choice.curve] == [1, 2, 3, 4, 5, 6]
    chosen = next(point for point in report.choice.curve if point.k == report.choice.k)
    assert chosen.stability == tuple(detail.stability for detail in report.details)


def test_analyses_that_are_switched_off_are_left_out(dataset: Dataset, fitted: Fit) -> None:
    report = report_of(dataset, fitted, BARE)
    assert (report.maps, report.density) == ((), None)
    assert {detail.stability for detail in report.details} == {None}
    assert report.lifts


def test_value_of_fewer_than_five_profiles_is_in_no_report() -> None:
    frame = simulate(SimulationConfig(rows=300)).frame
    for name in ("relationship", "occupation", "last_gift_category", "occasion", "store_preference"):
        frame[name] = [f"secret {name}" if row < 4 else value for row, value in enumerate(frame[name])]
    for name in ("hobbies", "favourite_items", "favourite_movies", "gift_history"):
        frame[name] = [[f"secret {name}"] if row < 4 else value for row, value in enumerate(frame[name])]
    # Learned against the rule, and still in no report.
    config = TRAINING.model_copy(update={"k": 3, "min_value_count": 1, "rare_share": 0.0})
    assert "secret" not in analysed(from_frame(frame, Profile), config).model_dump_json()


def test_report_of_one_persona_has_no_comparison() -> None:
    report = analysed(simulated(200), TRAINING.model_copy(update={"k": 1}))
    assert report.headline.startswith("One persona, everyone: ")
    assert report.silhouettes == ((),)
    assert (report.details[0].silhouette, report.details[0].stability) == (None, None)
    assert report.lifts == ()


@pytest.mark.parametrize("k", [1, 2, "auto"])
def test_ten_profiles_are_analysed(k: int | Literal["auto"]) -> None:
    report = analysed(simulated(10), TRAINING.model_copy(update={"k": k, "min_value_count": 1}))
    assert report.data.profiles == 10
    assert report.density is None


def test_fields_without_answers_are_analysed() -> None:
    unanswered = ("age", "hobbies", "gift_history", "last_gift_category", "occasion")
    report = analysed(simulated(200, unanswered), TRAINING.model_copy(update={"k": 2}))
    assert (report.history_by_hobby, report.gifts_by_age) == (None, None)
    assert {insight.topic for insight in report.insights} == {"personas", "quality"}


def test_another_profile_class_is_analysed() -> None:
    report = analysed(from_frame(dogs(), Dog), TrainingConfig(k=2, permutations=3, min_value_count=2))
    assert report.density is not None
    assert report.density.sentence == "Both methods see groups with emptier space between them."
    assert [row.title for row in report.snake] == ["weight", "barks", "size"]


@settings(max_examples=10, deadline=None)
@given(profile_classes())
def test_any_profile_class_is_analysed(shape: tuple[type[BaseModel], pd.DataFrame]) -> None:
    profile_class, frame = shape
    repeated = frame.iloc[np.tile(np.arange(len(frame)), 3)].reset_index(drop=True)
    config = TrainingConfig(k=2, permutations=2, references=2, min_value_count=2, n_init=1)
    dataset, settings = from_frame(repeated, profile_class), AnalysisConfig(bootstraps=2, splits=1)
    report = fitted_or_rejected(lambda: analysed(dataset, config, settings))
    assert report.data.profiles == len(repeated)
    json.dumps(report.model_dump(mode="json"), allow_nan=False)
