"""The sheet to judge personas by: a panel for each criterion, a bar for each persona."""

from collections.abc import Callable
from typing import Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from training.report.content.part import Table
from training.report.content.segments import Posteriors, SheetRow
from training.report.document import Report
from training.report.drawing import style
from training.report.plots.plot import Plot
from training.text import listed, percent

# Title, what a row says of it (0–1, or None), and how it is written.
_CRITERIA: Final[tuple[tuple[str, Callable[[SheetRow], float | None], Callable[[float], str]], ...]] = (
    ("Size", lambda row: row.share, percent),
    ("Distinct\n(silhouette)", lambda row: row.silhouette, "{:.2f}".format),
    ("Sure\n(posterior)", lambda row: row.posterior, "{:.2f}".format),
    ("Reachable\n(answered)", lambda row: row.reach, percent),
    ("Stable\n(Jaccard)", lambda row: row.stability, "{:.2f}".format),
)


def draw_sheet(report: Report) -> Figure | None:
    """A small panel for each criterion that was measured."""
    rows = _rows(report)
    shown = [one for one in _CRITERIA if any(one[1](row) is not None for row in rows)]
    if not rows or not shown:
        return None
    labels = style.persona_labels(report, 1.5)
    figure = style.canvas(1.2 + style.height_of(labels, 0.3), "The personas side by side, as segments")
    panels = style.panels(figure, 1, len(shown), sharey=True)
    for axes, (title, value, written) in zip(panels, shown, strict=True):
        _panel(axes, [value(row) for row in rows], written)
        axes.set_title(title, fontsize=style.SMALL)
    panels[0].set_yticks(range(len(rows)), labels)
    panels[0].set_ylim(len(rows) - 0.4, -0.6)
    return figure


def describe_sheet(report: Report) -> str:
    """The sentence of every persona."""
    return " ".join(row.sentence for row in _rows(report)) or "There are no personas to judge side by side."


def table_of_sheet(report: Report) -> Table:
    """All criteria, and how sure the model is as a whole."""
    return Table(
        caption="The personas by the criteria for a segment",
        columns=(
            "Persona", "Size", "Share", "Silhouette", "Mean posterior", "Entropy R²", "Reached", "Defining fields",
            "Stability", "Markers",
        ),
        rows=tuple(
            (
                persona.name,
                f"{row.size:,}",
                percent(row.share),
                _number(row.silhouette),
                _number(row.posterior),
                _number(row.entropy_r2),
                "–" if row.reach is None else percent(row.reach),
                listed(row.fields) or "–",
                _number(row.stability),
                str(row.markers),
            )
            for persona, row in zip(report.personas, _rows(report), strict=False)
        ),
    )  # fmt: skip


def finding_of_sheet(report: Report) -> str:
    """How sure the model is, with its three measures."""
    sure = None if report.segments is None else report.segments.posteriors
    return "" if sure is None else f"{sure.sentence} {_measures(sure)}"


def _measures(sure: Posteriors) -> str:
    numbers = [
        ("entropy R²", sure.entropy_r2),
        ("normalised entropy", sure.normalised_entropy),
        ("classification R²", sure.classification_r2),
    ]
    measured = [f"{name} {value:.2f}" for name, value in numbers if value is not None]
    return f"Of {sure.rows:,} profiles: {listed(measured)}; 1 would be certain, 0 no better than a guess."


def _rows(report: Report) -> tuple[SheetRow, ...]:
    return () if report.segments is None else report.segments.sheet


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _panel(axes: Axes, values: list[float | None], written: Callable[[float], str]) -> None:
    lengths = [max(value or 0.0, 0.0) for value in values]
    words = ["–" if value is None else written(value) for value in values]
    colours = [style.colour(cluster) for cluster in range(len(values))]
    bars = axes.barh(range(len(values)), lengths, 0.66, color=colours)
    axes.bar_label(bars, words, padding=3, fontsize=7)
    axes.set(xlim=(0, max(*lengths, 0.01) * 1.55), xticks=[])
    axes.grid(visible=False)


PLOTS: Final = (
    Plot(
        name="sheet",
        draw=draw_sheet,
        describe=describe_sheet,
        caption="One row a persona. Size: share of the profiles. Sure: mean probability of the own persona. "
        "Reachable: share of the members who answer the fields that define the persona.",
        finding=finding_of_sheet,
        table=table_of_sheet,
    ),
)
