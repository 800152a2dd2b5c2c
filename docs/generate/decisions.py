"""`docs/decisions/README.md`: the list of the decisions, with their status."""

import re
from collections.abc import Iterator
from pathlib import Path

from docs.generate.markdown import page, table
from testkit import ROOT

FOLDER = ROOT / "docs" / "decisions"
INTRODUCTION = """\
Choices that are hard to undo, a short note each: what was decided, why, and what would make us reconsider. A
note is not rewritten when the decision changes: a new one supersedes it, and both say so in their status. To add
one, copy the [template](template.md), take the next number, and run `make docs`."""
_TITLE = re.compile(r"^# (\d{4}) (.+)$", re.MULTILINE)
_STATUS = re.compile(r"^\*\*Status\.\*\* (.+?)$", re.MULTILINE)


def decisions_page() -> str:
    """The page."""
    return page("Decisions", INTRODUCTION, table(["", "Decision", "Status"], _rows()))


def decision_files() -> list[Path]:
    """The notes, in the order of their numbers."""
    return sorted(FOLDER.glob("[0-9]*.md"))


def _rows() -> Iterator[list[str]]:
    for file in decision_files():
        text = file.read_text(encoding="utf-8")
        title, status = _TITLE.search(text), _STATUS.search(text)
        if title is None or status is None:
            raise ValueError(
                f"{file.name}: a decision starts with '# NUMBER Title' and has a line '**Status.** …'"
            )
        yield [f"[{title[1]}]({file.name})", title[2], status[1]]
