"""A folder with one version for all tests of commands."""

from pathlib import Path

import pytest

from training.commands.main import main

FEW = ["--simulate", "300", "--k", "2", "--no-report"]


@pytest.fixture(scope="session")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one version, the active one."""
    folder = tmp_path_factory.mktemp("versions")
    assert main(["fit", *FEW, "--force", "--out", str(folder)]) == 0
    return folder
