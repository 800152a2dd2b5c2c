"""The commands: exit codes, sentences, and what they leave."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.recovery.__main__ import main as benchmark_recovery
from models.storage.registry import ACTIVE, Registry
from testkit import ROOT
from training.commands.main import main

FEW = ["--simulate", "300", "--k", "2", "--no-report"]


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one version, the active one."""
    folder = tmp_path_factory.mktemp("versions")
    assert main(["fit", *FEW, "--force", "--out", str(folder)]) == 0
    return folder


@pytest.fixture
def profiles(tmp_path: Path) -> Path:
    path = tmp_path / "profiles.csv"
    path.write_text("user_id,age,hobbies\n" + "a,20,chess;go\nb,60,\nc,old,yoga\n" + "d,30,yoga\n" * 7)
    return path


def test_fit_with_force_activates_its_version(out: Path) -> None:
    registry = Registry(out)
    assert [registry.active()] == registry.versions()


def test_model_with_failed_checks_is_written_but_not_activated(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["fit", "--simulate", "60", "--k", "30", "--no-report", "--out", str(tmp_path)]) == 0
    assert len(Registry(tmp_path).versions()) == 1
    assert Registry(tmp_path).active() is None
    assert "written but not activated; --force activates it anyway" in capsys.readouterr().err


def test_no_activate_overrides_force(tmp_path: Path) -> None:
    assert main(["fit", *FEW, "--no-activate", "--force", "--out", str(tmp_path)]) == 0
    assert Registry(tmp_path).active() is None


def test_if_none_leaves_an_active_model_alone(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fit", *FEW, "--if-none", "--out", str(out)]) == 0
    assert "active already" in capsys.readouterr().err
    assert len(Registry(out).versions()) == 1


def test_json_progress_ends_with_the_result(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fit", *FEW, "--no-activate", "--progress", "json", "--out", str(tmp_path)]) == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    shares = [event["progress"] for event in events if "progress" in event]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert events[-1] == {"result": {"version": Registry(tmp_path).versions()[0], "activated": False}}


@pytest.mark.parametrize(
    ("content", "options", "sentence"),
    [
        ("age,hobbies\n", [], "holds no rows"),
        ("age\n20\n", [], "All profiles are the same"),
        ("age\n" + "20\n" * 9, [], "All profiles are the same"),
        ("age\n20\n30\n", ["--k", "3"], "only 2 different profiles"),
        ("age\n" + "young\n" * 9, [], "At most 5% may be refused"),
        ("age\n" + "young\n" * 9, ["--max-refused", "1"], "no profile to train on"),
        ("occupation\nnurse\ncook\n", [], "differ in nothing that a model may learn"),
        ("age,occupation\n20,nurse\n20,cook\n30,\n", ["--k", "3"], "cannot be told apart, only 2"),
        ("age\n20\n30\n", ["--mapping", "nowhere.toml"], "nowhere.toml cannot be read"),
    ],
)
def test_unusable_data_exits_with_a_sentence_and_no_version(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str, options: list[str], sentence: str
) -> None:
    data, folder = tmp_path / "data.csv", tmp_path / "versions"
    data.write_text(content)
    assert main(["fit", "--data", str(data), "--out", str(folder), *options]) == 2
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith("error: ")
    assert sentence in last
    assert not folder.exists() or list(folder.iterdir()) == []


@pytest.mark.parametrize("name", ["nowhere.csv", ".", f"{'long' * 99}.csv"])
def test_missing_data_file_is_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    assert main(["fit", "--data", str(tmp_path / name), "--out", str(tmp_path)]) == 2
    assert "error: " in capsys.readouterr().err


def test_fit_draws_the_report_beside_its_model(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fit", "--simulate", "300", "--k", "2", "--force", "--out", str(tmp_path)]) == 0
    folder = Registry(tmp_path).folder(Registry(tmp_path).required())
    assert f"The report is in {folder / 'report.html'}." in capsys.readouterr().err
    assert (folder / "report.html").read_text().startswith("<!doctype html>")
    assert (folder / "figures" / "sizes.svg").is_file()


def test_unwritable_report_is_reported(out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "figures").write_text("in the way")
    assert main(["report", "active", "--artifacts", str(out), "--out", str(tmp_path)]) == 2
    assert "The report cannot be written into" in capsys.readouterr().err


def test_report_draws_a_version_into_any_folder(out: Path, tmp_path: Path) -> None:
    assert main(["report", "active", "--artifacts", str(out), "--out", str(tmp_path / "page")]) == 0
    assert (tmp_path / "page" / "report.html").is_file()
    assert not (Registry(out).folder(Registry(out).required()) / "report.html").exists()


@pytest.mark.parametrize("model", ["active", "20200101-000000-00000000", "../x"])
def test_report_of_an_unknown_version_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], model: str
) -> None:
    assert main(["report", model, "--artifacts", str(tmp_path)]) == 2
    assert re.search("There is no active model|There is no model version", capsys.readouterr().err)


def test_compare_prints_what_changed(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", "active", "active", "--artifacts", str(out), "--simulate", "200"]) == 0
    assert "All 2 personas live on; no profile changes persona." in capsys.readouterr().out


def test_benchmark_recovery_writes_its_tables(tmp_path: Path) -> None:
    few = ["--methods", "plain", "--what", "share", "--rows", "200", "--draws", "1", "--difficulty", "easy"]
    assert benchmark_recovery([*few, "--out", str(tmp_path / "tables.md")]) == 0
    assert "The share of what is possible" in (tmp_path / "tables.md").read_text()


def test_json_progress_reports_errors(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    nowhere = str(tmp_path / "nowhere.csv")
    assert main(["fit", "--data", nowhere, "--progress", "json", "--out", str(tmp_path)]) == 2
    last = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert "does not exist" in last["error"]


def test_unwritable_folder_is_reported_before_the_fit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    assert main(["fit", *FEW, "--out", str(tmp_path / "file" / "versions")]) == 2
    said = capsys.readouterr().err
    assert "Cannot write below" in said
    assert "K-Means" not in said


def test_damaged_active_pointer_is_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / ACTIVE).write_bytes(b"\xff\xfe")
    assert main(["fit", *FEW, "--if-none", "--out", str(tmp_path)]) == 2
    assert "does not name a version" in capsys.readouterr().err


@pytest.mark.parametrize(
    "options",
    [
        ["--k", "0"],
        ["--k", "many"],
        ["--seed", "-1"],
        ["--max-refused", "nan"],
        ["--simulate", "x"],
        ["--data", "x"],
    ],
)
def test_invalid_options_are_refused(options: list[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["fit", "--simulate", "10", *options])


def test_simulate_writes_profiles_with_their_truth(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    assert main(["simulate", "--rows", "20", "--with-truth", "--overlap", "hard", "--out", str(path)]) == 0
    header, *rows = path.read_text().splitlines()
    assert header.endswith(",persona_truth")
    assert len(rows) == 20


def test_simulate_refuses_a_suffix_that_it_cannot_write(tmp_path: Path) -> None:
    assert main(["simulate", "--rows", "20", "--out", str(tmp_path / "people.txt")]) == 2


def test_score_reports_the_refused_rows(out: Path, profiles: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scored = profiles.with_name("scored.csv")
    given = ["--artifacts", str(out), "--data", str(profiles), "--out", str(scored)]
    assert main(["score", *given, "--max-refused", "0.2"]) == 0
    assert "Refused 1 of 10 rows" in capsys.readouterr().err
    assert [row.split(",")[0] for row in scored.read_text().splitlines()[:4]] == ["user_id", "a", "b", "d"]


@pytest.mark.parametrize(
    ("model", "name", "sentence"),
    [
        ("active", "scored.xls", "use one of .csv, .jsonl, .parquet"),
        ("20200101-000000-00000000", "scored.csv", "There is no model version"),
        ("../x", "scored.csv", "There is no model version"),
    ],
)
def test_score_reports_unusable_input(
    out: Path, profiles: Path, capsys: pytest.CaptureFixture[str], model: str, name: str, sentence: str
) -> None:
    scored = profiles.with_name(name)
    given = ["--artifacts", str(out), "--model", model, "--data", str(profiles), "--out", str(scored)]
    assert main(["score", *given]) == 2
    assert sentence in capsys.readouterr().err
    assert not scored.exists()


def test_run_ends_when_its_parent_is_gone(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "training", "fit", "--simulate", "500000", "--stop-when-stdin-closes"]
    with subprocess.Popen(
        [*command, "--progress", "json", "--out", str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as child:
        assert child.stdin
        assert child.stdout
        assert b"stage" in child.stdout.readline()
        child.stdin.close()
        assert child.wait(timeout=30) == 3
    assert Registry(tmp_path).versions() == []


# --- the model before, and the bounds ---------------------------------------------------------------


def test_refit_carries_the_active_models_personas_on(out: Path, tmp_path: Path) -> None:
    registry = Registry(Path(shutil.copytree(out, tmp_path / "versions")))
    before = registry.manifest(str(registry.active()))
    options = ["--no-activate", "--out", str(registry.root), "--bound", "max_changed_share=1"]
    assert main(["fit", *FEW, *options]) == 0
    assert main(["fit", *FEW, *options, "--previous", "none", "--seed", "5"]) == 0
    # Both may be of one second, and then they stand in no order.
    made = [registry.manifest(version) for version in registry.versions() if version != before.version]
    after, fresh = sorted(made, key=lambda manifest: manifest.previous is None)
    assert (after.previous, fresh.previous) == (before.version, None)
    assert {persona.id for persona in after.personas} == {persona.id for persona in before.personas}
    assert not {persona.id for persona in fresh.personas} & {persona.id for persona in before.personas}


def test_damaged_active_model_does_not_stop_a_refit(
    out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    registry = Registry(Path(shutil.copytree(out, tmp_path / "versions")))
    (registry.folder(str(registry.active())) / "arrays.npz").write_bytes(b"damaged")
    before = registry.active()
    assert main(["fit", *FEW, "--seed", "5", "--out", str(registry.root)]) == 0
    assert "its personas are not carried on" in capsys.readouterr().err
    assert registry.active() == before


@pytest.mark.parametrize("bound", ["max_chnaged_share=1", "max_changed_share=2", "max_born=x", "max_born"])
def test_invalid_bound_option_is_refused(bound: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["fit", *FEW, "--bound", bound])
    assert "--bound" in capsys.readouterr().err


def test_activation_records_who_activated(out: Path) -> None:
    (activation,) = Registry(out).activations()
    assert activation.by == "training fit"
