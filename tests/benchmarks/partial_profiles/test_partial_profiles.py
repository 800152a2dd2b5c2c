"""The benchmark of partial profiles: its masks, its rivals, its tables and its figure."""

import os
from pathlib import Path

import numpy as np
import pytest

from benchmarks.partial_profiles.cache import Cache, Measured
from benchmarks.partial_profiles.figure import draw_curves
from benchmarks.partial_profiles.hiding import hide, known_fields, random_sets
from benchmarks.partial_profiles.measure import Case, Tally, accuracy, error, merged, simulated, surveyed, tallies
from benchmarks.partial_profiles.question_order import ORDERS, curves
from benchmarks.partial_profiles.rivals import RIVALS
from benchmarks.partial_profiles.table import report
from models.profile import Profile
from models.scoring.columns import take
from testkit import ROOT
from training.data.dataset import read_dataset
from training.data.mapping import load_mapping
from training.report.drawing.saving import saved

# The survey is not part of this project; this variable names its file where it is available.
SURVEY = os.environ.get("YOUNG_PEOPLE_SURVEY")
QUICK = tuple(rival for rival in RIVALS if rival.name != "gradient boosting")


@pytest.fixture(scope="module")
def case() -> Case:
    return simulated("easy", 1, rows=1_500, tested=300)


@pytest.fixture(scope="module")
def measured_tallies(case: Case) -> list[Tally]:
    return list(tallies(case, 1, QUICK))


def right(measured: list[Tally], rival: str, *hidden: int) -> float:
    return accuracy(merged(measured, rival, hidden))


def test_requested_number_of_fields_is_hidden(case: Case) -> None:
    names = case.training.names
    answered = known_fields(case.tested, names)
    hidden = random_sets(answered, 4, np.random.default_rng(0))
    assert set(hidden.sum(axis=1)) == {4}
    assert (known_fields(hide(case.tested, names, hidden), names) == answered & ~hidden).all()


def test_fields_that_are_not_hidden_stay(case: Case) -> None:
    rows = np.arange(20)
    columns, names = take(case.tested, rows), case.training.names
    nothing = hide(columns, names, np.zeros((20, len(names)), np.bool_))
    np.testing.assert_array_equal(case.scorer.distances(nothing), case.scorer.distances(columns))
    np.testing.assert_array_equal(case.scorer.scores(nothing).clusters, case.scorer.scores(columns).clusters)


def test_rule_gives_the_complete_profiles_persona_with_nothing_hidden(measured_tallies: list[Tally]) -> None:
    assert right(measured_tallies, "ours", 0) == right(measured_tallies, "mode filling", 0) == 1.0
    assert right(measured_tallies, "nearest centroid", 0) < 1.0
    assert error(merged(measured_tallies, "ours", [0])) == 0.0


def test_adding_no_evidence_beats_filling_where_much_is_hidden(measured_tallies: list[Tally]) -> None:
    much = (5, 6, 7, 8)
    assert right(measured_tallies, "ours", *much) > right(measured_tallies, "mode filling", *much)
    assert right(measured_tallies, "ours", *much) >= right(measured_tallies, "nearest centroid", *much)


def test_imputation_is_as_good_as_a_classifier_trained_on_masked_profiles(measured_tallies: list[Tally]) -> None:
    some = range(1, 7)
    assert right(measured_tallies, "ours", *some) > right(measured_tallies, "logistic regression", *some) - 0.01
    assert error(merged(measured_tallies, "ours", some)) < 0.05


def test_suggested_order_finds_the_persona_sooner(case: Case) -> None:
    by_order = curves(case, 60)
    assert set(by_order) == set(ORDERS)
    assert all(curve[-1] == 1.0 for curve in by_order.values())
    assert np.mean(by_order["suggested"]) > np.mean(by_order["random"]) + 0.05


def test_interrupted_run_resumes(measured_tallies: list[Tally], tmp_path: Path) -> None:
    measured = Measured(tuple(measured_tallies), {order: [0.5, 1.0] for order in ORDERS})
    path = tmp_path / "cache.jsonl"
    Cache(path).get("easy|1", lambda: measured)
    path.write_text(path.read_text() + '\n{"name": "cut o')

    def never() -> Measured:
        raise AssertionError

    assert Cache(path).get("easy|1", never) == measured


def test_tables_name_every_method_and_the_figure_is_drawn(measured_tallies: list[Tally]) -> None:
    whole = [
        *measured_tallies,
        *(
            Tally("gradient boosting", tally.hidden, tally.bins, tally.sure)
            for tally in measured_tallies
            if tally.rival == "ours"
        ),
    ]
    measured = {"easy": [Measured(tuple(whole), {order: [0.2, 0.9] for order in ORDERS})]}
    text = report(measured, "python -m benchmarks.partial_profiles")
    assert [rival.name for rival in RIVALS if f"| {rival.name} |" not in text] == []
    assert saved(draw_curves({"easy": measured["easy"][0].curves}), "svg")


@pytest.mark.skipif(not SURVEY, reason="YOUNG_PEOPLE_SURVEY does not name the file of the survey")
def test_survey_is_measured() -> None:
    mapping = load_mapping(ROOT / "training/mappings/young_people_survey.toml")
    dataset = read_dataset(Path(str(SURVEY)), Profile, mapping)
    measured_tallies = list(tallies(surveyed(dataset, 0), 2, QUICK))
    assert right(measured_tallies, "ours", 1, 2) > right(measured_tallies, "mode filling", 1, 2)
