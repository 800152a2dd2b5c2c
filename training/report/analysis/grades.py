"""Grades of silhouettes and stabilities, in words: the same for the acceptance checks and the report."""

from typing import Final

# Above 0.5 and 0.25: Kaufman and Rousseeuw, Finding Groups in Data, 1990, ch. 2. The grades below are our own.
_GRADES: Final = (
    (0.50, "clearly apart"),
    (0.25, "fairly well apart"),
    (0.15, "overlapping at their edges"),
    (0.05, "held together loosely"),
)
_OVERLAPPING: Final = 2
# Hennig, Cluster-wise assessment of cluster stability, Comput. Statist. Data Anal. 52, 2007.
STABLE: Final = 0.75
DOUBTFUL: Final = 0.60
DISSOLVED: Final = 0.50
# Steinley, Properties of the Hubert–Arabie adjusted Rand index, Psychological Methods 9, 2004, 386–396: excellent,
# good and moderate recovery.
_AGREEMENTS: Final = ((0.90, "very stable"), (0.80, "stable"), (0.65, "fairly stable"))
UNSTABLE: Final = "not stable"


def silhouette_grade(silhouette: float, groups: bool = True) -> str:
    """How separate personas of this mean silhouette are.

    `groups`: whether there may be separate groups. Regions of one cloud are not called apart, whatever the number.
    """
    grades = _GRADES if groups else _GRADES[_OVERLAPPING:]
    return next((words for least, words in grades if silhouette >= least), "hardly apart")


def agreement_grade(agreement: float, least: float) -> str:
    """How stable a model is whose refits agree with it to this mean adjusted Rand index.

    `least`: what the acceptance check wants. A model below it is not stable, whatever the index.
    """
    if agreement < least:
        return UNSTABLE
    return next((words for limit, words in _AGREEMENTS if agreement >= limit), "barely stable")


def stability_grade(jaccard: float, of_stable_model: bool = True) -> str:
    """How stable a persona of this mean Jaccard similarity over refits is.

    `of_stable_model`: whether its model is (`agreement_grade`); in another model no persona is called stable.
    """
    if not of_stable_model:
        return "recurring, in a model that is not stable" if jaccard >= STABLE else UNSTABLE
    if jaccard >= 0.85:
        return "very stable"
    if jaccard >= STABLE:
        return "stable"
    return "fairly stable" if jaccard >= DOUBTFUL else UNSTABLE
