"""Segment separation, and gorge plots."""

from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Ellipse as Patch

from training.report.content.part import Table
from training.report.content.segments import Ellipse, Gorge, Separation
from training.report.document import Report
from training.report.drawing import style
from training.report.plots.plot import Plot
from training.text import percent

# Radii of ellipses that hold a share of a normal distribution in two dimensions, √χ²: half of it, and 95 %.
_HALF: Final = 1.1774
_MOST: Final = 2.4477
_WIDEST: Final = 9.0
# Fainter edges are not drawn.
_LEAST_SIMILARITY: Final = 0.02
_COLUMNS: Final = 3


# --- separation ------------------------------------------------------------------------------------


def draw_separation(report: Report) -> Figure | None:
    """Ellipses of the personas over sampled profiles; lines between personas are as wide as they are similar."""
    separation = None if report.segments is None else report.segments.separation
    if separation is None or not any(separation.ellipses):
        return None
    figure = style.canvas(4.6 + style.legend_height(report), "How far apart the personas are")
    [axes] = style.panels(figure, 1, 1)
    _points(axes, report)
    for cluster, ellipse in enumerate(separation.ellipses):
        if ellipse is not None:
            _draw(axes, ellipse, style.colour(cluster))
    _edges(axes, separation)
    _numbers(axes, separation)
    axes.set(xlabel=separation.axes[0], ylabel=separation.axes[1])
    axes.autoscale_view()
    style.persona_legend(figure, report)
    return figure


def describe_separation(report: Report) -> str:
    """The sentence, and all similarities above the faintest."""
    separation = None if report.segments is None else report.segments.separation
    if separation is None:
        return "There are no personas to separate."
    pairs = [
        f"{first + 1} and {second + 1}: {separation.similarities[first][second]:.2f}"
        for first in range(len(report.personas))
        for second in range(first + 1, len(report.personas))
        if separation.similarities[first][second] >= _LEAST_SIMILARITY
    ]
    listing = f" Similarity of personas: {', '.join(pairs)}." if pairs else ""
    return f"{separation.sentence}{listing}"


def table_of_separation(report: Report) -> Table:
    """The similarity of every pair of personas."""
    separation = None if report.segments is None else report.segments.separation
    rows = () if separation is None else separation.similarities
    numbers = [str(index) for index in range(1, len(report.personas) + 1)]
    return Table(
        caption="Similarity of personas: 1 would be the same place, 0 shares no profile between them",
        columns=("Persona", *numbers),
        rows=tuple(
            (f"{number} {persona.name}", *(f"{value:.2f}" for value in row))
            for number, persona, row in zip(numbers, report.personas, rows, strict=False)
        ),
    )


def _points(axes: Axes, report: Report) -> None:
    points = next((plane.points for plane in report.maps if plane.method == "pca"), ())
    if points:
        colours = [style.colour(point.cluster) for point in points]
        xs, ys = [point.x for point in points], [point.y for point in points]
        axes.scatter(xs, ys, s=5, color=colours, alpha=0.35, linewidths=0, rasterized=len(points) > 300)


def _draw(axes: Axes, ellipse: Ellipse, colour: str) -> None:
    for radius, line, width in ((_HALF, "-", 2.0), (_MOST, "--", 1.0)):
        long, short = (2 * radius * length for length in ellipse.axes)
        patch = Patch(
            (ellipse.x, ellipse.y), long, short, angle=ellipse.angle, fill=False, edgecolor=colour, linestyle=line
        )
        patch.set_linewidth(width)
        axes.add_patch(patch)


def _edges(axes: Axes, separation: Separation) -> None:
    there = [(cluster, one) for cluster, one in enumerate(separation.ellipses) if one is not None]
    for index, (first, start) in enumerate(there):
        for second, end in there[index + 1 :]:
            similar = separation.similarities[first][second]
            if similar >= _LEAST_SIMILARITY:
                width = _WIDEST * similar
                axes.plot([start.x, end.x], [start.y, end.y], color=style.INK, linewidth=width, alpha=0.55)


def _numbers(axes: Axes, separation: Separation) -> None:
    for cluster, ellipse in enumerate(separation.ellipses):
        if ellipse is not None:
            style.badge(axes, cluster, (ellipse.x, ellipse.y))


# --- gorges ----------------------------------------------------------------------------------------


def draw_gorges(report: Report) -> Figure | None:
    """For each persona a histogram of similarities to its centroid: members in colour, others grey."""
    plot = None if report.segments is None else report.segments.gorges
    if plot is None:
        return None
    title = f"{percent(plot.middle)} of the profiles lie in the middle between centroids"
    figure, panels = style.panel_grid(len(plot.gorges), _COLUMNS, (0.9, 1.7), title)
    for cluster, (axes, gorge) in enumerate(zip(panels, plot.gorges, strict=True)):
        _histogram(axes, gorge, style.colour(cluster), plot.rows)
        name = style.wrapped(
            f"{cluster + 1} {report.personas[cluster].name}", 1.95, style.SMALL, bold=True, most=2
        )
        axes.set_title(name, fontsize=style.SMALL)
    figure.supxlabel("Similarity to the persona's centroid", fontsize=style.SMALL, color=style.MUTED)
    figure.supylabel("Per cent of the sampled profiles", fontsize=style.SMALL, color=style.MUTED)
    return figure


def describe_gorges(report: Report) -> str:
    """The sentence, and the mean similarity of each persona's members."""
    plot = None if report.segments is None else report.segments.gorges
    if plot is None:
        return "There are no personas to compare with their centroids."
    means = [
        f"{persona.name} {gorge.mean:.2f}"
        for persona, gorge in zip(report.personas, plot.gorges, strict=True)
        if gorge.mean is not None
    ]
    return f"{plot.sentence} Mean similarity of the members: {', '.join(means)}."


def table_of_gorges(report: Report) -> Table:
    """Members of each persona by their similarity to its centroid, in fifths."""
    plot = None if report.segments is None else report.segments.gorges
    return Table(
        caption="Members by their similarity to their own centroid, in per cent of them",
        columns=("Persona", "Mean", "0–0.2", "0.2–0.4", "0.4–0.6", "0.6–0.8", "0.8–1"),
        rows=() if plot is None else tuple(
            (
                persona.name,
                "–" if gorge.mean is None else f"{gorge.mean:.2f}",
                *(percent(share) for share in _fifths(gorge)),
            )
            for persona, gorge in zip(report.personas, plot.gorges, strict=True)
        ),
    )  # fmt: skip


def _fifths(gorge: Gorge) -> list[float]:
    counts = np.array(gorge.members, np.float64).reshape(5, -1).sum(axis=1)
    shares: list[float] = (counts / max(float(counts.sum()), 1.0)).tolist()
    return shares


def _histogram(axes: Axes, gorge: Gorge, colour: str, rows: int) -> None:
    width = 1 / len(gorge.members)
    lefts = [index * width for index in range(len(gorge.members))]
    members, others = (
        [100 * count / max(rows, 1) for count in counts] for counts in (gorge.members, gorge.others)
    )
    axes.bar(lefts, members, width, align="edge", color=colour, edgecolor="white", linewidth=0.4)
    axes.bar(lefts, others, width, members, align="edge", color=style.FAINT, edgecolor="white", linewidth=0.4)
    axes.set(xlim=(0, 1), xticks=(0, 0.5, 1))
    axes.tick_params(labelsize=7)
    axes.grid(visible=False, axis="x")


PLOTS: Final = (
    Plot(
        name="separation",
        draw=draw_separation,
        describe=describe_separation,
        caption="Marks: sampled profiles. Each persona's ellipses hold about half (solid) and 95 % (dashed) of it "
        "on this plane. Lines: the wider, the more profiles stand between both; they count all components.",
        finding=lambda report: (
            ""
            if report.segments is None or report.segments.separation is None
            else report.segments.separation.sentence
        ),
        table=table_of_separation,
    ),
    Plot(
        name="gorges",
        draw=draw_gorges,
        describe=describe_gorges,
        caption="Colour: members; grey: others. Separate groups leave a gorge between few and much similarity; "
        "where one cloud was divided, the middle is full.",
        finding=lambda report: (
            "" if report.segments is None or report.segments.gorges is None else report.segments.gorges.sentence
        ),
        table=table_of_gorges,
    ),
)
