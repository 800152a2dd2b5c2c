"""The question-order curve as a figure."""

from collections.abc import Mapping
from typing import Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from training.report.drawing import style

_LINES: Final = {"suggested": (style.ACCENT, "o-"), "random": (style.WARNING, "s--"), "fixed": (style.MUTED, "^:")}


def draw_curves(curves: Mapping[str, Mapping[str, list[float]]]) -> Figure:
    """A panel for each setting: the share of profiles with the complete profile's persona by number of
    questions."""
    rows = -(-len(curves) // 2)
    with style.styled():
        figure = style.canvas(0.7 + 2.3 * rows, "Asking the suggested field next finds the persona sooner")
        panels = style.panels(figure, rows, min(2, len(curves)))
        for axes, (name, orders) in zip(panels, curves.items(), strict=False):
            _panel(axes, name, orders)
        for axes in panels[len(curves) :]:
            axes.set_axis_off()
    return figure


def _panel(axes: Axes, name: str, orders: Mapping[str, list[float]]) -> None:
    for order, curve in orders.items():
        colour, line = _LINES[order]
        axes.plot(
            range(len(curve)), [100 * share for share in curve], line, color=colour, label=order, markersize=3
        )
    axes.set(ylim=(0, 104), xlabel="Questions answered", ylabel="Right, in per cent")
    axes.margins(x=0.06)
    axes.set_title(f"{name[0].upper()}{name[1:]}")
    axes.legend(loc="lower right")
