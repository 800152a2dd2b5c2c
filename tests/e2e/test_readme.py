"""The README's requests work as printed, and print what it shows.

`UPDATE_README=1 python -m pytest tests/e2e/test_readme.py` writes what they print now.
"""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from testkit import ROOT
from testkit.server import serving

README = ROOT / "README.md"
BLOCK = re.compile(r"```console\n\$ (?P<command>curl [^\n]+)\n(?P<output>.*?)```", re.DOTALL)
CHANGING = re.compile(r'("(?:model_version|\w+_at)": )"[^"]*"')


@pytest.fixture(scope="module")
def printed(starter: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    """What the README's requests print when asked one after the other."""
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


def same(found: Any, told: Any) -> bool:
    """Equal, numbers within what differs between machines."""
    if isinstance(found, dict) and isinstance(told, dict):
        return list(found) == list(told) and all(same(found[key], told[key]) for key in found)
    if isinstance(found, list) and isinstance(told, list):
        return len(found) == len(told) and all(map(same, found, told))
    return bool(found == pytest.approx(told, abs=1e-6)) if isinstance(found, float) else bool(found == told)


def test_requests_of_the_readme_print_what_it_shows(printed: list[str]) -> None:
    text = README.read_text(encoding="utf-8")
    if os.environ.get("UPDATE_README"):
        outputs = iter(printed)
        text = BLOCK.sub(lambda m: f"```console\n$ {m['command']}\n{next(outputs)}```", text)
        README.write_text(text, encoding="utf-8")
    told = [match["output"] for match in BLOCK.finditer(text)]
    assert len(told) == 3
    for found, output in zip(printed, told, strict=True):
        masked = [json.loads(CHANGING.sub(r'\1"…"', body)) for body in (found, output)]
        assert same(*masked)
