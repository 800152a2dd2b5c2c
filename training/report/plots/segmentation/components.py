"""The principal components: how many exceed chance, and what the first ones mean."""

from itertools import chain
from typing import Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, MultipleLocator

from models.profile.vocabulary import label
from training.report.document import Axis, Loading, Report
from training.report.drawing import style
from training.text import count

_MOST_AXES: Final = 4
_MOST_LOADINGS: Final = 4
_MOST_EIGENVALUES: Final = 40


# --- variance --------------------------------------------------------------------------------------


def draw_variance(report: Report) -> Figure | None:
    """The first eigenvalues, with those of shuffled data."""
    parts = report.components
    if not parts.eigenvalues:
        return None
    shown = min(len(parts.eigenvalues), max(15, 3 * parts.kept), _MOST_EIGENVALUES)
    numbers = range(1, shown + 1)
    figure = style.canvas(2.9, _finding(report))
    [axes] = style.panels(figure, 1, 1)
    axes.axvspan(
        0.5, min(parts.kept, shown) + 0.5, color=style.COLOURS[4], alpha=0.18, linewidth=0, label="retained"
    )
    axes.plot(numbers, parts.eigenvalues[:shown], "o-", color=style.ACCENT, markersize=4, label="these profiles")
    chance = parts.chance[:shown]
    axes.plot(
        numbers[: len(chance)], chance, "s--", color=style.COLOURS[1], markersize=3, label="chance (shuffled)"
    )
    axes.set(xlabel="Principal component", ylabel="Variance (eigenvalue)", xlim=(0.5, shown + 0.5))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend()
    return figure


def describe_variance(report: Report) -> str:
    """How many components exceed chance, and by how much the first does."""
    components = report.components
    sentence = f"{_finding(report)}. {len(components.eigenvalues)} were compared with shuffled data."
    if not components.chance:
        return sentence
    first, chance = components.eigenvalues[0], components.chance[0]
    return f"{sentence} The first has a variance of {first:.2f}, against {chance:.2f} by chance."


def _finding(report: Report) -> str:
    parts = report.components
    if not parts.linked:
        p_value = "" if parts.p_value is None else f" (permutation p = {parts.p_value:.2g})"
        return f"No component counts: no dependence between the fields was found{p_value}"
    if not parts.beat_chance:
        return "No component carries more than chance would"
    carry = "carries" if parts.beat_chance == 1 else "carry"
    return (
        f"{count(parts.beat_chance, 'component')} {carry} more than chance would; "
        f"{parts.kept} {'is' if parts.kept == 1 else 'are'} retained"
    )


# --- loadings --------------------------------------------------------------------------------------


def draw_loadings(report: Report) -> Figure | None:
    """Bars of the strongest loadings of each of the first components."""
    shown = [axis for axis in report.components.axes if axis.high or axis.low][:_MOST_AXES]
    if not shown:
        return None
    title = "What the strongest components say, in the answers that pull most"
    figure, axes = style.panel_grid(len(shown), 2, (0.6, 2.9), title)
    for panel, axis in zip(axes, shown, strict=True):
        _bars(panel, axis)
    figure.supxlabel("Correlation with the component, −1 to 1", fontsize=style.SMALL, color=style.MUTED)
    return figure


def describe_loadings(report: Report) -> str:
    """The sentence of each drawn component."""
    shown = [axis for axis in report.components.axes if axis.high or axis.low][:_MOST_AXES]
    return " ".join(axis.sentence for axis in shown)


def _bars(axes: Axes, axis: Axis) -> None:
    pulls: list[Loading] = list(chain(axis.high[:_MOST_LOADINGS], reversed(axis.low[:_MOST_LOADINGS])))
    positions = range(len(pulls))
    values = [pull.correlation for pull in pulls]
    colours = [style.ACCENT if value > 0 else style.COLOURS[1] for value in values]
    axes.barh(positions, values, 0.7, color=colours)
    axes.set_yticks(
        positions, [style.wrapped(label(pull.label), 1.75, 7.5, most=2) for pull in pulls], fontsize=7.5
    )
    axes.invert_yaxis()
    axes.axvline(0, color=style.MUTED, linewidth=0.8)
    axes.set_xlim(-1, 1)
    axes.xaxis.set_major_locator(MultipleLocator(0.5))
    axes.grid(visible=False, axis="y")
    axes.set_title(f"Component {axis.number} ({axis.share * 100:.1f} %)", fontsize=style.SMALL)
