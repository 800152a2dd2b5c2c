"""The small inputs beside the project, if they are there: each gives what the table of their README says.

Those about HTTP are requests to a running service, and not tried here.
"""

import csv
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from testkit import ROOT
from training.commands.main import main

CASES = ROOT.parent / "shared" / "cases"
_NAMES = re.compile(r"`([\w./]+)`")


class Case(NamedTuple):
    """A file, the mapping that it is read with, the command, and what it must give, as the README says."""

    data: str
    mapping: str | None
    command: str
    must: str


class Outcome(NamedTuple):
    """What a command said, the rows that it wrote, and the values that its model knows."""

    said: str
    rows: list[dict[str, str]]
    values: list[str]


def cases() -> Iterator[Case]:
    """The rows of the table that are about files."""
    readme = CASES / "README.md"
    for line in readme.read_text(encoding="utf-8").splitlines() if readme.is_file() else ():
        cells = [cell.strip() for cell in line.replace("\\|", "/").strip("|").split("|")]
        names = _NAMES.findall(cells[0])
        if len(cells) != 3 or not names or names[0].startswith("http/"):
            continue
        folder = names[0].partition("/")[0]
        paths = [name if "/" in name else f"{folder}/{name}" for name in names]
        mappings = [path for path in paths if path.endswith(".toml")]
        files = [path for path in paths if not path.endswith(".toml")] or ["mapping/customers.csv"]
        for file in files:
            for mapping in mappings or [None]:
                yield Case(file, mapping, "fit" if "fit" in cells[1] else "score", cells[2])


def _every_row(outcome: Outcome) -> bool:
    return len(outcome.rows) >= 60 and "Refused" not in outcome.said


# What must hold, by words of the README's sentence.
EXPECTATIONS: dict[str, Callable[[Outcome], bool]] = {
    "vocabulary, traits or names": lambda outcome: (
        "Read as missing answers: 664 cells" in outcome.said
        and not {"nan", "n/a", "none", "unknown"} & set(outcome.values)
    ),
    "hobbies read as lists": lambda outcome: "lists are read with commas" in outcome.said,
    "readable labels in the figures": lambda outcome: "誕生日" in outcome.values,
    "as written (capitals": lambda outcome: "“Elektronik”" in outcome.said and "lektroniks" not in outcome.said,
    "counts unknown values by field": lambda outcome: (
        _every_row(outcome) and "not know were left out (" in outcome.said
    ),
    "no duplicate is used": lambda outcome: _every_row(outcome) and "occurs more than once" in outcome.said,
    "no row is refused": lambda outcome: _every_row(outcome) and "age: 20, 'N/A' 20" in outcome.said,
    "read, and said how": lambda outcome: (
        _every_row(outcome) and re.search("read with (semicolons|a decimal comma)", outcome.said) is not None
    ),
    "ids that a spreadsheet does not run": lambda outcome: all(
        row["user_id"].startswith("'=HYPERLINK") for row in outcome.rows
    ),
    "NaN is missing": _every_row,
    "customer's id beside each answer": lambda outcome: (
        _every_row(outcome) and outcome.rows[0]["user_id"] == "7318512345678"
    ),
    "one row refused with its line": lambda outcome: (
        # "N/A" is a missing answer in every column, and counted.
        len(outcome.rows) == 300
        and ("budget_range: 1, 'N/A' 1" in outcome.said or "signs of currency" in outcome.said)
    ),
    "ticks": lambda outcome: len(outcome.rows) == 300 and len({row["persona"] for row in outcome.rows}) > 1,
    "read": _every_row,
}


@pytest.mark.skipif(not CASES.is_dir(), reason="the cases are not part of the project")
@pytest.mark.parametrize("case", [*cases()], ids=lambda case: f"{case.data} {case.mapping or ''}")
def test_case_gives_what_the_readme_says(
    case: Case, out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = [
        "--data",
        str(CASES / case.data),
        *(["--mapping", str(CASES / case.mapping)] if case.mapping else []),
    ]
    rows, values = [], []
    if case.command == "fit":
        arguments = ["--out", str(tmp_path), "--k", "3", "--no-report", "--no-activate", "--seed", "1"]
        assert main(["fit", *options, *arguments]) == 0
        (manifest,) = tmp_path.glob("*/manifest.json")
        fields = json.loads(manifest.read_text(encoding="utf-8"))["fields"]
        values = [value for field in fields for value in field["values"]]
    else:
        scored = tmp_path / "scored.csv"
        assert main(["score", "--artifacts", str(out), "--out", str(scored), *options]) == 0
        with scored.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
    expectation = next(check for words, check in EXPECTATIONS.items() if words in case.must)
    assert expectation(Outcome(capsys.readouterr().err, rows, values))
    assert not list(CASES.rglob("*.refused.csv"))
