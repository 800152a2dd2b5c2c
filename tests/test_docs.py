"""The README names every route, setting, command, option and metric."""

import argparse
import re
from collections.abc import Iterator

import pytest

from models.profile import Profile
from models.profile.field_kinds import declared_fields
from service.app import create_app
from service.commands import main
from service.observability.metrics import Metrics
from service.security.scopes import Scope
from service.settings import Settings
from service.store.memory.store import MemoryStore
from testkit import ROOT
from training.commands.main import parser

README = (ROOT / "README.md").read_text(encoding="utf-8")


def routes() -> list[str]:
    paths = create_app(Settings(), store=MemoryStore()).openapi()["paths"]
    return [f"{method.upper()} {path}" for path, methods in paths.items() for method in methods]


def commands(module: str, parser: argparse.ArgumentParser) -> Iterator[tuple[str, list[str]]]:
    [subparsers] = [a for a in parser._actions if isinstance(a, argparse._SubParsersAction)]
    for name, command in subparsers.choices.items():
        if any(isinstance(action, argparse._SubParsersAction) for action in command._actions):
            yield from commands(f"{module} {name}", command)
            continue
        options = [o for a in command._actions for o in a.option_strings if o.startswith("--") and o != "--help"]
        yield f"python -m {module} {name}", options


COMMANDS = [*commands("training", parser()), *commands("service", main.parser())]


@pytest.mark.parametrize("route", routes())
def test_every_route_is_in_the_readme(route: str) -> None:
    assert f"| `{route}` |" in README


def test_the_readme_names_no_route_that_does_not_exist() -> None:
    named = set(re.findall(r"^\| `((?:GET|PUT|POST|PATCH|DELETE) [^`]+)` \|", README, re.MULTILINE))
    assert named - {"GET /docs", "GET /openapi.json"} == set(routes())


@pytest.mark.parametrize("name", list(Settings.model_fields))
def test_every_setting_is_in_the_readme_with_its_default(name: str) -> None:
    default = Settings.model_fields[name].get_default()
    told = "" if default is None else f"`{default}`"
    assert f"| `{name.upper()}` | {told} | {Settings.model_fields[name].description} |" in README


@pytest.mark.parametrize(("command", "options"), COMMANDS, ids=lambda value: str(value))
def test_every_command_is_in_the_readme_with_its_options(command: str, options: list[str]) -> None:
    [row] = [line for line in README.splitlines() if line.startswith(f"| `{command}` |")]
    assert [option for option in options if option not in row] == []


@pytest.mark.parametrize("scope", list(Scope))
def test_every_scope_is_in_the_readme(scope: Scope) -> None:
    assert f"| `{scope}` |" in README


def test_every_metric_is_in_the_readme_and_no_other() -> None:
    families = Metrics().registry.collect()
    names = {f"{f.name}_total" if f.type == "counter" else f.name for f in families}
    assert set(re.findall(r"^\| `(segments_\w+)` \|", README, re.MULTILINE)) == names


def test_every_field_of_the_profile_is_in_the_readme() -> None:
    assert [spec.name for spec in declared_fields(Profile) if f"`{spec.name}`" not in README] == []


def test_links_between_documents_lead_somewhere() -> None:
    pages = [
        ROOT / "README.md",
        ROOT / "CONTRIBUTING.md",
        ROOT / "SECURITY.md",
        *sorted((ROOT / "docs").rglob("*.md")),
    ]
    broken = [
        f"{page.name}: {target}"
        for page in pages
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
        if not (page.parent / target).exists()
    ]
    assert broken == []
