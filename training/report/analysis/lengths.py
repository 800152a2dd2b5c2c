"""List length in or out: does it matter to the personas whether the number of ticks counts?

People differ in how much they tick, whatever they tick: a response style (Dolnicar, Grün and Leisch, Market
Segmentation Analysis, 2018, ch. 6) that may form segments of its own. The fit removes it by default
(`training.clustering.list_length`). Both the segments of K-Means and the personas that
the classifier makes of them are shown. The same profiles are fitted again with the setting turned over,
so that the reader sees what it does instead of believing that it is right.
"""

from collections.abc import Sequence

import numpy as np
from sklearn.metrics import adjusted_rand_score

from models.scoring.columns import CodeListColumn, IntArray
from training.clustering.fit import Fit, draw_rows, fit
from training.clustering.stability import refit_resamples, stability_of
from training.config import TrainingConfig
from training.data.dataset import Dataset
from training.errors import UnusableInput
from training.progress import Silent
from training.report.analysis.counts.quality import list_lengths
from training.report.analysis.stability import Solved
from training.report.content.lengths import LengthComparison, LengthVariant
from training.text import count, percent

# Two solutions of the same number that agree so well are called the same: good recovery (Steinley, Psychological
# Methods 9, 2004, 386–396).
SAME = 0.80


def length_comparison(
    fitted: Fit, config: TrainingConfig, solved: Sequence[Solved], refits: int, rng: np.random.Generator
) -> LengthComparison | None:
    """The fit beside one with the other setting, on a sample of its profiles.

    `solved`: the solutions with their refits, of which the fit's own gives its stability. None where no list has
    lengths that differ, where the other setting cannot be fitted, or without refits.
    """
    dataset = fitted.encoded.dataset
    if not refits or not _varies(dataset):
        return None
    sample = dataset.take(draw_rows(len(dataset), config.criteria_rows, rng))
    turned = config.model_copy(update={"remove_lengths": not config.remove_lengths, "given_k_curve": False})
    try:
        other = fit(sample, turned, Silent())
    except UnusableInput:
        return None
    own = fitted.applied_to(sample)
    variants = (
        _variant(own, config.remove_lengths, _own_agreement(solved, fitted.k)),
        _variant(other, turned.remove_lengths, _agreement(other, turned, refits, rng)),
    )
    same = round(float(adjusted_rand_score(own.clusters, other.clusters)), 4)
    titles = tuple(length.title for length in list_lengths(sample, own.clusters, own.k))
    return LengthComparison(
        rows=len(sample),
        refits=refits,
        lists=titles,
        variants=variants,
        same=same,
        sentence=_sentence(variants, titles, same),
    )


def _varies(dataset: Dataset) -> bool:
    """Whether the lengths of any list differ."""
    lists = [column for column in dataset.columns.values() if isinstance(column, CodeListColumn)]
    return any(len(np.unique(column.lengths[column.answered])) > 1 for column in lists)


def _variant(fitted: Fit, removed: bool, agreement: float | None) -> LengthVariant:
    return LengthVariant(
        removed=removed,
        k=fitted.k,
        agreement=None if agreement is None else round(agreement, 4),
        explained=_explained(fitted, fitted.clusters),
        explained_by_segments=_explained(fitted, fitted.labels),
    )


def _explained(fitted: Fit, clusters: IntArray) -> tuple[float, ...]:
    return tuple(length.explained for length in list_lengths(fitted.encoded.dataset, clusters, fitted.k))


def _own_agreement(solved: Sequence[Solved], k: int) -> float | None:
    """The agreement of the fit's own refits with it."""
    return next((stability_of(one.own, one.refits, k).agreement for one in solved if one.k == k), None)


def _agreement(fitted: Fit, config: TrainingConfig, refits: int, rng: np.random.Generator) -> float | None:
    again = refit_resamples(fitted, config, refits, rng) if fitted.k > 1 else ()
    if not again:
        return None
    dataset = fitted.encoded.dataset
    return stability_of(fitted.clusters, [one.applied_to(dataset).clusters for one in again], fitted.k).agreement


def _sentence(variants: tuple[LengthVariant, LengthVariant], titles: Sequence[str], same: float) -> str:
    own, other = variants
    alike = own.k == other.k and same >= SAME
    matters = "hardly changes the personas" if alike else "changes the personas"
    also = "as well" if own.k == other.k else "instead"
    segments = zip(own.explained_by_segments, other.explained_by_segments, titles, strict=True)
    before, after, title = max(segments, key=lambda pair: abs(pair[0] - pair[1]))
    return (
        f"Whether the number of ticks counts {matters}: {_without(own)} there {_are(own.k)}, {_without(other)} "
        f"{other.k} {also}, and both agree to an adjusted Rand index of {same:.2f}. It matters most to the length "
        f"of {title}, of whose variance the segments of K-Means explain {percent(before)} {_without(own)} and "
        f"{percent(after)} {_without(other)}."
    )


def _without(variant: LengthVariant) -> str:
    return "without it" if variant.removed else "with it"


def _are(k: int) -> str:
    return f"is {count(k, 'persona')}" if k == 1 else f"are {count(k, 'persona')}"
