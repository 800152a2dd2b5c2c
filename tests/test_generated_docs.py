"""The generated documents are current, and the command that keeps them so tells the truth."""

from pathlib import Path

import pytest

from docs.generate import __main__ as command
from docs.generate.env_example import env_example
from docs.generate.registry import DOCUMENTS, stale_documents, write_documents
from service.settings import Settings


@pytest.mark.parametrize("path", list(DOCUMENTS))
def test_a_generated_document_is_current(path: str) -> None:
    assert path not in stale_documents(), "`make docs` writes it anew"


def test_only_stale_documents_are_written(tmp_path: Path) -> None:
    documents = {"current.md": lambda: "é\n", "changed.md": lambda: "new\n", "below/missing.md": lambda: "made\n"}
    (tmp_path / "current.md").write_text("é\n", encoding="utf-8")
    (tmp_path / "changed.md").write_text("old\n", encoding="utf-8")
    assert write_documents(tmp_path, documents) == ["changed.md", "below/missing.md"]
    assert stale_documents(tmp_path, documents) == []


def test_the_check_names_stale_documents(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "stale_documents", lambda: ["some/page.md"])
    assert command.main(["--check"]) == 1
    assert "some/page.md" in capsys.readouterr().err


def test_the_check_passes_where_nothing_is_stale(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "stale_documents", list)
    assert command.main(["--check"]) == 0


def test_the_example_sets_nothing_until_a_setting_is_uncommented() -> None:
    lines = [line for line in env_example().splitlines() if line and not line.startswith("#")]
    assert lines == []


def test_the_example_names_every_setting_with_a_value_that_gives_its_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    settings = [line[1:] for line in env_example().splitlines() if line.startswith("#") and line[1:2].isalpha()]
    assert {line.partition("=")[0].lower() for line in settings} == set(Settings.model_fields)
    file = tmp_path / ".env"
    file.write_text("\n".join(line for line in settings if not line.endswith("=")), encoding="utf-8")
    assert Settings(_env_file=file) == Settings(_env_file=None)
