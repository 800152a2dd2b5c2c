"""The benchmark of partial profiles: its masks, its rivals, its tables and its figure."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.partial_profiles.cache import Cache, Measured
from benchmarks.partial_profiles.cases import (
    NO_TRUTH,
    Case,
    Setting,
    Truth,
    generated,
    matching_personas,
    surveyed,
)
from benchmarks.partial_profiles.figure import draw_curves
from benchmarks.partial_profiles.hiding import hide, known_fields, random_sets
from benchmarks.partial_profiles.measure import Tally, accuracy, binned, error, merged, noise, tallies
from benchmarks.partial_profiles.question_order import ORDERS, curves
from benchmarks.partial_profiles.results import Results, misses
from benchmarks.partial_profiles.rivals import RIVALS
from benchmarks.partial_profiles.table import question_curves, report
from models.profile import Profile
from models.scoring.columns import FloatArray, take
from testkit import ROOT
from training.data.dataset import read_dataset
from training.data.mapping.mapping import load_mapping
from training.report.drawing.saving import saved

# The survey is not part of this project; this variable names its file where it is available.
SURVEY = os.environ.get("YOUNG_PEOPLE_SURVEY")
QUICK = tuple(rival for rival in RIVALS if rival.name != "gradient boosting")


OURS = RIVALS[:1]
TRUTHS: tuple[Truth, ...] = ("complete", "planted")
EASY = Setting("ours", "easy", 1_500)


@pytest.fixture(scope="module")
def case() -> Case:
    return generated(EASY, 1, tested=300)


@pytest.fixture(scope="module")
def second() -> Case:
    return generated(Setting("second", "easy", 1_500), 1, tested=600)


@pytest.fixture(scope="module")
def measured_tallies(case: Case) -> list[Tally]:
    return list(tallies(case, 1, QUICK))


def bins(measured: list[Tally], rival: str, *hidden: int, truth: Truth = "complete") -> FloatArray:
    return merged(measured, rival, truth, hidden)


def right(measured: list[Tally], rival: str, *hidden: int, truth: Truth = "complete") -> float:
    return accuracy(bins(measured, rival, *hidden, truth=truth))


def with_boosting(measured: list[Tally]) -> tuple[Tally, ...]:
    """The tallies, and those of our rule once more as those of the slowest method."""
    ours = (tally for tally in measured if tally.rival == "ours")
    return (*measured, *(replace(tally, rival="gradient boosting") for tally in ours))


def tally(truth: Truth, hidden: int, probability: float, share: float) -> Tally:
    """A tally of ours of 1,000 trials of one probability, of which a share is correct."""
    outcomes = np.arange(1_000) < 1_000 * share
    rows = binned(outcomes, np.full(1_000, probability)).tolist()
    return Tally("ours", truth, hidden, tuple(map(tuple, rows)), sure=True)


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


def test_planted_personas_match_those_that_share_most_profiles() -> None:
    planted = np.array([0, 0, 0, 1, 1, 1, 2, NO_TRUTH])
    clusters = np.array([2, 2, 0, 0, 0, 1, 0, 1])
    assert matching_personas(planted, clusters, 3).tolist() == [2, 0, 1]


def test_planted_persona_without_a_match_is_never_right() -> None:
    planted, clusters = np.array([0, 0, 1, 2, 2]), np.array([1, 1, 0, 0, 0])
    assert matching_personas(planted, clusters, 2).tolist() == [1, 2, 0]


def test_no_planted_persona_needs_no_match() -> None:
    assert len(matching_personas(np.full(3, NO_TRUTH), np.zeros(3, np.int64), 2)) == 0


def test_people_of_no_persona_have_no_planted_truth(case: Case) -> None:
    without = (case.truths["planted"] == NO_TRUTH).mean()
    # The simulator's share of them is 0.05.
    assert 0.01 < without < 0.10
    assert set(np.unique(case.truths["planted"])) == {NO_TRUTH, *range(case.scorer.personas)}


def test_profiles_with_gaps_are_judged_by_the_planted_persona_alone(second: Case) -> None:
    gaps = ~known_fields(second.tested, second.training.names).all(axis=1)
    assert gaps.any()
    assert set(second.truths["complete"][gaps]) == {NO_TRUTH}
    assert (second.truths["complete"][~gaps] != NO_TRUTH).all()


def test_training_and_test_profiles_of_the_second_generator_share_their_personas(second: Case) -> None:
    measured = list(tallies(second, 1, OURS))
    assert right(measured, "ours", 0, truth="planted") > 0.5
    assert second.ceiling is not None
    assert right(measured, "ours", 0, truth="planted") < second.ceiling


def test_size_of_the_training_data_does_not_change_the_test_profiles() -> None:
    setting = Setting("second", "without_lists", 300)
    few, more = (generated(replace(setting, rows=rows), 3, tested=50) for rows in (300, 400))
    assert few.people.profiles(np.arange(20)) == more.people.profiles(np.arange(20))


def test_rule_gives_the_complete_profiles_persona_with_nothing_hidden(measured_tallies: list[Tally]) -> None:
    assert right(measured_tallies, "ours", 0) == right(measured_tallies, "mode filling", 0) == 1.0
    assert right(measured_tallies, "nearest centroid", 0) < 1.0
    assert error(bins(measured_tallies, "ours", 0)) == 0.0


def test_planted_persona_is_rarer_than_the_complete_profiles(measured_tallies: list[Tally], case: Case) -> None:
    share = right(measured_tallies, "ours", 0, truth="planted")
    assert case.ceiling is not None
    assert 0.85 < share < 1.0
    assert share < case.ceiling + 0.02


def test_confidence_falls_as_more_is_hidden(measured_tallies: list[Tally]) -> None:
    means = [bins(measured_tallies, "ours", count, truth="planted")[:, 1].sum() for count in (0, 4, 8)]
    assert means == sorted(means, reverse=True)


def test_adding_no_evidence_beats_filling_where_much_is_hidden(measured_tallies: list[Tally]) -> None:
    much = (5, 6, 7, 8)
    for truth in TRUTHS:
        ours = right(measured_tallies, "ours", *much, truth=truth)
        assert ours > right(measured_tallies, "mode filling", *much, truth=truth)
        assert ours >= right(measured_tallies, "nearest centroid", *much, truth=truth)


def test_rule_is_as_good_as_a_classifier_trained_on_masked_profiles(measured_tallies: list[Tally]) -> None:
    some = range(1, 7)
    for truth in TRUTHS:
        ours = right(measured_tallies, "ours", *some, truth=truth)
        assert ours > right(measured_tallies, "logistic regression", *some, truth=truth) - 0.01
    assert error(bins(measured_tallies, "ours", *some)) < 0.05


def test_probabilities_that_are_too_high_have_that_much_error() -> None:
    own = bins([tally("planted", 1, 0.9, 0.7)], "ours", 1, truth="planted")
    assert error(own) == pytest.approx(0.2)


def test_noise_is_the_mean_error_of_perfect_probabilities() -> None:
    rng = np.random.default_rng(0)
    chances = rng.beta(4, 1, 2_000)
    errors = [error(binned(rng.random(2_000) < chances, chances)) for _ in range(400)]
    assert noise(binned(np.ones(2_000, np.bool_), chances)) == pytest.approx(np.mean(errors), rel=0.05)


def test_models_are_measured_one_by_one() -> None:
    sure, modest = tally("complete", 1, 0.9, 0.8), tally("complete", 1, 0.7, 0.8)
    results = Results(EASY, (Measured((sure,), {}), Measured((modest,), {})))
    assert results.mean(error, "ours", "complete", [1]) == pytest.approx(0.1)


def test_folds_of_a_survey_are_measured_together() -> None:
    folds = tuple(Measured((tally("complete", 1, 0.9, share),), {}) for share in (0.8, 1.0))
    assert Results(Setting("survey"), folds).mean(error, "ours", "complete", [1]) == pytest.approx(0.0)


def test_missed_targets_are_listed_with_their_direction() -> None:
    measured = Measured((tally("planted", 0, 0.7, 0.7), tally("planted", 5, 0.6, 0.75)), {})
    (sentence,) = misses([Results(EASY, (measured,))])
    assert "`confidence`, our simulator, easy, 1,500 profiles: 0.150 with 5 hidden, above 0.03" in sentence
    assert "0.150 too low on average" in sentence


def test_met_targets_and_more_hidden_fields_than_judged_are_not_listed() -> None:
    measured = Measured((tally("complete", 1, 0.8, 0.79), tally("complete", 7, 0.9, 0.5)), {})
    assert misses([Results(EASY, (measured,))]) == []


def test_methods_that_are_better_calibrated_than_ours_are_named() -> None:
    off = [tally("planted", hidden, 0.9, 0.8) for hidden in (0, 1)]
    exact = [tally("planted", hidden, 0.8, 0.8) for hidden in (0, 1)]
    planted = [*off, *(replace(one, rival=rival.name) for one in exact for rival in RIVALS[1:])]
    complete = [replace(one, truth="complete") for one in planted]
    measured = Measured((*planted, *complete), {order: [0.5, 1.0] for order in ORDERS}, 0.9)
    text = report({Setting("second", "hard", 5_000): [measured]}, "")
    assert "- second generator, hard, 5,000 profiles: gradient boosting (0.000, ours 0.100)." in text
    assert "off by more than 0.06: `confidence`, second generator, hard, 5,000 profiles (0.100)." in text
    assert "+0.100" in text


def test_suggested_order_finds_the_persona_sooner(case: Case) -> None:
    by_order = curves(case, 60)
    assert set(by_order) == set(ORDERS)
    assert all(curve[-1] == 1.0 for curve in by_order.values())
    assert np.mean(by_order["suggested"]) > np.mean(by_order["random"]) + 0.05


def test_questions_are_of_complete_profiles_alone(second: Case) -> None:
    assert all(curve[-1] == 1.0 for curve in curves(second, 20).values())


def test_interrupted_run_resumes(measured_tallies: list[Tally], tmp_path: Path) -> None:
    measured = Measured(tuple(measured_tallies), {order: [0.5, 1.0] for order in ORDERS}, 0.96)
    path = tmp_path / "cache.jsonl"
    Cache(path).get("easy|1", lambda: measured)
    path.write_text(path.read_text() + '\n{"name": "cut o')

    def never() -> Measured:
        raise AssertionError

    assert Cache(path).get("easy|1", never) == measured


def test_tables_name_every_method_and_the_figure_is_drawn(measured_tallies: list[Tally]) -> None:
    whole = with_boosting(measured_tallies)
    many = replace(EASY, rows=5_000)
    measured = {
        many: [Measured(whole, {order: [0.2, 0.9] for order in ORDERS}, 0.97)],
        EASY: [Measured(whole, {}, 0.97)],
    }
    text = report(measured, "python -m benchmarks.partial_profiles")
    assert [rival.name for rival in RIVALS if f"| {rival.name} |" not in text] == []
    assert "## Our simulator, easy, 5,000 profiles" in text
    assert "## Our simulator, easy, 1,500 profiles" in text
    by_setting = question_curves(measured)
    assert list(by_setting) == ["our simulator, easy"]
    assert saved(draw_curves(by_setting), "svg")


@pytest.mark.skipif(not SURVEY, reason="YOUNG_PEOPLE_SURVEY does not name the file of the survey")
def test_survey_is_measured() -> None:
    mapping = load_mapping(ROOT / "training/mappings/young_people_survey.toml")
    dataset = read_dataset(Path(str(SURVEY)), Profile, mapping)
    case = surveyed(dataset, 0)
    assert list(case.truths) == ["complete"]
    measured_tallies = list(tallies(case, 2, QUICK))
    assert right(measured_tallies, "ours", 1, 2) > right(measured_tallies, "mode filling", 1, 2)
