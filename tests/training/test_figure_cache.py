"""The folder of matplotlib, for a user with a home and for one without."""

import os
import tempfile
from pathlib import Path

import pytest

from training import figure_cache


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Set first, so that it is put back afterwards.
    monkeypatch.setenv(figure_cache.SETTING, "")
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)


def test_user_with_a_home_keeps_the_usual_folder() -> None:
    figure_cache.ensure_folder()
    assert os.environ[figure_cache.SETTING] == ""


def test_chosen_folder_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/dev/null")
    monkeypatch.setenv(figure_cache.SETTING, "/chosen")
    figure_cache.ensure_folder()
    assert os.environ[figure_cache.SETTING] == "/chosen"


@pytest.mark.parametrize("variable", ["HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"])
def test_user_without_a_writable_home_gets_a_folder_for_the_run(
    variable: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, "/dev/null")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    figure_cache.ensure_folder()
    folder = Path(os.environ[figure_cache.SETTING])
    assert folder.is_dir()
    assert folder.parent == tmp_path
