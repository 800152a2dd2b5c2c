"""Stability over refits: by number of personas, and of each persona."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from training.report.analysis.grades import DISSOLVED, STABLE, agreement_grade
from training.report.content.part import Table
from training.report.content.stability import SegmentStability, Solution
from training.report.document import Report
from training.report.drawing import style
from training.report.plots.plot import Plot
from training.text import count

_QUARTILES: Final = (0, 0.25, 0.5, 0.75, 1)


def _row(values: Sequence[float]) -> tuple[str, ...]:
    """The least, the quartiles and the largest."""
    return tuple(f"{value:.2f}" for value in np.quantile(values, _QUARTILES).tolist())


_FIVE_NUMBERS: Final = ("Least", "Lower quartile", "Median", "Upper quartile", "Largest")


# --- by number of personas -------------------------------------------------------------------------


def draw_stability_by_k(report: Report) -> Figure | None:
    """A box for each number of personas: the adjusted Rand indices of pairs of refits."""
    solutions = _compared(report)
    if report.stability is None or not solutions:
        return None
    grade = agreement_grade(report.stability.agreement, report.stability.least)
    refits = count(report.stability.refits, "refit")
    figure = style.canvas(3.2, f"Refitted from scratch, the model is {grade}: how {refits} agree")
    [axes] = style.panels(figure, 1, 1)
    ks = [solution.k for solution in solutions]
    _boxes(axes, [solution.agreements for solution in solutions], ks, vertical=True)
    axes.axvspan(report.choice.k - 0.4, report.choice.k + 0.4, color=style.COLOURS[5], alpha=0.28, linewidth=0)
    axes.set_xticks(ks, [str(k) for k in ks])
    axes.set(xlim=(ks[0] - 0.6, ks[-1] + 0.6), xlabel="Number of personas (band: chosen)")
    axes.set_ylabel("Adjusted Rand index of two refits")
    return figure


def describe_stability_by_k(report: Report) -> str:
    """The sentence on the model, and the median of each number."""
    if report.stability is None:
        return "The stability over refits was not measured."
    medians = [f"{solution.k}: {np.median(solution.agreements):.2f}" for solution in _compared(report)]
    return (
        f"{report.stability.sentence} Median agreement of two refits by number of personas: {', '.join(medians)}."
    )


def table_of_stability_by_k(report: Report) -> Table:
    """Five numbers for each number of personas."""
    return Table(
        caption="Adjusted Rand index of two refits, by number of personas",
        columns=("Personas", "Pairs", *_FIVE_NUMBERS),
        rows=tuple(
            (str(solution.k), str(len(solution.agreements)), *_row(solution.agreements))
            for solution in _compared(report)
        ),
    )


def _compared(report: Report) -> list[Solution]:
    """The solutions of which there are two refits or more."""
    return [] if report.stability is None else [one for one in report.stability.solutions if one.agreements]


# --- within the solution ---------------------------------------------------------------------------


def draw_segment_stability(report: Report) -> Figure | None:
    """A box for each persona: its Jaccard similarities over the refits."""
    segments = _segments(report)
    if not segments:
        return None
    labels = style.persona_labels(report, 2.3)
    names = [labels[cluster] for cluster, _ in segments]
    worst = min(segment.mean for _, segment in segments)
    title = f"The persona that comes back least keeps a Jaccard similarity of {worst:.2f} on average"
    figure = style.canvas(1.1 + style.height_of(names, 0.42), title)
    [axes] = style.panels(figure, 1, 1)
    colours = [style.colour(cluster) for cluster, _ in segments]
    places = list(range(len(segments)))
    _boxes(axes, [segment.jaccards for _, segment in segments], places, vertical=False, colours=colours)
    for limit in (STABLE, DISSOLVED):
        axes.axvline(limit, color=style.MUTED, linestyle="--", linewidth=1)
    axes.set_yticks(places, names)
    axes.set(
        xlim=(-0.02, 1.02), ylim=(len(places) - 0.4, -0.6), xlabel="Jaccard similarity with the refit's nearest"
    )
    axes.grid(visible=False, axis="y")
    return figure


def describe_segment_stability(report: Report) -> str:
    """The mean of each persona, and how often it came back."""
    sentences = [
        f"{report.personas[cluster].name}: mean {segment.mean:.2f}, back in {segment.recovered} of "
        f"{len(segment.jaccards)}"
        for cluster, segment in _segments(report)
    ]
    return f"Jaccard similarity of each persona with its best match in refits. {'; '.join(sentences)}."


def table_of_segment_stability(report: Report) -> Table:
    """For each persona its mean, its five numbers, and how often it came back and dissolved."""
    return Table(
        caption="Jaccard similarity of each persona with its best match in a refit",
        columns=("Persona", "Mean", *_FIVE_NUMBERS, f"Back (≥ {STABLE})", f"Dissolved (≤ {DISSOLVED})"),
        rows=tuple(
            (
                report.personas[cluster].name,
                f"{segment.mean:.2f}",
                *_row(segment.jaccards),
                str(segment.recovered),
                str(segment.dissolved),
            )
            for cluster, segment in _segments(report)
        ),
    )


def _segments(report: Report) -> list[tuple[int, SegmentStability]]:
    segments = () if report.stability is None else report.stability.segments
    return [(cluster, segment) for cluster, segment in enumerate(segments) if segment is not None]


def _boxes(
    axes: Axes,
    values: Sequence[Sequence[float]],
    positions: Sequence[int],
    *,
    vertical: bool,
    colours: Sequence[str] | None = None,
) -> None:
    """Tukey's boxes: quartiles, whiskers to 1.5 times the box, and the values beyond."""
    drawn = axes.boxplot(
        [list(some) for some in values],
        positions=list(positions),
        widths=0.55,
        orientation="vertical" if vertical else "horizontal",
        patch_artist=True,
        medianprops={"color": style.INK, "linewidth": 1.6},
        flierprops={"marker": "o", "markersize": 3, "markeredgecolor": style.MUTED},
    )
    for box, colour in zip(drawn["boxes"], colours or [style.ACCENT] * len(values), strict=True):
        box.set(facecolor=colour, alpha=0.55, edgecolor=style.INK)


def _finding(report: Report) -> str:
    return "" if report.stability is None else f"{report.stability.sentence} {report.stability.by_k}"


PLOTS: Final = (
    Plot(
        name="stability_by_k",
        draw=draw_stability_by_k,
        describe=describe_stability_by_k,
        caption="Each box is a number of personas; its values say how alike two refits are, 1 for the same, 0 for "
        "chance. Every step was fitted anew on resampled profiles.",
        finding=_finding,
        table=table_of_stability_by_k,
    ),
    Plot(
        name="segment_stability",
        draw=draw_segment_stability,
        describe=describe_segment_stability,
        caption="Each box is a persona over the refits. Right of the upper dashed line it came back; left of the "
        "lower one it dissolved.",
        table=table_of_segment_stability,
    ),
)
