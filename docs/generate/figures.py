"""`docs/reference/figures.md`: every figure of a report, by section."""

from collections.abc import Iterator

from docs.generate.markdown import code, page, table
from training.report.plots.registry import PLOTS
from training.report.sections import SECTIONS, Section

INTRODUCTION = """\
What each figure of `report.html` shows, in the order of the page. A figure is left out where a report has no data
for it. All numbers are in `report.json`; figures with a table have their numbers below them on the page as well.
Each figure is also in `figures/`, as SVG and PNG.

How to judge a segmentation by them: [reading the report](../reading-the-report.md)."""


def figures_page() -> str:
    """The page."""
    blocks = (_block(section) for section in SECTIONS if section.plots)
    return page("Figures", INTRODUCTION, *blocks)


def _block(section: Section) -> str:
    figures = table(["Figure", "How to read it", "Table"], _rows(section.plots))
    return f"## {section.title}\n\n{section.lead}\n\n{figures}"


def _rows(names: tuple[str, ...]) -> Iterator[list[str]]:
    plots = {plot.name: plot for plot in PLOTS}
    for name in names:
        plot = plots[name]
        yield [code(name), plot.caption, "–" if plot.table is None else "yes"]
