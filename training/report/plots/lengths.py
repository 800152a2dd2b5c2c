"""List lengths in and out, side by side."""

from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from training.report.content.lengths import LengthComparison, LengthVariant
from training.report.content.part import Table
from training.report.document import Report
from training.report.drawing import style
from training.report.drawing.labels import heading
from training.report.plots.plot import Plot
from training.text import count, percent, percent_tenths

_COLOURS: Final = (style.ACCENT, style.COLOURS[5])


def draw_lengths(report: Report) -> Figure | None:
    """What the personas explain of each list's length in both fits; beside it how stable both are."""
    compared = report.lengths
    if compared is None:
        return None
    own, other = compared.variants
    also = "as well" if own.k == other.k else f"instead of {own.k}"
    title = f"With the other setting {count(other.k, 'persona')} {also}; agreement {compared.same:.2f}"
    figure = style.canvas(1.7 + 0.45 * len(compared.lists), title)
    ticks, stable = style.panels(figure, 1, 2, width_ratios=(3, 2))
    _explained(ticks, compared)
    _stability(stable, compared)
    figure.legend(handles=ticks.get_legend_handles_labels()[0], loc="outside lower left", ncols=2)
    return figure


def describe_lengths(report: Report) -> str:
    """The sentence that compares both fits."""
    return "List lengths were not compared in and out." if report.lengths is None else report.lengths.sentence


def table_of_lengths(report: Report) -> Table:
    """Both fits with their numbers."""
    compared = report.lengths
    lists = () if compared is None else compared.lists
    return Table(
        caption="The fit with and without the list lengths",
        columns=("Setting", "Personas", "Refits", *map("η² of {}: K-Means, personas".format, lists), "Alike"),
        rows=() if compared is None else tuple(
            (
                setting(variant, own=number == 0),
                str(variant.k),
                "–" if variant.agreement is None else f"{variant.agreement:.2f}",
                *(
                    f"{percent_tenths(segments)}, {percent_tenths(personas)}"
                    for segments, personas in zip(variant.explained_by_segments, variant.explained, strict=True)
                ),
                "1.00" if number == 0 else f"{compared.same:.2f}",
            )
            for number, variant in enumerate(compared.variants)
        ),
    )  # fmt: skip


def setting(variant: LengthVariant, own: bool) -> str:
    """A fit in words."""
    words = "lengths removed" if variant.removed else "lengths count"
    return f"{words} (the model)" if own else words


def _explained(axes: Axes, compared: LengthComparison) -> None:
    places = np.arange(len(compared.lists))
    for number, variant in enumerate(compared.variants):
        shares = [share * 100 for share in variant.explained_by_segments]
        label = setting(variant, own=number == 0)
        bars = axes.barh(places + 0.38 * number - 0.19, shares, 0.36, color=_COLOURS[number], label=label)
        axes.bar_label(bars, [percent(share / 100) for share in shares], padding=3, fontsize=7.5)
        dots = [share * 100 for share in variant.explained]
        axes.plot(dots, places + 0.38 * number - 0.19, "o", color=style.INK, markersize=3.5)
    axes.set_yticks(places, [style.wrapped(heading(title), 1.2, style.SMALL, most=1) for title in compared.lists])
    highest = max((share for variant in compared.variants for share in variant.explained_by_segments), default=0.0)
    axes.set(xlim=(0, max(highest, 0.1) * 128), xlabel="Per cent of the variance (dots: personas)")
    axes.set_title("η² of the number of ticks")
    axes.invert_yaxis()
    axes.grid(visible=False, axis="y")


def _stability(axes: Axes, compared: LengthComparison) -> None:
    values = [variant.agreement or 0.0 for variant in compared.variants]
    words = ["–" if variant.agreement is None else f"{variant.agreement:.2f}" for variant in compared.variants]
    bars = axes.barh([0, 1], values, 0.5, color=_COLOURS)
    axes.bar_label(bars, words, padding=3, fontsize=7.5)
    axes.set_yticks([0, 1], [f"k = {variant.k}" for variant in compared.variants])
    axes.set(xlim=(0, 1.25), xticks=(0, 0.5, 1), xlabel="Adjusted Rand index", ylim=(1.6, -0.6))
    axes.set_title("Refits agree")
    axes.grid(visible=False, axis="y")


PLOTS: Final = (
    Plot(
        name="lengths",
        draw=draw_lengths,
        describe=describe_lengths,
        caption="The same profiles, fitted with and without what only the number of ticks says. Left: how much "
        "the segments of K-Means are about how much people tick, and (dots) the personas that the classifier "
        "makes of them. Right: how stable these are.",
        finding=lambda report: "" if report.lengths is None else report.lengths.sentence,
        table=table_of_lengths,
    ),
)
