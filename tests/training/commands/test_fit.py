"""`python -m training fit`: what is written, activated and reported."""

import json
import shutil
from pathlib import Path

import pytest

from models.storage.registry import ACTIVE, Registry
from tests.training.commands.conftest import FEW
from training.commands.main import main


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


def test_one_persona_is_not_activated_over_several(out: Path, tmp_path: Path) -> None:
    folder = tmp_path / "versions"
    shutil.copytree(out, folder)
    active = Registry(folder).active()
    arguments = ["--simulate", "300", "--seed", "1", "--k", "1", "--no-report", "--bound", "max_persona_share=1"]
    assert main(["fit", *arguments, "--out", str(folder)]) == 0
    [one] = set(Registry(folder).versions()) - {active}
    assert len(Registry(folder).manifest(one).personas) == 1
    assert Registry(folder).active() == active


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
    assert not folder.exists() or {file.name for file in folder.iterdir()} <= {"data.csv.refused.csv"}


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
