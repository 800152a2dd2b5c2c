"""The README's requests work as printed, and their responses are those that it shows; so are the example personas.

`UPDATE_README=1 python -m pytest tests/e2e/test_readme.py` writes those of today, laid out to be read.
"""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from models.profile.vocabulary import label
from models.storage.manifest import Manifest
from models.storage.registry import Registry
from testkit import ROOT
from testkit.server import serving
from training.report.page_content import distinctive_gifts
from training.text import number, percent

README = ROOT / "README.md"
EXAMPLES = ROOT / "docs" / "example-personas.md"
TABLE = re.compile(r"(?P<before>from its manifest:\n\n)(?:\|.*\n)+")
WIDTH = 110
# A command goes on after a backslash at the end of a line.
BLOCK = re.compile(r"```console\n\$ (?P<command>curl (?:[^\n\\]|\\.)+)\n(?P<output>.*?)```", re.DOTALL)
CHANGING = re.compile(r'("(?:model_version|\w+_at)": )"[^"]*"')


@pytest.fixture(scope="module")
def responses(starter: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    """The responses to the README's requests, sent one after the other."""
    with serving(tmp_path_factory.mktemp("readme"), starter) as server:
        commands = [match["command"] for match in BLOCK.finditer(README.read_text(encoding="utf-8"))]
        yield [
            subprocess.run(
                command.replace("http://127.0.0.1:8000", server.url),
                shell=True,
                check=True,
                capture_output=True,
                text=True,
            ).stdout
            for command in commands
        ]


def same(value: Any, documented: Any) -> bool:
    """Equal, with keys in the same order; numbers within what differs between machines."""
    if isinstance(value, dict) and isinstance(documented, dict):
        return list(value) == list(documented) and all(same(value[key], documented[key]) for key in value)
    if isinstance(value, list) and isinstance(documented, list):
        return len(value) == len(documented) and all(map(same, value, documented))
    if isinstance(value, float):
        return bool(value == pytest.approx(documented, abs=1e-6))
    return bool(value == documented)


def laid_out(value: Any, indent: str = "") -> str:
    """JSON on as few lines as can be read: what fits on one line is on one, and plain values share lines."""
    line = json.dumps(value, ensure_ascii=False)
    if len(indent) + len(line) <= WIDTH or not isinstance(value, dict | list):
        return line
    inner = indent + "  "
    named = value.items() if isinstance(value, dict) else [("", item) for item in value]
    lines: list[str] = []
    can_share = False
    for name, item in named:
        entry = (f"{json.dumps(name)}: " if isinstance(value, dict) else "") + laid_out(item, inner) + ","
        is_plain = not isinstance(item, dict | list) or not item
        if can_share and is_plain and len(inner) + len(lines[-1]) + len(entry) < WIDTH:
            lines[-1] += f" {entry}"
        else:
            lines.append(entry)
        can_share = is_plain
    body = "\n".join(inner + entry for entry in lines).removesuffix(",")
    start, end = "{}" if isinstance(value, dict) else "[]"
    return f"{start}\n{body}\n{indent}{end}"


def test_requests_of_the_readme_get_the_responses_that_it_shows(responses: list[str]) -> None:
    text = README.read_text(encoding="utf-8")
    if os.environ.get("UPDATE_README"):
        outputs = (laid_out(json.loads(response)) for response in responses)
        text = BLOCK.sub(lambda match: f"```console\n$ {match['command']}\n{next(outputs)}\n```", text)
        README.write_text(text, encoding="utf-8")
    documented = [match["output"] for match in BLOCK.finditer(text)]
    assert len(documented) == 3
    for response, output in zip(responses, documented, strict=True):
        masked = [CHANGING.sub(r'\1"…"', json.dumps(json.loads(body))) for body in (response, output)]
        assert same(*map(json.loads, masked))


def table_of(manifest: Manifest) -> str:
    """The personas of a version as the table of docs/example-personas.md."""
    head = "| Persona | Share | Who they are | Most distinctive gifts |\n|---|---|---|---|\n"
    rows = [
        f"| {persona.name} | {percent(persona.share)} | {persona.sentence} | "
        f"{', '.join(f'{label(gift.category)} ({number(gift.lift)} ×)' for gift in gifts)} |\n"
        for persona in manifest.personas
        for gifts in [distinctive_gifts(persona.gift_affinities)[:2]]
    ]
    return head + "".join(rows)


def test_personas_of_the_starter_model_are_those_of_the_documentation(starter: Path) -> None:
    registry = Registry(starter)
    table = table_of(registry.manifest(registry.required()))
    text = EXAMPLES.read_text(encoding="utf-8")
    if os.environ.get("UPDATE_README"):
        text = TABLE.sub(lambda match: match["before"] + table, text, count=1)
        EXAMPLES.write_text(text, encoding="utf-8")
    assert table in text
