"""Fit → Evaluation: the metrics of a fit, and the verdicts on those that have a threshold."""

from dataclasses import dataclass

import numpy as np

from models.storage.manifest import Verdict
from training.acceptance.verdicts import at_least, at_most, judged
from training.clustering.compile import Equivalence
from training.clustering.fit import Fit, draw_rows
from training.clustering.silhouettes import mean_silhouette
from training.config import TrainingConfig
from training.text import percent_tenths


@dataclass(frozen=True)
class Evaluation:
    """Metrics by name, and the verdicts."""

    metrics: dict[str, float | int | str | None]
    verdicts: tuple[Verdict, ...]


def evaluate(fit: Fit, equivalence: Equivalence, config: TrainingConfig) -> Evaluation:
    """Evaluate a fit on its own training data."""
    shares = np.bincount(fit.clusters, minlength=fit.k) / len(fit.encoded)
    pca = fit.pipeline["pca"]
    metrics: dict[str, float | int | str | None] = {
        "personas": fit.k,
        "components": fit.components.retained,
        "components_beating_chance": fit.components.beat_chance,
        "explained_variance": float(np.sum(pca.explained_variance_ratio_)),
        "inertia": float(fit.pipeline["kmeans"].inertia_),
        "silhouette": _silhouette(fit, config),
        "smallest_persona_share": float(shares.min()),
        "largest_persona_share": float(shares.max()),
        "scorer_rows_compared": equivalence.rows,
        "scorer_largest_gap": equivalence.largest_gap,
        "scorer_ties": equivalence.ties,
    }
    return Evaluation(metrics, _verdicts(fit, float(shares.min()), float(shares.max()), config))


def _silhouette(fit: Fit, config: TrainingConfig) -> float | None:
    """The mean silhouette on a sample; None where it is not defined."""
    rows = draw_rows(len(fit.scores), config.criteria_rows, np.random.default_rng(config.seed))
    return mean_silhouette(fit.scores[rows], fit.clusters[rows])


def _verdicts(fit: Fit, smallest: float, largest: float, config: TrainingConfig) -> tuple[Verdict, ...]:
    return (
        judged("structure", fit.components.structured and fit.k > 1, _structure(fit)),
        at_least(
            "smallest_persona", smallest, config.min_persona_share,
            f"The smallest persona holds {percent_tenths(smallest)} of the profiles",
        ),
        at_most(
            "largest_persona", largest, config.max_persona_share,
            f"The largest persona holds {percent_tenths(largest)} of the profiles",
        ),
    )  # fmt: skip


def _structure(fit: Fit) -> str:
    components = fit.components
    if not components.structured or fit.k > 1:
        return components.sentence
    return f"{components.sentence.removesuffix('.')}, but there is one persona, everyone."
