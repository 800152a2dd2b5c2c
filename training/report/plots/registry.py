"""All figures, in the order of the report."""

from typing import Final

from matplotlib.figure import Figure

from training.report.document import Report
from training.report.drawing.style import styled
from training.report.plots import confidence, lengths, quality
from training.report.plots.personas import (
    descriptors,
    gifts,
    maps,
    profiles,
    segment_profile,
    separation,
    sheet,
    silhouettes,
    sizes,
)
from training.report.plots.plot import Plot
from training.report.plots.segmentation import choice, components, density, splits, stability, structure

PLOTS: Final = (
    *sheet.PLOTS,
    *segment_profile.PLOTS,
    *separation.PLOTS,
    Plot("sizes", sizes.draw_sizes, sizes.describe_sizes, "Each bar is a persona; its length is its share."),
    Plot(
        "gap",
        choice.draw_gap,
        choice.describe_gap,
        "Left: how much better these groups are than groups in data without any. "
        "Middle: how much better the answers of people that the groups were not made from are predicted, each "
        "field from the others. "
        "Right: how well groups come back when resampled profiles are fitted anew; dots are groups, the line "
        "their mean.",
        table=choice.table_of_gap,
    ),
    Plot(
        "criteria",
        choice.draw_criteria,
        choice.describe_criteria,
        "Each panel is one way to judge a number of personas; the band marks the chosen one.",
    ),
    Plot(
        "silhouettes",
        silhouettes.draw_silhouettes,
        silhouettes.describe_silhouettes,
        "Each blade is a persona, each level of it a member. Far to the right: clearly inside. "
        "Left of zero: nearer to another persona.",
    ),
    *structure.PLOTS,
    *stability.PLOTS,
    *splits.PLOTS,
    Plot(
        "variance",
        components.draw_variance,
        components.describe_variance,
        "A component above the dashed line carries more than shuffled answers would.",
    ),
    Plot(
        "loadings",
        components.draw_loadings,
        components.describe_loadings,
        "Bars to the right go up with the component, bars to the left go down with it.",
    ),
    Plot(
        "pca",
        maps.draw_pca,
        maps.describe_pca,
        "Each mark is a profile, each number the centre of a persona. Two components show only a part of "
        "what tells the personas apart: what overlaps here may be apart in the others.",
    ),
    Plot(
        "tsne",
        maps.draw_tsne,
        maps.describe_tsne,
        "Each mark is a profile. Near marks are alike; distances between far ones and the sizes of the "
        "clouds mean nothing.",
    ),
    Plot(
        "lifts",
        profiles.draw_lifts,
        profiles.describe_lifts,
        "Numbers: share of the members, in per cent. Purple: more likely than everyone; orange: less. "
        "Grey numbers on white do not differ beyond chance.",
    ),
    Plot(
        "snake",
        profiles.draw_snake,
        profiles.describe_snake,
        "Each line is a persona. Right of zero: more than everyone; left: less. Levels count from 0.",
    ),
    Plot(
        "history_by_hobby",
        gifts.draw_history_by_hobby,
        gifts.describe_history_by_hobby,
        "Numbers: how many times as likely a gift is among people of a hobby as among everyone. "
        "Empty cells: too few people to say.",
    ),
    Plot(
        "gifts_by_age",
        gifts.draw_gifts_by_age,
        gifts.describe_gifts_by_age,
        "Numbers: share of an age band's profiles with gifts of a category, in per cent of those who answered.",
    ),
    *descriptors.PLOTS,
    Plot(
        "density",
        density.draw_density,
        density.describe_density,
        "Left: the bend in the curve sets how near neighbours must be. "
        "Right: what each method found, and how many profiles it put into no group.",
    ),
    Plot(
        "confidence",
        confidence.draw_confidence,
        confidence.describe_confidence,
        "Left: of the assignments that were settled to that degree, so many stayed when the rest was answered; "
        "on the dashed line the number is what it says, larger dots are more trials. Middle: the same by the "
        "number of hidden fields. Right: how well answers of held-out people are predicted from their others, by "
        "the exponent of the evidence; the dashed line is the one that confidence has.",
    ),
    Plot(
        "quality",
        quality.draw_quality,
        quality.describe_quality,
        "Left: how many profiles answer a field. Right: how much the number of values that somebody ticks "
        "depends on the persona; it should not.",
    ),
    *lengths.PLOTS,
)


def drawn(plot: Plot, report: Report) -> Figure | None:
    """A figure of a report in our style; None where there is no data for it."""
    with styled():
        return plot.draw(report)
