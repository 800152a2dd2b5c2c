"""Grades of silhouettes and stabilities, in words."""

from typing import Final

# Above 0.5 and 0.25: Kaufman and Rousseeuw, Finding Groups in Data, 1990, ch. 2. The grades below are our own.
_GRADES: Final = (
    (0.50, "clearly apart"),
    (0.25, "fairly well apart"),
    (0.15, "overlapping at their edges"),
    (0.05, "held together loosely"),
)
# Hennig, Cluster-wise assessment of cluster stability, Comput. Statist. Data Anal. 52, 2007.
STABLE: Final = 0.75
DOUBTFUL: Final = 0.60


def silhouette_grade(silhouette: float) -> str:
    """How separate personas of this mean silhouette are."""
    return next((words for least, words in _GRADES if silhouette >= least), "hardly apart")


def stability_grade(jaccard: float) -> str:
    """How stable a persona of this mean Jaccard similarity over bootstraps is."""
    if jaccard >= 0.85:
        return "very stable"
    if jaccard >= STABLE:
        return "stable"
    return "fairly stable" if jaccard >= DOUBTFUL else "not stable"
