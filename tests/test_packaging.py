"""`pip install .` brings all that the packages need: modules, the files beside them, and two commands."""

import json
import pkgutil
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from testkit import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
SETUPTOOLS = PROJECT["tool"]["setuptools"]
PACKAGES = ("models", "service", "training")
ARTIFACTS = ROOT / "models" / "artifacts"


def files(package: str) -> Iterator[Path]:
    """The package's own files; not those that running, training or an editor leaves in its folders."""
    for path in sorted((ROOT / package).rglob("*")):
        made = "__pycache__" in path.parts or path.name.startswith(".") or path.is_relative_to(ARTIFACTS)
        if path.is_file() and not made:
            yield path


def package_data(package: str) -> set[Path]:
    """What setuptools takes besides modules: its patterns are those of `glob`, from the package's folder."""
    return {path for pattern in SETUPTOOLS["package-data"][package] for path in (ROOT / package).glob(pattern)}


@pytest.mark.parametrize("package", PACKAGES)
def test_every_file_of_a_package_is_installed(package: str) -> None:
    others = {path for path in files(package) if path.suffix != ".py"}
    assert sorted(others - package_data(package)) == []


@pytest.mark.parametrize("package", PACKAGES)
def test_every_module_lies_in_a_package(package: str) -> None:
    # `namespaces = false` keeps folders of templates from being taken for packages, and needs each marked.
    assert SETUPTOOLS["packages"]["find"]["namespaces"] is False
    folders = {path.parent for path in files(package) if path.suffix == ".py"}
    assert sorted(folder for folder in folders if not (folder / "__init__.py").is_file()) == []


def test_only_the_three_packages_are_installed() -> None:
    assert SETUPTOOLS["packages"]["find"]["include"] == [f"{package}*" for package in PACKAGES]
    assert sorted(SETUPTOOLS["package-data"]) == sorted(PACKAGES)


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_says_that_it_is_typed(package: str) -> None:
    assert (ROOT / package / "py.typed").is_file()


@pytest.mark.parametrize("package", PACKAGES)
def test_trained_models_are_not_installed(package: str) -> None:
    assert [path for path in package_data(package) if path.is_relative_to(ARTIFACTS)] == []


@pytest.mark.parametrize("command", sorted(PROJECT["project"]["scripts"]))
def test_an_installed_command_is_a_function(command: str) -> None:
    assert callable(pkgutil.resolve_name(PROJECT["project"]["scripts"][command]))


def test_what_builds_the_package_is_not_needed_to_run_it() -> None:
    locked = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    assert [line for line in locked if line.startswith("setuptools")] == []


def test_lock_of_npm_has_hashes_and_no_address() -> None:
    lock = json.loads((ROOT / "tests/e2e/clients/typescript/package-lock.json").read_text(encoding="utf-8"))
    packages = {name: package for name, package in lock["packages"].items() if name}
    assert all("integrity" in package for package in packages.values())
    assert [name for name, package in packages.items() if "resolved" in package] == []
    assert len(packages) > 3


def test_the_client_is_installed_whole_and_needs_httpx2_alone() -> None:
    project = tomllib.loads((ROOT / "client" / "pyproject.toml").read_text(encoding="utf-8"))
    assert [re.match(r"\w+", name)[0] for name in project["project"]["dependencies"]] == ["httpx2"]  # type: ignore[index]
    package = ROOT / "client" / "backpocket_segments"
    others = {path.name for path in files("client/backpocket_segments") if path.suffix != ".py"}
    assert others == set(project["tool"]["setuptools"]["package-data"]["backpocket_segments"])
    folders = {path.parent for path in package.rglob("*.py")}
    assert sorted(folder for folder in folders if not (folder / "__init__.py").is_file()) == []
