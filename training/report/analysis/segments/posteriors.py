"""How sure the model is: mean posteriors by persona, and how much of the uncertainty it takes away.

Of probabilities p_ij of profile i and persona j, with means p_j: normalised entropy, 1 + Σ p_ij log p_ij / (n log
k) (Celeux and Soromenho, An entropy criterion for assessing the number of clusters in a mixture model, Journal of
Classification 13, 1996, 195–212); entropy R², the same against the entropy of the means; classification R², the
same for the expected errors 1 − max p_ij against 1 − max p_j (Vermunt and Magidson, Technical Guide for Latent
GOLD, 2016).
"""

from collections.abc import Sequence

import numpy as np
from scipy.special import entr

from models.persona import Persona
from models.scoring.columns import FloatArray, IntArray
from training.clustering.matching import cluster_means
from training.report.analysis.insights import quoted
from training.report.content.segments import Posteriors


def posteriors(
    probabilities: FloatArray | None, clusters: IntArray, personas: Sequence[Persona]
) -> Posteriors | None:
    """The posteriors of sampled profiles with clusters (n,).

    None without probabilities (n, k), and for one persona.
    """
    if probabilities is None or len(personas) < 2 or not len(probabilities):
        return None
    means = probabilities.mean(axis=0)
    entropies = entr(probabilities).sum(axis=1)
    entropy, before = float(entropies.mean()), float(entr(means).sum())
    errors = float((1 - probabilities.max(axis=1)).mean())
    normalised = 1 - entropy / float(np.log(len(personas)))
    table = cluster_means(probabilities, clusters, len(personas))
    own = [float(table[cluster, cluster]) for cluster in range(len(personas))]
    r2 = _explained(entropy, before)
    left = cluster_means(entropies[:, None], clusters, len(personas))[:, 0].tolist()
    return Posteriors(
        rows=len(probabilities),
        table=tuple(tuple(None if np.isnan(p) else round(p, 4) for p in row) for row in table.tolist()),
        entropy_r2=r2,
        entropy_r2_of=tuple(
            None if np.isnan(of_members) else _explained(of_members, before) for of_members in left
        ),
        normalised_entropy=round(normalised, 4),
        classification_r2=_explained(errors, 1 - float(means.max())),
        sentence=_sentence(own, r2, personas),
    )


def _explained(left: float, before: float) -> float | None:
    """The share of an uncertainty that is taken away; None where there is none."""
    return round(1 - left / before, 4) if before > 1e-12 else None


def _sentence(own: Sequence[float], r2: float | None, personas: Sequence[Persona]) -> str:
    there = [(value, cluster) for cluster, value in enumerate(own) if not np.isnan(value)]
    (low, blurred), (high, sure) = min(there), max(there)
    taken = "" if r2 is None else f"The answers take away {r2 * 100:.0f} % of the uncertainty (entropy R²). "
    return (
        f"{taken}Members of {quoted(personas[sure])} are assigned with a mean probability of {high:.2f}, those of "
        f"{quoted(personas[blurred])} with {low:.2f}."
    )
