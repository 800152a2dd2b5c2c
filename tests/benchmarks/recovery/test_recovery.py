"""The benchmark of recovery: its measurements, its stored results, and its tables."""

import argparse
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from benchmarks.recovery.__main__ import main
from benchmarks.recovery.cache import Cache, Result
from benchmarks.recovery.command import add_options, run
from benchmarks.recovery.draws import FIRST_SEED, Cell, draw, permuted
from benchmarks.recovery.generators.drawn import Draw
from benchmarks.recovery.measure import Plan, measure
from benchmarks.recovery.methods import Method, Ours, chosen_methods, fingerprint
from benchmarks.recovery.peers import FactorAnalysis, KPrototypes, LatentClass, Plain, quietly, require
from benchmarks.recovery.table import origin, report
from training.errors import UnusableInput
from training.progress import Silent

PEERS: tuple[Method, ...] = (KPrototypes(n_init=1), LatentClass(n_init=1), FactorAnalysis(n_init=1))
TINY = Plan((Ours(), Plain()), ("share",), ("easy",), (300,), draws=2)


@pytest.fixture(scope="module")
def drawn() -> Draw:
    return draw(Cell("easy", 300), FIRST_SEED)


@pytest.fixture(scope="module")
def results() -> list[Result]:
    return measure(TINY, Cache(), Silent())


class Recorder:
    """Progress that records its steps."""

    def __init__(self) -> None:
        self.steps: list[str] = []

    def step(self, name: str, share: float) -> None:
        self.steps.append(name)

    def message(self, sentence: str) -> None:
        self.steps.append(sentence)


# --- measurement -----------------------------------------------------------------------------------


def test_truth_agrees_with_itself_whatever_unplanted_profiles_get(drawn: Draw) -> None:
    clusters = np.unique(drawn.truth, return_inverse=True)[1]
    assert drawn.agreement(np.where(drawn.planted, clusters, 0)) == pytest.approx(1.0)


def test_random_clusters_agree_by_chance_only(drawn: Draw) -> None:
    clusters = np.random.default_rng(0).integers(5, size=len(drawn.truth))
    assert drawn.agreement(clusters) == pytest.approx(0.0, abs=0.05)


def test_no_method_exceeds_the_ceiling_beyond_noise(results: list[Result]) -> None:
    for name in ("ours", "plain"):
        assert np.mean([result.share for result in results if result.task.method == name]) < 1.05


def test_easy_personas_are_recovered(results: list[Result]) -> None:
    assert min(result.share for result in results if result.task.method == "ours") > 0.5


def test_every_method_gets_the_same_draw(results: list[Result]) -> None:
    ceilings = {(result.task.seed, result.ceiling) for result in results}
    assert len(ceilings) == TINY.draws


def test_permuted_frame_has_the_same_margins_and_other_rows(drawn: Draw) -> None:
    shuffled = permuted(drawn.frame, seed=1)
    for name in drawn.frame.columns:
        assert sorted(map(str, shuffled[name])) == sorted(map(str, drawn.frame[name]))
    assert not shuffled.equals(drawn.frame)


def test_permuted_items_have_the_same_counts_and_other_lists(drawn: Draw) -> None:
    shuffled = permuted(drawn.frame, seed=1, items=True)
    for name in ("hobbies", "gift_history"):
        before, after = (frame[name].explode().value_counts().sort_index() for frame in (drawn.frame, shuffled))
        assert before.equals(after)
        assert drawn.frame[name].isna().sum() == shuffled[name].isna().sum()
    lists = {name: sorted(map(str, drawn.frame[name])) != sorted(map(str, shuffled[name])) for name in shuffled}
    assert lists["hobbies"]
    assert not lists["age"]


def test_plan_has_every_method_in_every_draw_of_every_cell() -> None:
    plan = Plan((Ours(), Plain()), ("share", "k", "permuted"), ("easy", "hard"), (300, 600), draws=3, permuted=7)
    count = {what: sum(task.what == what for task in plan.tasks()) for what in plan.parts}
    assert count == {"share": 2 * 2 * 2 * 3, "k": 2 * 2 * 4 * 3, "permuted": 2 * 7}


# --- stored results --------------------------------------------------------------------------------


def test_interrupted_run_resumes(results: list[Result], tmp_path: Path) -> None:
    path = tmp_path / "cache.jsonl"
    for result in results[:-1]:
        Cache(path).put(result)
    path.write_text(path.read_text() + '\n{"task": {"what"')  # cut off
    recorder = Recorder()
    again = measure(TINY, Cache(path), recorder)
    assert recorder.steps == [f"plain: 5 planted, ours, easy, 300 rows, seed {FIRST_SEED + 1}", "measured"]
    assert [result.value for result in again] == [result.value for result in results]


def test_line_after_a_truncated_one_is_read(results: list[Result], tmp_path: Path) -> None:
    path = tmp_path / "cache.jsonl"
    path.write_text('{"task": {"what"')
    Cache(path).put(results[0])
    assert Cache(path).get(results[0].task) == results[0]


def test_other_settings_are_measured_again() -> None:
    assert fingerprint(Plain(n_init=11)) != fingerprint(Plain())
    assert fingerprint(Plain()) == fingerprint(Plain())


def test_cache_that_cannot_be_written_is_an_error(results: list[Result], tmp_path: Path) -> None:
    with pytest.raises(UnusableInput, match="Cannot write"):
        Cache(tmp_path / "no" / "folder" / "cache.jsonl").put(results[0])


# --- the peers -------------------------------------------------------------------------------------


@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.name)
def test_peer_clusters_every_profile(peer: Method, drawn: Draw) -> None:
    absent = [package for package in peer.packages if find_spec(package) is None]
    if absent:
        pytest.skip(f"{absent[0]} is not installed: it is in requirements-peers.txt")
    with quietly():
        clusters = peer.clusters(drawn.frame, 5)
    assert clusters.shape == drawn.truth.shape
    assert set(clusters) <= set(range(5))


def test_missing_package_is_refused_with_the_command_that_installs_it() -> None:
    with pytest.raises(UnusableInput, match=r"no_such_package.*--require-hashes -r requirements-peers\.txt"):
        require(("no_such_package",))


def test_unknown_method_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UnusableInput, match=r"no method dbscan.*ours, k-prototypes, latent-class, famd, plain"):
        chosen_methods(["ours", "dbscan"])


# --- tables and the command ------------------------------------------------------------------------


def test_table_has_a_row_for_each_cell_and_a_column_for_each_method(results: list[Result]) -> None:
    text = report(results, TINY, origin("python -m benchmarks.recovery", TINY))
    assert "| difficulty | profiles | ceiling | ours | one-hot + PCA + K-Means |" in text
    assert text.count("| easy | 300 | 0.") == 1
    assert "not independent figures" in text.replace("\n", " ")


def test_counts_of_personas_are_listed_as_exact_and_within_one() -> None:
    plan = replace(TINY, parts=("k",), draws=1)
    tasks = plan.tasks()
    off = [Result(task, task.cell.personas + number // 2, 0.0, 0.1) for number, task in enumerate(tasks)]
    text = report(off, plan, origin("…", plan))
    assert "| easy | 300 | 3 | 4 | 6 | 7 | 2 of 4 | 4 of 4 |" in text


def test_command_writes_all_sections(tmp_path: Path) -> None:
    parser = argparse.ArgumentParser()
    add_options(parser)
    out = tmp_path / "RECOVERY.md"
    words = "--draws 1 --permuted 1 --rows 250 --difficulty easy --methods ours,plain"
    run(parser.parse_args([*words.split(), "--out", str(out)]), Silent())
    text = out.read_text(encoding="utf-8")
    assert "benchmarks.recovery --draws 1 --permuted 1 --rows 250" in text
    assert "## How many personas" in text
    assert "## Where nothing links the fields" in text
    assert "## Where there is nothing to find" in text


def test_unknown_choice_is_refused_with_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    parser = argparse.ArgumentParser()
    add_options(parser)
    with pytest.raises(SystemExit):
        parser.parse_args(["--difficulty", "impossible"])
    assert "must be some of easy, medium, hard" in capsys.readouterr().err


def test_command_line_writes_the_chosen_table(tmp_path: Path) -> None:
    few = ["--methods", "plain", "--what", "share", "--rows", "200", "--draws", "1", "--difficulty", "easy"]
    assert main([*few, "--out", str(tmp_path / "tables.md")]) == 0
    assert "The share of what is possible" in (tmp_path / "tables.md").read_text()
