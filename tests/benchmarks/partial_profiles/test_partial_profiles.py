"""The benchmark of partial assignment: honest masks, the same answer for all once nothing is hidden, a figure."""

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

# The survey is not part of this project; this names its file where somebody has it.
SURVEY = os.environ.get("YOUNG_PEOPLE_SURVEY")
QUICK = tuple(rival for rival in RIVALS if rival.name != "gradient boosting")


@pytest.fixture(scope="module")
def case() -> Case:
    return simulated("easy", 1, rows=1_500, tested=300)


@pytest.fixture(scope="module")
def found(case: Case) -> list[Tally]:
    return list(tallies(case, 1, QUICK))


def right(found: list[Tally], rival: str, *hidden: int) -> float:
    return accuracy(merged(found, rival, hidden))


def test_as_many_fields_are_hidden_as_asked_for(case: Case) -> None:
    names = case.training.names
    known = known_fields(case.tested, names)
    hidden = random_sets(known, 4, np.random.default_rng(0))
    assert set(hidden.sum(axis=1)) == {4}
    assert (known_fields(hide(case.tested, names, hidden), names) == known & ~hidden).all()


def test_what_is_not_hidden_stays(case: Case) -> None:
    rows = np.arange(20)
    columns, names = take(case.tested, rows), case.training.names
    nothing = hide(columns, names, np.zeros((20, len(names)), np.bool_))
    np.testing.assert_array_equal(case.scorer.scores(nothing).distances, case.scorer.scores(columns).distances)


def test_with_nothing_hidden_every_rule_gives_the_complete_answer(found: list[Tally]) -> None:
    assert right(found, "ours", 0) == right(found, "zero filling", 0) == right(found, "mode filling", 0) == 1.0
    assert error(merged(found, "ours", [0])) == 0.0


def test_completing_beats_filling_where_much_is_hidden(found: list[Tally]) -> None:
    much = (5, 6, 7, 8)
    assert right(found, "ours", *much) > right(found, "mode filling", *much)
    assert right(found, "ours", *much) >= right(found, "zero filling", *much)


def test_completing_keeps_up_with_what_was_learned_from_masked_profiles(found: list[Tally]) -> None:
    some = range(1, 7)
    assert right(found, "ours", *some) > right(found, "logistic regression", *some) - 0.01
    assert error(merged(found, "ours", some)) < 0.05


def test_the_suggested_order_finds_the_persona_sooner(case: Case) -> None:
    found = curves(case, 60)
    assert set(found) == set(ORDERS)
    assert all(curve[-1] == 1.0 for curve in found.values())
    assert np.mean(found["suggested"]) > np.mean(found["random"]) + 0.05


def test_an_interrupted_run_goes_on(found: list[Tally], tmp_path: Path) -> None:
    measured = Measured(tuple(found), {order: [0.5, 1.0] for order in ORDERS})
    path = tmp_path / "cache.jsonl"
    Cache(path).get("easy|1", lambda: measured)
    path.write_text(path.read_text() + '\n{"name": "cut o')

    def never() -> Measured:
        raise AssertionError

    assert Cache(path).get("easy|1", never) == measured


def test_the_tables_name_every_way_and_the_figure_is_drawn(found: list[Tally]) -> None:
    whole = [
        *found,
        *(Tally("gradient boosting", each.hidden, each.bins, each.sure) for each in found if each.rival == "ours"),
    ]
    measured = {"easy": [Measured(tuple(whole), {order: [0.2, 0.9] for order in ORDERS})]}
    text = report(measured, "python -m benchmarks.partial_profiles")
    assert [rival.name for rival in RIVALS if f"| {rival.name} |" not in text] == []
    assert saved(draw_curves({"easy": measured["easy"][0].curves}), "svg")


@pytest.mark.skipif(not SURVEY, reason="YOUNG_PEOPLE_SURVEY names no file of the survey")
def test_the_survey_can_be_tried() -> None:
    mapping = load_mapping(ROOT / "training/mappings/young_people_survey.toml")
    dataset = read_dataset(Path(str(SURVEY)), Profile, mapping)
    found = list(tallies(surveyed(dataset, 0), 2, QUICK))
    assert right(found, "ours", 1, 2) > right(found, "mode filling", 1, 2)
