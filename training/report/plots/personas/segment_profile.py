"""The segment profile plot: each persona's answers beside everyone's, with those that mark it in colour."""

from collections import Counter
from typing import Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from training.report.content.part import Table
from training.report.content.segments import SegmentProfile
from training.report.document import Report
from training.report.drawing import style
from training.report.drawing.labels import heading
from training.report.plots.plot import Plot
from training.text import percent

_COLUMNS: Final = 3


def draw_segment_profile(report: Report) -> Figure | None:
    """A panel for each persona: bars are its members' shares, dots everyone's; grey bars mark nothing."""
    profile = None if report.segments is None else report.segments.profile
    if profile is None:
        return None
    height = 0.55 + 0.165 * len(profile.variables)
    figure, panels = style.panel_grid(
        len(report.personas), _COLUMNS, (0.9, height), "What marks each persona, against everyone"
    )
    for cluster, axes in enumerate(panels):
        _panel(axes, profile, cluster, names=cluster % _COLUMNS == 0)
        title = f"{cluster + 1} {report.personas[cluster].name}"
        axes.set_title(style.wrapped(title, 1.75, style.SMALL, bold=True, most=2), fontsize=style.SMALL)
    return figure


def describe_segment_profile(report: Report) -> str:
    """The sentence, and the strongest marker of each persona."""
    profile = None if report.segments is None else report.segments.profile
    if profile is None:
        return "There are no personas to compare by their answers."
    strongest = [f"{persona.name}: {_strongest(profile, n)}" for n, persona in enumerate(report.personas)]
    return f"{profile.sentence} Farthest from everyone: {'; '.join(strongest)}."


def table_of_segment_profile(report: Report) -> Table:
    """All shares; a star is a marker."""
    profile = None if report.segments is None else report.segments.profile
    names = [f"{index} {persona.name}" for index, persona in enumerate(report.personas, 1)]
    return Table(
        caption="Shares of the segment profile in per cent; * marks the persona",
        columns=("Answer", "Everyone", *names),
        rows=() if profile is None else tuple(
            (
                f"{heading(variable.title)}: {variable.value}",
                percent(variable.everyone),
                *(
                    "–" if share is None else f"{percent(share)}{'*' if marks else ''}"
                    for share, marks in zip(variable.shares, variable.markers, strict=True)
                ),
            )
            for variable in profile.variables
        ),
    )  # fmt: skip


def _panel(axes: Axes, profile: SegmentProfile, cluster: int, names: bool) -> None:
    variables = profile.variables
    rows = range(len(variables))
    colours = [style.colour(cluster) if variable.markers[cluster] else style.FAINT for variable in variables]
    axes.barh(rows, [(variable.shares[cluster] or 0.0) * 100 for variable in variables], 0.72, color=colours)
    everyone = [variable.everyone * 100 for variable in variables]
    axes.plot(everyone, rows, "o", color=style.INK, markersize=2.6)
    axes.hlines(rows, 0, everyone, color=style.INK, linewidth=0.5)
    labels = [style.wrapped(label, 1.25, 7.0, most=1) for label in _labels(profile)] if names else []
    axes.set_yticks(list(rows) if names else [], labels, fontsize=7)
    most = max(share or 0.0 for variable in variables for share in variable.shares) * 100
    axes.set(xlim=(0, most * 1.05), ylim=(len(variables) - 0.4, -0.6))
    axes.tick_params(axis="x", labelsize=7)
    axes.grid(visible=False, axis="y")


def _labels(profile: SegmentProfile) -> list[str]:
    """The values, with the fields of those that several fields have."""
    counts = Counter(variable.value for variable in profile.variables)
    return [
        f"{variable.value} ({variable.title})" if counts[variable.value] > 1 else variable.value
        for variable in profile.variables
    ]


def _strongest(profile: SegmentProfile, cluster: int) -> str:
    shares = [(share, one) for one in profile.variables if (share := one.shares[cluster]) is not None]
    if not shares:
        return "too few answers"
    share, variable = max(shares, key=lambda pair: abs(pair[0] - pair[1].everyone))
    return f"{variable.title} {variable.value} ({percent(share)}, everyone {percent(variable.everyone)})"


PLOTS: Final = (
    Plot(
        name="segment_profile",
        draw=draw_segment_profile,
        describe=describe_segment_profile,
        caption="Bars: share of the members who answered, in per cent; dots: everyone's. Coloured bars mark the "
        "persona, grey ones do not. Answers that go together stand together.",
        finding=lambda report: (
            "" if report.segments is None or report.segments.profile is None else report.segments.profile.sentence
        ),
        table=table_of_segment_profile,
    ),
)
