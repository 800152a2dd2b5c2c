"""How segments split and merge from one solution to the next: stability across solutions."""

from itertools import pairwise
from typing import Final

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from training.report.content.part import Table
from training.report.content.stability import Solution, SolutionSegment
from training.report.document import Report
from training.report.drawing import style
from training.report.plots.plot import Plot
from training.text import capitalised, count, percent

# Smaller flows between two solutions are not drawn.
_LEAST_FLOW: Final = 0.01
_WIDEST_FLOW: Final = 34.0


def draw_segment_splits(report: Report) -> Figure | None:
    """The segments of every solution, and where their members come from: darker ones come from one segment."""
    solutions = () if report.stability is None else report.stability.solutions
    if len(solutions) < 2:
        return None
    most = max(solution.k for solution in solutions)
    title = "How the personas split and merge as their number grows"
    figure = style.canvas(1.2 + 0.42 * most, title)
    [axes] = style.panels(figure, 1, 1)
    for x, (before, after) in enumerate(pairwise(solutions)):
        _flows(axes, x, before, after)
    for x, solution in enumerate(solutions):
        _nodes(axes, x, solution, report.choice.k, float(np.clip(2_400 / most, 60, 420)))
    axes.set_xticks(range(len(solutions)), [_column_name(solution.k, report.choice.k) for solution in solutions])
    axes.set(xlim=(-0.35, len(solutions) - 0.65), ylim=(1.08, -0.08), yticks=[])
    axes.grid(visible=False)
    _colour_bar(figure, axes)
    return figure


def describe_segment_splits(report: Report) -> str:
    """The sentence, and the stability of each persona across solutions."""
    if report.stability is None:
        return "The stability across solutions was not measured."
    chosen = [one for one in report.stability.solutions if one.k == report.choice.k]
    values = [
        f"{report.personas[segment.cluster].name} {segment.stability:.2f}"
        for solution in chosen
        for segment in sorted(solution.segments, key=lambda one: one.cluster)
        if segment.stability is not None
    ]
    listing = f" Stability across solutions: {', '.join(values)}." if values else ""
    return f"{report.stability.across}{listing}"


def table_of_segment_splits(report: Report) -> Table:
    """Every segment of every solution with its size, its stability, and its two largest sources."""
    solutions = () if report.stability is None else report.stability.solutions
    return Table(
        caption="Segments of each solution, and the segments of the solution before that their members come from",
        columns=("Solution", "Segment", "Share", "Stability across", "Comes from"),
        rows=tuple(
            (
                capitalised(count(solution.k, "segment")),
                _segment_name(report, solution.k, segment.cluster),
                percent(segment.share),
                "–" if segment.stability is None else f"{segment.stability:.2f}",
                _sources(segment, before),
            )
            for before, solution in zip((None, *solutions), solutions, strict=False)
            for segment in solution.segments
        ),
    )


def _flows(axes: Axes, x: int, before: Solution, after: Solution) -> None:
    for segment, end in zip(after.segments, _heights(after.k), strict=True):
        for source, start in zip(segment.sources, _heights(before.k), strict=True):
            flow = source * segment.share
            if flow >= _LEAST_FLOW:
                colour = _shade(segment.stability)
                axes.plot(
                    [x, x + 1], [start, end], color=colour, linewidth=_WIDEST_FLOW * flow, alpha=0.7, zorder=1
                )


def _nodes(axes: Axes, x: int, solution: Solution, chosen: int, size: float) -> None:
    for segment, y in zip(solution.segments, _heights(solution.k), strict=True):
        shade = _shade(segment.stability)
        edge = style.WARNING if solution.k == chosen else style.INK
        axes.scatter(
            [x], [y], s=size, color=shade, edgecolors=edge, linewidths=2 if solution.k == chosen else 0.8, zorder=2
        )
        axes.annotate(
            str(segment.cluster + 1),
            (x, y),
            ha="center",
            va="center",
            fontsize=7,
            color=style.ink_on(shade),
            zorder=3,
        )


def _heights(k: int) -> list[float]:
    """The heights of k nodes, from the top."""
    return [0.5] if k == 1 else np.linspace(0, 1, k).tolist()


def _shade(stability: float | None) -> str:
    """Light where a segment is mixed, dark where it comes from one; grey where there is nothing to come from."""
    return "#d9dee3" if stability is None else to_hex(mpl.colormaps["Blues"](0.1 + 0.75 * stability))


def _colour_bar(figure: Figure, axes: Axes) -> None:
    shades = mpl.colors.ListedColormap([_shade(value) for value in np.linspace(0, 1, 64).tolist()])
    mappable = mpl.cm.ScalarMappable(mpl.colors.Normalize(0, 1), shades)
    figure.colorbar(mappable, ax=axes, label="Stability across solutions", shrink=0.7, aspect=30, fraction=0.04)


def _column_name(k: int, chosen: int) -> str:
    return f"{k}\n(chosen)" if k == chosen else str(k)


def _segment_name(report: Report, k: int, cluster: int) -> str:
    return report.personas[cluster].name if k == report.choice.k else str(cluster + 1)


def _sources(segment: SolutionSegment, before: Solution | None) -> str:
    if before is None:
        return "–"
    shares = sorted(zip(segment.sources, before.segments, strict=True), key=lambda pair: -pair[0])
    named = [f"{source.cluster + 1} ({percent(share)})" for share, source in shares[:2] if share >= _LEAST_FLOW]
    return ", ".join(named) or "–"


PLOTS: Final = (
    Plot(
        name="segment_splits",
        draw=draw_segment_splits,
        describe=describe_segment_splits,
        caption="Each column is a solution, each circle a segment; lines lead from the segments that its "
        "members had in the solution before. Dark: it comes whole from one segment. Light: it is put together "
        "from several.",
        finding=lambda report: "" if report.stability is None else report.stability.across,
        table=table_of_segment_splits,
    ),
)
