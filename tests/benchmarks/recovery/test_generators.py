"""The generators in the benchmark: their tasks, their draws, and their tables."""

import argparse
from pathlib import Path

import numpy as np
import pytest

from benchmarks.recovery.cache import Cache, Result
from benchmarks.recovery.command import add_options, run
from benchmarks.recovery.draws import Cell, draw, permuted
from benchmarks.recovery.features import features
from benchmarks.recovery.generators.drawn import Draw
from benchmarks.recovery.generators.registry import GENERATORS, VARIANTS
from benchmarks.recovery.generators.tables.planted_tables import WITH_CLASSES
from benchmarks.recovery.measure import Plan, measure
from benchmarks.recovery.methods import Ours, fingerprint
from benchmarks.recovery.peers import Plain
from benchmarks.recovery.table import origin, report
from models.profile.field_kinds import declared_fields
from training.data.dataset import from_frame
from training.errors import UnusableInput
from training.progress import Silent

OF_ALL = [(name, generator.variants[0]) for name, generator in GENERATORS.items()]


def drawn_of(name: str, variant: str, rows: int = 200) -> Draw:
    return draw(Cell(variant, rows, GENERATORS[name].personas(variant), name), 1)


@pytest.mark.parametrize(("name", "variant"), OF_ALL)
def test_draw_is_made_of_valid_profiles_with_labels(name: str, variant: str) -> None:
    drawn = drawn_of(name, variant)
    assert len(drawn.dataset) == len(drawn.truth) == len(drawn.planted) == len(drawn.best) == 200
    assert 0.3 < drawn.ceiling <= 1
    assert drawn.agreement(np.unique(drawn.truth, return_inverse=True)[1]) == pytest.approx(1.0)


@pytest.mark.parametrize(("name", "variant"), OF_ALL)
def test_shuffled_draw_is_made_of_valid_profiles_with_the_same_margins(name: str, variant: str) -> None:
    drawn = drawn_of(name, variant)
    for items in (False, True):
        shuffled = permuted(drawn.frame, 1, items=items)
        assert len(from_frame(shuffled, drawn.profile_class)) == 200
        assert (shuffled.isna().sum() == drawn.frame.isna().sum()).all()


@pytest.mark.parametrize(("name", "variant"), OF_ALL)
def test_shuffled_draw_says_nothing_of_the_labels(name: str, variant: str) -> None:
    drawn = drawn_of(name, variant, rows=1_000)
    clusters = Plain().clusters(permuted(drawn.frame, 1), 3, drawn.profile_class)
    assert drawn.agreement(clusters) == pytest.approx(0.0, abs=0.03)


@pytest.mark.parametrize(
    ("name", "variant"), [("second", "without_lists"), ("tables", "iris"), ("tables", "digits")]
)
def test_peers_get_all_fields_that_there_are(name: str, variant: str) -> None:
    drawn = drawn_of(name, variant)
    tables = features(drawn.frame, 0.0, drawn.profile_class)
    singles = {spec.name for spec in declared_fields(drawn.profile_class) if spec.kind.name != "multi_label"}
    assert {*tables.numbers, *tables.categories} == singles & set(drawn.frame)
    assert tables.items.empty == (variant != "digits")


def test_plan_of_all_generators_has_every_variant() -> None:
    plan = Plan((Plain(),), ("share",), rows=(300,), draws=1, generators=tuple(GENERATORS))
    cells = [task.cell for task in plan.tasks()]
    assert {cell.difficulty for cell in cells} == set(VARIANTS)
    assert {cell.difficulty: cell.personas for cell in cells if cell.difficulty in WITH_CLASSES} == WITH_CLASSES


def test_planted_numbers_are_those_that_a_table_has() -> None:
    plan = Plan((), ("k",), ("iris", "digits", "breast_cancer"), (300,), draws=1, generators=("tables",))
    counts = [(task.cell.difficulty, task.cell.personas) for task in plan.tasks()]
    of_digits = [("digits", count) for count in (3, 4, 5, 6)]
    assert counts == [("iris", 3), *of_digits, ("breast_cancer", 2)]


def test_items_are_shuffled_where_there_are_lists() -> None:
    plan = Plan((), ("permuted", "permuted_items"), rows=(300,), permuted=1, generators=("second", "tables"))
    parts = {(task.cell.generator, task.what) for task in plan.tasks()}
    assert parts == {("second", "permuted"), ("second", "permuted_items"), ("tables", "permuted")}


def test_results_of_one_generator_stay_when_another_changes() -> None:
    assert fingerprint(Ours(), "ours") != fingerprint(Ours(), "second")
    assert fingerprint(Plain()) == fingerprint(Plain(), "ours")


def test_changed_file_is_measured_again(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("height\n1.5\n1.6")
    before = fingerprint(Plain(), "tables", str(path))
    path.write_text("height\n1.5\n1.7")
    assert fingerprint(Plain(), "tables", str(path)) != before


def test_file_that_is_not_there_is_refused_before_the_measurement() -> None:
    plan = Plan((Plain(),), ("share",), ("no_such.csv",), (300,), generators=("tables",))
    with pytest.raises(UnusableInput, match=r"Cannot read the table no_such\.csv"):
        plan.tasks()


def test_stored_results_without_a_generator_are_those_of_our_simulator(tmp_path: Path) -> None:
    [task] = Plan((Plain(),), ("share",), ("easy",), (300,), draws=1).tasks()
    path = tmp_path / "cache.jsonl"
    Cache(path).put(Result(task, 0.5, 1.0, 0.1))
    path.write_text(path.read_text().replace(', "generator": "ours"', ""))
    result = Cache(path).get(task)
    assert result is not None
    assert result.value == 0.5


def test_report_has_a_section_for_each_generator_and_one_overview() -> None:
    plan = Plan((Ours(),), ("share", "k", "permuted"), (), (300,), 1, 1, tuple(GENERATORS))
    results = [Result(task, task.cell.personas, 5.0, 0.1) for task in plan.tasks()]
    text = report(results, plan, origin("…", plan))
    for generator in GENERATORS.values():
        assert f"\n## {generator.title}\n" in text
    assert "| tables | iris | 0.60 | 1 of 1 | 1 of 1 | 0 of 1 |" in text
    assert "| second | hard | 1.00 | 4 of 4 | 4 of 4 | – |" in text
    assert "| breast cancer | 300 | 2 | – | – | – | – | 1 of 1 | 1 of 1 |" in text


def test_command_measures_a_table_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(150, 3)).round(3)
    path.write_text("\n".join(["height,weight,income", *(",".join(map(str, row)) for row in rows)]))
    parser = argparse.ArgumentParser()
    add_options(parser)
    words = f"--generator tables --difficulty {path} --methods plain --what share --rows 200 --draws 1"
    run(parser.parse_args([*words.split(), "--out", str(tmp_path / "out.md")]), Silent())
    assert "| people | 200 | 0." in (tmp_path / "out.md").read_text()


def test_difficulty_that_no_chosen_generator_has_is_refused(tmp_path: Path) -> None:
    parser = argparse.ArgumentParser()
    add_options(parser)
    words = f"--generator second --difficulty iris --methods plain --out {tmp_path / 'out.md'}"
    options = parser.parse_args(words.split())
    with pytest.raises(UnusableInput, match="second has none of --difficulty iris"):
        run(options, Silent())


def test_every_method_gets_the_profile_class_of_the_draw() -> None:
    plan = Plan((Ours(), Plain()), ("share", "k"), ("iris",), (200,), draws=1, generators=("tables",))
    results = measure(plan, Cache(), Silent())
    assert [result.task.method for result in results] == ["ours", "plain", "ours"]
    assert min(result.share for result in results[:2]) > 0.4
