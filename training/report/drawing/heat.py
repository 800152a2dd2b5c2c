"""Heatmaps: numbers as colours and as text, in named rows and columns."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import seaborn as sns  # type: ignore[import-untyped]
from matplotlib.axes import Axes
from matplotlib.colors import to_hex

from models.scoring.columns import BoolArray, FloatArray
from training.report.drawing import style

# log2 of the lift at which the colour scale ends.
_FARTHEST: Final = 2.5
_LIFT_TICKS: Final = {-2: "¼ ×", -1: "½ ×", 0: "as all", 1: "2 ×", 2: "4 ×"}
# The least width of the map, and the least width of a column with a horizontal name.
_INCHES: Final = 4.5
_SIZE: Final = 7.5
_NARROW: Final = 0.72


def lift_map(
    axes: Axes, lifts: FloatArray, cells: Sequence[Sequence[str]], rows: Sequence[str], columns: Sequence[str]
) -> None:
    """Lifts (rows, columns) on a diverging scale of factors: purple is more, orange is less. NaN is grey."""
    with np.errstate(divide="ignore"):
        logs = np.clip(np.log2(lifts), -_FARTHEST, _FARTHEST)
    _draw(axes, logs, cells, "PuOr", (-_FARTHEST, _FARTHEST), "Likelihood against everyone")
    bar = axes.collections[0].colorbar
    if bar is not None:
        bar.set_ticks(list(_LIFT_TICKS), labels=list(_LIFT_TICKS.values()))
    _name(axes, rows, columns)


def share_map(axes: Axes, shares: FloatArray, rows: Sequence[str], columns: Sequence[str]) -> None:
    """Shares (rows, columns), 0–1, on a sequential scale, in per cent. NaN is grey."""
    cells = [["" if np.isnan(share) else f"{share * 100:.0f}" for share in row] for row in shares]
    top = max(float(np.nanmax(shares, initial=0.0)) * 100, 1.0)
    _draw(axes, shares * 100, cells, "Blues", (0, top), "Share, in per cent")
    _name(axes, rows, columns)


def column_label(text: str, columns: int) -> str:
    """A column's name, wrapped to fit above its column or, for narrow columns, to be vertical."""
    cell = _INCHES / columns
    if cell >= _NARROW:
        return style.wrapped(text, cell - 0.04, _SIZE, most=6)
    return style.wrapped(text, 1.7, _SIZE, most=2 if cell >= 0.32 else 1)


def _draw(
    axes: Axes,
    values: FloatArray,
    cells: Sequence[Sequence[str]],
    colours: str,
    bounds: tuple[float, float],
    says: str,
) -> None:
    sns.heatmap(
        values,
        ax=axes,
        annot=np.array(cells, dtype=object),
        fmt="",
        annot_kws={"size": 7},
        cmap=colours,
        vmin=bounds[0],
        vmax=bounds[1],
        linewidths=0.6,
        linecolor="white",
        xticklabels=False,
        yticklabels=False,
        cbar_kws={"label": says, "shrink": 0.8, "aspect": 30, "pad": 0.02, "fraction": 0.04},
    )
    _recolour(axes, ~np.isnan(values))


def _recolour(axes: Axes, there: BoolArray) -> None:
    """Set text black or white, whichever is more readable; `there` (rows, columns): the cells that hold text."""
    mesh = axes.collections[0]
    mesh.update_scalarmappable()
    faces = np.reshape(mesh.get_facecolor(), (-1, 4))[there.ravel()]
    for text, face in zip(axes.texts, faces, strict=True):
        text.set_color(style.ink_on(to_hex(face)))


def _name(axes: Axes, rows: Sequence[str], columns: Sequence[str]) -> None:
    """Set the names beside the rows and above the columns."""
    axes.xaxis.tick_top()
    axes.xaxis.set_label_position("top")
    axes.set_xticks(
        np.arange(len(columns)) + 0.5,
        columns,
        fontsize=_SIZE,
        rotation=90 if _INCHES / len(columns) < _NARROW else 0,
    )
    axes.set_yticks(np.arange(len(rows)) + 0.5, rows, rotation=0)
    axes.tick_params(length=0)
    axes.set_facecolor("#eef0f2")
    axes.grid(visible=False)
