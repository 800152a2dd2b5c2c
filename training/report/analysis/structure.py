"""Is the segmentation natural, reproducible or constructive?

The three concepts of Dolnicar and Leisch (Evaluation of structure and reproducibility of cluster solutions using
the bootstrap, Marketing Letters 21, 2010, 83–101). Natural: there are groups with emptier space between them, and
every analysis finds them again. Reproducible: there are none, but the data has other structure that makes the
analysis repeat itself. Constructive: neither; any division is the analyst's, and another sample gives another one.

Stability is theirs: the adjusted Rand index of pairs of refits. They give no thresholds. Ours follow Steinley
(Psychological Methods 9, 2004, 386–396): good recovery from 0.80, moderate recovery from 0.65. Refits have to
agree well, and a density-based method has to see groups apart that are the personas at least moderately. A round
cloud of 800 points in three dimensions, cut into four, reaches 0.63 between refits, and is constructive.
"""

from typing import Final

import numpy as np

from training.report.content.stability import WholeStability
from training.report.content.structure import DataStructure, Kind
from training.report.document import Density
from training.text import count, listed

RECURS: Final = 0.80
SAME_GROUPS: Final = 0.65
_MEANING: Final[dict[Kind, str]] = {
    "natural": "the personas are groups in the data, which another sample would show as well",
    "reproducible": "the personas divide one cloud, but another sample would be divided alike",
    "constructive": "the personas are one useful division of many, and another sample would be divided otherwise",
}


def structure(stability: WholeStability | None, density: Density | None, personas: int) -> DataStructure | None:
    """The kind of a segmentation into this many personas.

    None for one persona, where density was not measured, and without two refits to compare.
    """
    pairs = _pairs(stability, personas)
    if personas < 2 or density is None or not pairs:
        return None
    seen = tuple(
        finding.method
        for finding in density.findings
        if finding.apart and finding.agreement is not None and finding.agreement >= SAME_GROUPS
    )
    agreement = round(float(np.median(pairs)), 4)
    kind = _kind(agreement, bool(seen))
    return DataStructure(
        kind=kind,
        agreement=agreement,
        seen=seen,
        sentence=f"The segmentation is {kind}: {_MEANING[kind]}. {_numbers(agreement, len(pairs), density, seen)}",
    )


def has_groups(kind: DataStructure | None) -> bool:
    """Whether the personas may be separate groups: not where the analysis saw none."""
    return kind is None or kind.kind == "natural"


def _pairs(stability: WholeStability | None, personas: int) -> tuple[float, ...]:
    """The agreements of pairs of refits with this many segments."""
    solutions = () if stability is None else stability.solutions
    return next((solution.agreements for solution in solutions if solution.k == personas), ())


def _kind(agreement: float, groups: bool) -> Kind:
    if agreement < RECURS:
        return "constructive"
    return "natural" if groups else "reproducible"


def _numbers(agreement: float, pairs: int, density: Density, seen: tuple[str, ...]) -> str:
    agreements = [f"{one.agreement:.2f} for {one.method}" for one in density.findings if one.method in seen]
    names = [one.method for one in density.findings]
    groups = (
        f"{listed(seen)} {'sees' if len(seen) == 1 else 'see'} the personas as separate groups (agreement "
        f"{listed(agreements)}; {SAME_GROUPS:.2f} is wanted)"
        if seen
        else f"neither {listed(names, 'nor')} sees the personas as separate groups"
    )
    return (
        f"Refits agree with each other to a median adjusted Rand index of {agreement:.2f} over "
        f"{count(pairs, 'pair')} ({RECURS:.2f} is wanted), and {groups}."
    )
