"""Replaced words are found in names and in prose, and allowed names are not."""

from pathlib import Path

import pytest

from checks.__main__ import RULES
from checks.vocabulary import Rule, read_rules, replaced_words

RULE = Rule(
    use="main entrance",
    names=["side_door"],
    whole=["thing"],
    modules=["alley"],
    prose=["side doors?"],
    allowed=["side_door_*", "service/settings.py:side_door"],
)


def hits(folder: Path, text: str, name: str = "service/module.py") -> list[str]:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return [*replaced_words(folder, [Path(name)], [RULE])]


@pytest.mark.parametrize(
    "code",
    [
        "side_door = 1",
        "class SideDoor: ...",
        "def test_the_side_door_answers(): ...",
        "def f(*, side_door): ...",
        "self.side_door = 1",
        "import fast as side_door",
        "try: ...\nexcept OSError as side_door: ...",
        "for thing in []: ...",
        "SIDE_DOOR: int",
    ],
)
def test_replaced_name_is_found_where_it_is_defined(tmp_path: Path, code: str) -> None:
    [message] = hits(tmp_path, code)
    assert message.startswith(f"service/module.py:{len(code.splitlines())}: ")
    assert message.endswith(" → main entrance")


@pytest.mark.parametrize("code", ["use(side_door)", "something = anything", "sidedoor = 1", "x = 'side_door'"])
def test_use_of_a_name_and_longer_words_are_not_found(tmp_path: Path, code: str) -> None:
    assert hits(tmp_path, code) == []


@pytest.mark.parametrize(
    ("code", "line"),
    [
        ('"""Takes the side door."""', 1),
        ('"""One.\n\nTwo side doors.\n"""', 3),
        ("x = 1  # The Side Door.", 1),
        ("\nraise ValueError('no side door here')", 2),
        ("x = f'no side door to {x}'", 1),
        ("# as `side_door` does", 1),
    ],
)
def test_replaced_prose_is_found_with_its_line(tmp_path: Path, code: str, line: int) -> None:
    [message] = hits(tmp_path, code)
    assert message.startswith(f"service/module.py:{line}: ")


def test_documents_are_read_as_prose_and_their_code_as_names(tmp_path: Path) -> None:
    text = "A side door.\n\n```\nside_door()\neach = 1\n```\n\nSee `SideDoor`, `side_door_limit`.\n"
    lines = [message.split(":")[1] for message in hits(tmp_path, text, "docs/page.md")]
    assert lines == ["1", "4", "8"]


def test_templates_are_read_without_their_tags(tmp_path: Path) -> None:
    text = "{% if report.side_door %}<p>{{ the.side door }}</p>\n<p>One side door.</p>{% endif %}"
    assert hits(tmp_path, text, "training/page.html.j2") == ["training/page.html.j2:2: side door → main entrance"]


def test_replaced_module_is_found_by_its_path(tmp_path: Path) -> None:
    assert hits(tmp_path, "", "service/alley.py") == ["service/alley.py:1: alley → main entrance"]


def test_allowed_names_are_not_found(tmp_path: Path) -> None:
    assert hits(tmp_path, "side_door_seconds = 1") == []
    assert hits(tmp_path, "side_door = 1", "service/settings.py") == []


def test_rule_is_about_its_files_alone() -> None:
    rule = Rule(use="maximum", names=["limit"], only_in=["training/acceptance/*"])
    assert rule.applies_to(Path("training/acceptance/checks.py"))
    assert not rule.applies_to(Path("training/pipeline.py"))


def test_every_rule_of_the_project_says_what_to_use() -> None:
    assert all(rule.use and (rule.names or rule.whole or rule.modules or rule.prose) for rule in read_rules(RULES))
