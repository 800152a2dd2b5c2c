"""The notebook runs from top to bottom, and its stored outputs are those of a run."""

import re

import pytest
from nbformat import NotebookNode, validate

from notebooks.execute import execute, read, tidied

pytestmark = pytest.mark.timeout(300)

# These prepare; every other cell has something to show.
SILENT = {"setup", "run"}
NUMBER = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?(?:e[+-]?\d+)?")
ABSOLUTE = re.compile(r"/(?:builds|home|opt|private|root|tmp|usr|Users|var|work)/|\b[A-Z]:\\")


@pytest.fixture(scope="module")
def stored() -> NotebookNode:
    return read()


@pytest.fixture(scope="module")
def executed(stored: NotebookNode) -> NotebookNode:
    return execute(stored)


def code_cells(notebook: NotebookNode) -> dict[str, NotebookNode]:
    return {cell.id: cell for cell in notebook.cells if cell.cell_type == "code"}


def words(cell: NotebookNode) -> str:
    """The plain text of a cell's outputs; that of a figure describes it."""
    texts = [out.text if out.output_type == "stream" else out.data["text/plain"] for out in cell.outputs]
    return " ".join(" ".join(texts).split())


def everything(cell: NotebookNode) -> str:
    """All that a cell's outputs hold as text, in every form."""
    texts = [out.text if out.output_type == "stream" else str(_without_pictures(out)) for out in cell.outputs]
    return "\n".join(texts)


def _without_pictures(output: NotebookNode) -> dict[str, object]:
    data = {kind: content for kind, content in output.data.items() if not kind.startswith("image/")}
    return {"data": data, "metadata": output.metadata}


def agree(one: str, other: str) -> bool:
    """The same words around the same numbers; another processor may round a last digit otherwise."""
    if NUMBER.split(one) != NUMBER.split(other):
        return False
    pairs = zip(map(_number, NUMBER.findall(one)), map(_number, NUMBER.findall(other)), strict=True)
    return all(a == pytest.approx(b, rel=0.02, abs=0.011) for a, b in pairs)


def _number(text: str) -> float:
    return float(text.replace(",", ""))


def test_notebook_runs_from_top_to_bottom_without_a_warning(executed: NotebookNode) -> None:
    streams = {out.name for cell in code_cells(executed).values() for out in cell.outputs if "name" in out}
    assert streams <= {"stdout"}


def test_stored_outputs_are_those_of_a_run(stored: NotebookNode, executed: NotebookNode) -> None:
    now = code_cells(executed)
    stale = [name for name, cell in code_cells(stored).items() if not agree(words(cell), words(now[name]))]
    assert stale == [], "python -m notebooks.execute stores the outputs of today"


def test_every_cell_with_an_output_stores_it(stored: NotebookNode, executed: NotebookNode) -> None:
    for notebook in (stored, executed):
        empty = {name for name, cell in code_cells(notebook).items() if not words(cell)}
        assert empty == SILENT


def test_figures_are_stored_as_pictures(stored: NotebookNode, executed: NotebookNode) -> None:
    for notebook in (stored, executed):
        drawn = {name for name, cell in code_cells(notebook).items() if "figure(report" in cell.source}
        pictured = {
            name
            for name, cell in code_cells(notebook).items()
            if any("image/png" in out.get("data", {}) for out in cell.outputs)
        }
        assert pictured == drawn
        assert len(drawn) >= 10


def test_stored_outputs_name_no_machine_and_no_time(stored: NotebookNode) -> None:
    validate(stored)
    assert tidied(stored) == stored
    cells = code_cells(stored)
    assert [cell.execution_count for cell in cells.values()] == list(range(1, len(cells) + 1))
    assert [name for name, cell in cells.items() if ABSOLUTE.search(everything(cell))] == []
    assert [name for name, cell in cells.items() if "Warning" in everything(cell)] == []


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("5 personas, 0.30", "5 personas, 0.31", True),
        ("5,000 profiles", "5,001 profiles", True),
        ("5 personas", "6 personas", False),
        ("0.30 of all", "0.34 of all", False),
        ("tech givers 5", "book givers 5", False),
    ],
)
def test_outputs_may_differ_in_the_last_digit_alone(one: str, other: str, same: bool) -> None:
    assert agree(one, other) == same
