"""The style of all figures: sizes, type, colours for the colour-blind, and text that fits.

Figures are as wide as the text of an A4 page, so that 9 points are 9 points in print.
"""

import math
import textwrap
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any, Final

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.font_manager import findfont, get_font
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D

from training.report.document import Report
from training.report.drawing.fonts import MAIN, families

WIDTH: Final = 7.2
SMALL: Final = 8.0
_LEGEND_INCHES: Final = WIDTH / 2 - 0.7
INK: Final = "#1f2933"
MUTED: Final = "#52606d"
FAINT: Final = "#cbd2d9"
GRID: Final = "#e4e7eb"
ACCENT: Final = "#0072B2"
WARNING: Final = "#B34700"

# Okabe and Ito's eight without yellow, which is invisible on white, and four of Paul Tol's muted scheme.
COLOURS: Final = (
    "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#4D4D4D",
    "#882255", "#999933", "#332288", "#44AA99",
)  # fmt: skip
# Their number has no common divisor with that of the colours: a pair repeats only after 88 personas.
MARKERS: Final = ("o", "s", "^", "D", "v", "P", "X", "*")

_STYLE: Final[Any] = {
    "font.size": 9.0,
    "text.color": INK,
    # A price or a "$" in an answer is not a formula.
    "text.parse_math": False,
    "axes.titlesize": 9.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelcolor": MUTED,
    "axes.labelsize": SMALL,
    "axes.edgecolor": FAINT,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "grid.linewidth": 0.7,
    "xtick.labelsize": SMALL,
    "ytick.labelsize": SMALL,
    "xtick.color": FAINT,
    "ytick.color": FAINT,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "legend.frameon": False,
    "legend.fontsize": SMALL,
    "figure.titlesize": 11.5,
    "figure.titleweight": "bold",
    "svg.fonttype": "path",
    "svg.hashsalt": "backpocket-segments",
}


@contextmanager
def styled() -> Iterator[None]:
    """Draw and save in our style, whatever matplotlibrc says; restores all settings."""
    with mpl.rc_context(), warnings.catch_warnings():
        # Answers may hold any character; one that all fonts lack is drawn as a box, and the page says so.
        warnings.filterwarnings("ignore", "Glyph .* missing from font")
        mpl.rcdefaults()
        mpl.rcParams.update(_STYLE | {"font.family": list(families())})
        yield


def canvas(height: float, title: str) -> Figure:
    """An empty figure of `height` inches under a title that wraps."""
    layout = ConstrainedLayoutEngine(w_pad=0.1, h_pad=0.06, wspace=0.03, hspace=0.03)
    figure = Figure(figsize=(WIDTH, height), layout=layout)
    figure.suptitle(wrapped(title, WIDTH - 0.3, 11.5, bold=True), x=0.012, ha="left", linespacing=1.25)
    return figure


def panels(figure: Figure, rows: int, columns: int, **options: Any) -> list[Axes]:
    """A grid of axes, row by row."""
    return list(figure.subplots(rows, columns, squeeze=False, **options).flat)


def panel_grid(count: int, columns: int, heights: tuple[float, float], title: str) -> tuple[Figure, list[Axes]]:
    """A figure with a grid of `count` axes. `heights`: inches of the figure's frame, and of each row."""
    columns = min(columns, count)
    rows = -(-count // columns)
    figure = canvas(heights[0] + heights[1] * rows, title)
    axes = panels(figure, rows, columns)
    for spare in axes[count:]:
        spare.set_axis_off()
    return figure, axes[:count]


def colour(cluster: int) -> str:
    """The colour of a persona, the same in all figures and on the page."""
    return COLOURS[cluster % len(COLOURS)]


def marker(cluster: int) -> str:
    """The marker of a persona: the second cue beside its colour."""
    return MARKERS[cluster % len(MARKERS)]


def ink_on(background: str) -> str:
    """Black or white, whichever is more readable on a colour (WCAG's contrast)."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(background)]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "#ffffff" if 1.05 / (luminance + 0.05) > (luminance + 0.05) / 0.05 else "#000000"


def badge(axes: Axes, cluster: int, point: tuple[float, ...], position: tuple[float, ...] | None = None) -> None:
    """A persona's number in a circle of its colour, at `point`, or at `position` with a line to the point."""
    background = colour(cluster)
    axes.annotate(
        str(cluster + 1),
        (point[0], point[1]),
        None if position is None else (position[0], position[1]),
        ha="center",
        va="center",
        fontweight="bold",
        color=ink_on(background),
        bbox={"boxstyle": "circle,pad=0.3", "facecolor": background, "edgecolor": "white", "linewidth": 1.5},
        arrowprops=None if position is None else {"arrowstyle": "-", "color": INK, "linewidth": 1},
    )


def persona_labels(report: Report, inches: float) -> list[str]:
    """ "1 Name" of each persona, wrapped to a width."""
    return [wrapped(f"{n} {persona.name}", inches, SMALL) for n, persona in enumerate(report.personas, 1)]


def persona_legend(figure: Figure, report: Report, line: bool = False) -> None:
    """Number, marker, colour and name of every persona, below the figure."""
    handles = [
        Line2D([], [], color=colour(c), marker=marker(c), linestyle="-" if line else "", label=label)
        for c, label in enumerate(persona_labels(report, _LEGEND_INCHES))
    ]
    figure.legend(handles=handles, loc="outside lower left", ncols=2, handletextpad=0.6)


def legend_height(report: Report) -> float:
    """Inches that `persona_legend` needs."""
    labels = persona_labels(report, _LEGEND_INCHES)
    half = -(-len(labels) // 2)
    return 0.1 + max(height_of(labels[:half], 0.2), height_of(labels[half:], 0.2))


def plain(text: str) -> str:
    """The text on one line, without control characters, which XML forbids."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def wrapped(text: str, inches: float, size: float, bold: bool = False, most: int = 4) -> str:
    """The text on as few lines as its width allows, all of similar length; after `most` lines comes "…"."""
    text, limit = plain(text).replace(" %", "\u00a0%").replace(" ×", "\u00a0×"), inches * 72
    characters = max(3, math.ceil(limit / size * 2.5))
    lines = textwrap.wrap(text, characters)
    while characters > 1 and any(_points(line, size, bold) > limit for line in lines):
        characters -= 1
        lines = textwrap.wrap(text, characters)
    if len(lines) > most:
        return "\n".join([*lines[: most - 1], f"{lines[most - 1][:-1].rstrip()}…"])
    return "\n".join(_balanced(text, lines))


def _balanced(text: str, lines: list[str]) -> list[str]:
    """The same text on the same number of lines, the longest as short as possible without breaking a word."""
    while (narrower := max(map(len, lines), default=0) - 1) > 0:
        candidate = textwrap.wrap(text, narrower, break_long_words=False)
        if len(candidate) != len(lines) or max(map(len, candidate)) > narrower:
            break
        lines = candidate
    return lines


def height_of(labels: Sequence[str], row: float) -> float:
    """The inches that rows with these labels need, at least `row` inches each."""
    return sum(max(row, 0.05 + 0.145 * (label.count("\n") + 1)) for label in labels)


@cache
def _points(line: str, size: float, bold: bool) -> float:
    """Width of a line in points."""
    font = get_font(findfont(f"{MAIN}:bold" if bold else MAIN))
    font.set_size(size, 72)
    font.set_text(line)
    return float(font.get_width_height()[0]) / 64
