"""Maps of sampled profiles, coloured by persona."""

from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from models.scoring.columns import FloatArray
from training.report.document import Map, Report
from training.report.drawing import style
from training.text import count

# More points are rasterised: as vectors they would make the page slow.
_MOST_VECTORS: Final = 300
# The least distance of badges, as a share of the map's width and height.
_APART: Final = 0.055
# Pointed markers look smaller than their area.
_AREAS: Final = {"*": 2.0, "P": 1.4, "X": 1.4, "D": 0.9}


def draw_pca(report: Report) -> Figure | None:
    """The map of the first two components, numbers at the centroids."""
    return _draw(report, "pca", "Profiles on the two components that tell them apart most")


def draw_tsne(report: Report) -> Figure | None:
    """The t-SNE map, numbers at the medians."""
    return _draw(report, "tsne", "The neighbourhoods of the profiles: alike are near each other")


def describe_pca(report: Report) -> str:
    """The axes and the numbers of the map."""
    return _say(report, "pca")


def describe_tsne(report: Report) -> str:
    """The axes and the numbers of the map."""
    return _say(report, "tsne")


def _draw(report: Report, method: str, title: str) -> Figure | None:
    plane = _map(report, method)
    if plane is None:
        return None
    figure = style.canvas(4.7 + style.legend_height(report), title)
    [axes] = style.panels(figure, 1, 1)
    _points(axes, plane, len(report.personas))
    _badges(axes, _middles(plane, len(report.personas)))
    axes.set(xlabel=plane.axes[0], ylabel=plane.axes[1])
    if method == "tsne":  # the numbers on its axes mean nothing
        axes.tick_params(length=0, labelbottom=False, labelleft=False)
        axes.grid(visible=False)
    style.persona_legend(figure, report)
    return figure


def _say(report: Report, method: str) -> str:
    plane = _map(report, method)
    if plane is None:
        return ""
    across, up = plane.axes
    personas = ", ".join(f"{number} {persona.name}" for number, persona in enumerate(report.personas, 1))
    return f"Map of {count(len(plane.points), 'sampled profile')}, {across} by {up}. Numbered: {personas}."


def _map(report: Report, method: str) -> Map | None:
    return next((plane for plane in report.maps if plane.method == method and plane.points), None)


def _positions(plane: Map, cluster: int) -> FloatArray:
    """The points of one persona, (n, 2)."""
    return np.array([(point.x, point.y) for point in plane.points if point.cluster == cluster]).reshape(-1, 2)


def _points(axes: Axes, plane: Map, personas: int) -> None:
    size = float(np.clip(12_000 / len(plane.points), 8, 30))
    for cluster in range(personas):
        xs, ys = _positions(plane, cluster).T
        axes.scatter(
            xs,
            ys,
            s=size * _AREAS.get(style.marker(cluster), 1.0),
            color=style.colour(cluster),
            marker=style.marker(cluster),
            alpha=0.6,
            linewidths=0,
            rasterized=len(plane.points) > _MOST_VECTORS,
        )


def _middles(plane: Map, personas: int) -> dict[int, FloatArray]:
    """The centroid of each persona, or else its median point, (2,)."""
    if len(plane.centroids) == personas:
        return {cluster: np.array(centroid) for cluster, centroid in enumerate(plane.centroids)}
    positions = {cluster: _positions(plane, cluster) for cluster in range(personas)}
    return {cluster: np.median(points, axis=0) for cluster, points in positions.items() if len(points)}


def _badges(axes: Axes, middles: dict[int, FloatArray]) -> None:
    """The personas' numbers at their middles, moved apart where they would overlap."""
    axes.autoscale_view()
    low, high = np.array([axes.get_xlim(), axes.get_ylim()]).T
    apart = _moved_apart((np.array(list(middles.values())) - low) / (high - low)) * (high - low) + low
    for cluster, position in zip(middles, apart, strict=True):
        style.badge(axes, cluster, tuple(middles[cluster]), tuple(position))


def _moved_apart(positions: FloatArray) -> FloatArray:
    """Positions (k, 2) moved away from each other until all are far enough apart, or nearly so."""
    positions = positions + np.arange(len(positions))[:, None] * 1e-6  # equal positions have no direction
    for _ in range(100):
        steps = positions[:, None] - positions[None]
        distances = np.linalg.norm(steps, axis=-1) + np.eye(len(positions))
        push = np.clip(_APART - distances, 0, None) / 2
        positions = positions + (steps / distances[..., None] * push[..., None]).sum(axis=1)
    return positions
