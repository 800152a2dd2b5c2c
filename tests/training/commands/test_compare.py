"""`python -m training compare`: what changed between two versions."""

import argparse
import dataclasses
import json
import shutil
import sys
from pathlib import Path

import pytest

from models.errors import ModelNotFound, NoActiveModel
from models.profile import Profile
from models.storage.comparison import Comparison
from models.storage.persona_texts import PersonaTexts, write_texts
from models.storage.reading import read_artifact
from training.commands.compare import COMMAND
from training.commands.main import main
from training.errors import UnusableInput
from training.pipeline import Trained
from training.progress import JsonLines, Plain, Progress, Silent


def command(*arguments: object, progress: Progress | None = None) -> None:
    parser = argparse.ArgumentParser()
    COMMAND.add_options(parser)
    COMMAND.run(parser.parse_args(["--simulate", "500", *map(str, arguments)]), progress or Silent())


def test_compare_prints_what_changed(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", "active", "active", "--artifacts", str(out), "--simulate", "200"]) == 0
    assert "All 2 personas live on; no profile changes persona." in capsys.readouterr().out


def test_versions_are_given_by_name_or_path(
    trained: Trained, smaller: Trained, capsys: pytest.CaptureFixture[str]
) -> None:
    command(trained.manifest.version, smaller.folder, "--artifacts", trained.folder.parent)
    said = capsys.readouterr().out
    assert trained.manifest.version in said
    assert smaller.manifest.version in said
    assert "Both models scored 500 simulated profiles" in said


def test_people_s_names_stand_in_a_comparison(
    trained: Trained, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / trained.manifest.version
    shutil.copytree(trained.folder, folder)
    write_texts(tmp_path, {trained.manifest.personas[0].id: PersonaTexts(name="Winterlinge")})
    command(folder, trained.folder)
    assert f"“Winterlinge” is now called “{trained.manifest.personas[0].name}”." in capsys.readouterr().out


def test_models_of_real_people_are_not_compared_on_simulated_ones_unasked(
    trained: Trained, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = trained.manifest.origin.model_copy(update={"simulated": False, "source": "users"})
    manifest = trained.manifest.model_copy(update={"origin": real})
    loaded = dataclasses.replace(read_artifact(trained.folder, Profile), manifest=manifest)
    monkeypatch.setattr("training.commands.compare.read_artifact", lambda *_: loaded)
    parser = argparse.ArgumentParser()
    COMMAND.add_options(parser)
    with pytest.raises(UnusableInput, match=r"trained on real profiles.*--data.*--simulate 10000"):
        COMMAND.run(parser.parse_args([str(trained.folder), str(trained.folder)]), Silent())


def test_json_output_round_trips(trained: Trained, capsys: pytest.CaptureFixture[str]) -> None:
    command(trained.folder, trained.folder, "--json")
    comparison = Comparison.model_validate_json(capsys.readouterr().out)
    assert comparison.reference.simulated
    assert comparison.personas.changed_share == 0.0


def test_json_progress_ends_with_the_comparison(trained: Trained, capsys: pytest.CaptureFixture[str]) -> None:
    command(trained.folder, trained.folder, progress=JsonLines(sys.stdout))
    last = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert last["result"]["after"]["version"] == trained.manifest.version


def test_data_file_is_the_reference_sample(
    trained: Trained, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "people.csv"
    data.write_text("age,hobbies,mood\n30,yoga,good\n50,gardening;diy,bad\n")
    command(trained.folder, trained.folder, "--data", data, progress=Plain(sys.stderr))
    captured = capsys.readouterr()
    assert "Both models scored 2 profiles from people.csv." in captured.out
    assert "mood" in captured.err


def test_unknown_version_is_refused_with_the_existing_ones(trained: Trained) -> None:
    with pytest.raises(ModelNotFound, match=f"holds {trained.manifest.version}. Name one, or give the path"):
        command("20200101-000000-00000000", trained.folder, "--artifacts", trained.folder.parent)


def test_empty_folder_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFound, match=r"holds none\. Name another folder with --artifacts"):
        command("20200101-000000-00000000", "20200101-000000-00000001", "--artifacts", tmp_path)
    with pytest.raises(NoActiveModel, match="Train one"):
        command("active", "active", "--artifacts", tmp_path)


def test_reference_without_profiles_is_refused(trained: Trained, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        command(trained.folder, trained.folder, "--simulate", "0")
    assert "must be at least 1" in capsys.readouterr().err
