"""`python -m training report`: the page of a version."""

import re
from pathlib import Path

import pytest

from models.storage.registry import Registry
from training.commands.main import main


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
