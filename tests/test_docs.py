"""The documents name everything that there is, and nothing that there is not."""

import argparse
import ast
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import service.commands.main
import training.commands.main
from docs.generate.commands import commands_of
from docs.generate.decisions import decision_files
from docs.generate.registry import DOCUMENTS
from docs.generate.routes import openapi_document, routes_of
from models.profile import Profile
from models.profile.field_kinds import declared_fields
from service.http.error_table import BY_STATUS, TABLE
from service.observability.metrics import Metrics
from service.security.scopes import Scope
from service.settings import Settings
from testkit import ROOT

LONGEST_README = 150
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`[^`\n]+`|^    .+$|^```.*?^```", re.MULTILINE | re.DOTALL)
_ROOMS = "models|training|service|client|docs|benchmarks|testkit|tests|checks|notebooks"
_FILE = re.compile(rf"(?<![\w./-])(?:{_ROOMS})/[\w./*-]*\w(?:/|\b)")
_MODULE = re.compile(rf"(?<![\w./-])(?:{_ROOMS})(?:\.[A-Za-z_]\w*)+\b")
_TEST = re.compile(r"(?<![\w/])test_\w+\.py\b")
# What a document may name although it is no file of the project: data, an example, names of loggers.
_NOT_TRACKED = ("models/artifacts", "service/commands/count.py")
_LOGGERS = frozenset({"service.access", "service.users", "service.retraining"})


def reference(page: str) -> str:
    """The text of a page of the reference."""
    return (ROOT / "docs" / "reference" / page).read_text(encoding="utf-8")


@cache
def documents() -> tuple[Path, ...]:
    """All documents for people; the changelog alone names what is no more."""
    return tuple(path for path in tracked("*.md") if path.name != "CHANGELOG.md")


def tracked(*patterns: str) -> list[Path]:
    """The files that git tracks or would track."""
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    return [path for name in listing if (path := ROOT / name).exists()]


def code_of(path: Path) -> str:
    """What a document quotes as code."""
    return "\n".join(_CODE.findall(path.read_text(encoding="utf-8")))


# --- the reference ---------------------------------------------------------------------------------


def test_every_route_is_described_and_no_other() -> None:
    described = re.findall(r"^## `([A-Z]+ [^`]+)`$", reference("routes.md"), re.MULTILINE)
    assert described == [route.name for route in routes_of(openapi_document())]


@pytest.mark.parametrize("scope", list(Scope))
def test_every_scope_is_described(scope: Scope) -> None:
    assert f"| `{scope}` |" in reference("routes.md")


@pytest.mark.parametrize("name", list(Settings.model_fields))
def test_every_setting_is_described(name: str) -> None:
    assert f"| `{name.upper()}` |" in reference("settings.md")


@pytest.mark.parametrize(
    ("module", "parser"),
    [("training", training.commands.main.parser()), ("service", service.commands.main.parser())],
)
def test_every_command_is_described_with_its_options(module: str, parser: argparse.ArgumentParser) -> None:
    page = reference("commands.md")
    for command, _, options in commands_of(f"python -m {module}", parser):
        section = page.partition(f"### `{command}`\n")[2].partition("\n### ")[0]
        named = [option for action in options._actions for option in action.option_strings]
        stated = [option for option in named if option.startswith("--") and option != "--help"]
        assert [option for option in stated if f"`{option}" not in section] == []


def test_every_metric_is_described_and_no_other() -> None:
    families = Metrics().registry.collect()
    names = {f"{family.name}_total" if family.type == "counter" else family.name for family in families}
    assert set(re.findall(r"^\| `(segments_\w+)` \|", reference("metrics.md"), re.MULTILINE)) == names


def test_every_field_of_the_profile_is_described_and_no_other() -> None:
    described = re.findall(r"^\| `(\w+)` \|", reference("profile.md"), re.MULTILINE)
    assert described == [spec.name for spec in declared_fields(Profile)]


def test_every_problem_is_described() -> None:
    described = re.findall(r"`urn:segments:problem:([\w-]+)`", reference("errors.md"))
    assert {kind.name for kind in (*TABLE.values(), *BY_STATUS.values())} <= set(described)


# --- all documents ---------------------------------------------------------------------------------


def test_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= LONGEST_README


def test_index_links_to_every_page() -> None:
    index = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    linked = {(ROOT / "docs" / target.partition("#")[0]).resolve() for target in _LINK.findall(index)}
    pages = {path for path in documents() if path.is_relative_to(ROOT / "docs")}
    assert {path for path in pages if "decisions" not in path.parts} - linked == {ROOT / "docs" / "index.md"}


@pytest.mark.parametrize(
    "path",
    [path for path in documents() if path.name != "template.md"],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_links_lead_to_files_and_headings_that_exist(path: Path) -> None:
    assert [target for target in _LINK.findall(_without_code(path)) if not _is_reachable(path, target)] == []


@pytest.mark.parametrize("path", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_files_and_modules_that_a_document_names_exist(path: Path) -> None:
    code = code_of(path)
    files = [name for name in _FILE.findall(code) if not _is_file(name)]
    modules = [name for name in _MODULE.findall(code) if not _is_module(name)]
    tests = [name for name in _TEST.findall(code) if not list((ROOT / "tests").rglob(name))]
    assert [*files, *modules, *tests] == []


def test_documents_that_code_names_exist() -> None:
    named = {
        (path, name)
        for path in tracked("*.py", "*.toml", "*.yml", "Makefile", "Dockerfile")
        for name in re.findall(r"\bdocs/[\w/-]+\.md\b|\bdocs/decisions/\d{4}\b", path.read_text("utf-8"))
    }
    examples = ROOT / "tests" / "checks"
    assert [(path.name, name) for path, name in named if not _is_file(name) and examples not in path.parents] == []


def test_every_generated_page_says_so() -> None:
    pages = [path for path in DOCUMENTS if path.endswith(".md")]
    assert [path for path in pages if "Generated by `make docs`" not in (ROOT / path).read_text("utf-8")] == []


@pytest.mark.parametrize("path", decision_files(), ids=lambda path: path.name)
def test_decisions_have_the_parts_of_the_template(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert re.match(rf"# {path.name[:4]} \S", text)
    parts = re.findall(r"^\*\*([A-Z][\w ]+)\.\*\*", text, re.MULTILINE)
    assert parts[:2] == ["Status", "Decision"]
    assert "Why" in parts
    assert "\n**Reconsider when**" in text


def test_architecture_names_every_room() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    rooms = [
        f"{entry.name}/" if entry.is_dir() else entry.name
        for package in ("models", "training", "service")
        for entry in (ROOT / package).iterdir()
        if entry.suffix == ".py" or (entry / "__init__.py").exists()
    ]
    assert [room for room in rooms if f"`{room}`" not in text and not room.startswith("__")] == []


def test_superseding_decisions_name_each_other() -> None:
    status = {
        path.name[:4]: path.read_text("utf-8").partition("**Status.**")[2].split("\n\n")[0]
        for path in decision_files()
    }
    for number, text in status.items():
        for word, answer in (("superseded by", "supersedes"), ("supersedes", "superseded by")):
            for other in re.findall(rf"{word} \[(\d{{4}})\]", text, re.IGNORECASE):
                assert re.search(rf"{answer} \[{number}\]", status[other], re.IGNORECASE), (number, other)


def _without_code(path: Path) -> str:
    return _CODE.sub("", path.read_text(encoding="utf-8"))


def _is_reachable(page: Path, target: str) -> bool:
    if re.match(r"[a-z]+:", target):
        return True
    name, _, anchor = target.partition("#")
    file = (page.parent / name) if name else page
    return file.exists() and (not anchor or anchor in _anchors(file))


def _anchors(page: Path) -> set[str]:
    """The anchors that GitHub gives to the headings of a page."""
    headings = _HEADING.findall(_FENCED.sub("", page.read_text(encoding="utf-8")))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def _is_file(name: str) -> bool:
    if name.startswith(_NOT_TRACKED):
        return True
    if re.fullmatch(r"docs/decisions/\d{4}", name):
        return any(ROOT.glob(f"{name}-*.md"))
    if "*" in name:
        return any(ROOT.glob(name.rstrip("/")))
    return (ROOT / name).exists() or (ROOT / f"{name}.py").exists()


def _is_module(name: str) -> bool:
    """Whether a dotted name is a module or a package, or something that one defines."""
    return name in _LOGGERS or any(_defines(*parts) for parts in _splits(name))


def _splits(name: str) -> Iterator[tuple[Path, list[str]]]:
    words = name.split(".")
    for count in range(len(words), 0, -1):
        yield ROOT.joinpath(*words[:count]), words[count:]


def _defines(module: Path, names: list[str]) -> bool:
    file = module.with_suffix(".py") if module.with_suffix(".py").exists() else module / "__init__.py"
    if not names:
        return file.exists() or module.is_dir()
    return file.exists() and names[0] in _top_level_names(file)


@cache
def _top_level_names(file: Path) -> frozenset[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    return frozenset(names | {node.name for node in tree.body if hasattr(node, "name")})
