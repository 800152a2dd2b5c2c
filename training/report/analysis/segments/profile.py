"""The segment profile: the answers in which the personas differ most, and which of them mark a persona.

The rule is that of Dolnicar and Leisch (Using graphical statistics to better understand market segmentation
solutions, International Journal of Market Research 56, 2014, 207–230) and of `barchart(…, shade = TRUE)` in the R
package flexclust: an answer marks a persona where its share differs from everyone's by a quarter of the largest
share in any persona, or by half of everyone's share.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from scipy.cluster.hierarchy import leaves_list, linkage

from models.persona import Persona
from models.scoring.columns import BoolArray, FloatArray, IntArray
from training.report.analysis.counts.answers import FieldTable, stated_of
from training.report.analysis.counts.roles import value_label
from training.report.analysis.insights import quoted
from training.report.content.segments import ProfileVariable, SegmentProfile
from training.text import listed, percent

MOST_VARIABLES: Final = 24
OF_LARGEST: Final = 0.25
OF_EVERYONE: Final = 0.50


def segment_profile(tables: Sequence[FieldTable], personas: Sequence[Persona]) -> SegmentProfile | None:
    """The answers with the largest difference between a persona and everyone, at most 24, like ones together.

    Answers of fewer than five members of every persona are not among them. None for one persona, or without
    answers.
    """
    answers = [
        (field, code) for field in tables for code in np.flatnonzero(field.table.shown.any(axis=0)).tolist()
    ]
    if len(personas) < 2 or not answers:
        return None
    everyone = np.array([field.table.stated_everyone[code] for field, code in answers])
    shares = np.array([field.table.most_shares[:, code] for field, code in answers])
    limit = OF_LARGEST * float(shares.max())
    differences = np.abs(shares - everyone[:, None])
    chosen = np.sort(np.argsort(-differences.max(axis=1).round(9), kind="stable")[:MOST_VARIABLES])
    chosen = chosen[_alike_together(shares[chosen])]
    markers = is_marker(shares, everyone, limit)
    variables = tuple(_variable(answers[index], markers[index].tolist()) for index in chosen.tolist())
    return SegmentProfile(
        variables=variables, limit=round(limit, 4), sentence=_sentence(variables, limit, personas)
    )


def is_marker(shares: FloatArray, everyone: FloatArray, limit: float) -> BoolArray:
    """Which answers (v,) mark which persona, (v, k), from shares (v, k) and everyone's (v,)."""
    differences = np.abs(shares - everyone[:, None])
    markers: BoolArray = (differences >= limit) | (differences >= OF_EVERYONE * everyone[:, None])
    return markers


def _alike_together(shares: FloatArray) -> IntArray:
    """An order of the rows in which those with like shares are neighbours: the leaves of average linkage."""
    if len(shares) < 3:
        return np.arange(len(shares))
    return np.asarray(leaves_list(linkage(shares, "average", optimal_ordering=True)), np.int64)


def _variable(answer: tuple[FieldTable, int], markers: Sequence[bool]) -> ProfileVariable:
    field, code = answer
    return ProfileVariable(
        title=field.spec.title,
        value=value_label(field.spec, field.values[code], field.written_forms),
        everyone=round(float(field.table.stated_everyone[code]), 4),
        shares=stated_of(field.table.stated_shares[:, code]),
        markers=tuple(markers),
    )


def _sentence(variables: Sequence[ProfileVariable], limit: float, personas: Sequence[Persona]) -> str:
    counts = [sum(variable.markers[cluster] for variable in variables) for cluster in range(len(personas))]
    marked = [f"{quoted(persona)} {count}" for persona, count in zip(personas, counts, strict=True)]
    strongest = max(
        ((abs(share - variable.everyone), -cluster, share, variable) for variable in variables
         for cluster, share in enumerate(variable.shares) if share is not None),
        key=lambda candidate: candidate[:2],
    )  # fmt: skip
    _, cluster, share, variable = strongest
    return (
        f"Of the {len(variables)} answers in which personas differ most, so many mark each of them (a difference "
        f"of {limit * 100:.0f} points from everyone, or of half of everyone's share): {listed(marked)}. The "
        f"largest difference is {variable.title} “{variable.value}” in {quoted(personas[-cluster])}: "
        f"{percent(share)}, and {percent(variable.everyone)} of everyone."
    )
