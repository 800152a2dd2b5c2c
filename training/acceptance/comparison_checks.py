"""Checks of a candidate beside the active model: its origin, its clusters, its personas and its fields."""

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.acceptance import Thresholds
from models.scoring.columns import FloatArray, IntArray
from models.storage.manifest import Origin, Verdict
from training.acceptance.candidate import Candidate
from training.acceptance.field_checks import field_checks
from training.acceptance.verdicts import at_most, judged, not_judged
from training.clustering.silhouettes import mean_silhouette
from training.personas.identity import ClusterMatching, Predecessor
from training.text import percent_tenths

_STAND_IN: Final = "The active model was made from simulated profiles, a stand-in for real ones."


def comparison_checks(
    candidate: Candidate, predecessor: Predecessor, matching: ClusterMatching, thresholds: Thresholds
) -> Iterator[Verdict]:
    """A model of real profiles is not judged beside one of simulated profiles."""
    yield _origin(candidate.origin, predecessor.manifest.origin)
    stand_in = predecessor.manifest.origin.simulated and not candidate.origin.simulated
    for verdict in _compared(candidate, predecessor, matching, thresholds):
        yield not_judged(verdict.name, _STAND_IN) if stand_in else verdict


def _origin(own: Origin, before: Origin) -> Verdict:
    passed = before.simulated or not own.simulated
    sentence = (
        "No model of simulated profiles would replace one of real ones."
        if passed
        else "It was made from simulated profiles, and the active model from real ones."
    )
    return judged("origin", passed, sentence)


def _compared(
    candidate: Candidate, predecessor: Predecessor, matching: ClusterMatching, thresholds: Thresholds
) -> Iterator[Verdict]:
    yield from _on_held_out_profiles(candidate, predecessor, thresholds)
    yield from _born_and_retired(candidate, predecessor, matching, thresholds)
    yield from _population(predecessor, thresholds)
    yield from field_checks(candidate, predecessor, thresholds)


# --- clusters and personas -------------------------------------------------------------------------


def _on_held_out_profiles(
    candidate: Candidate, predecessor: Predecessor, thresholds: Thresholds
) -> Iterator[Verdict]:
    rows = candidate.held_out_rows
    clusters, clusters_before = candidate.fit.clusters[rows], predecessor.clusters[rows]
    columns_before = predecessor.encoded.take(rows).columns
    spaces = candidate.fit.scores[rows], predecessor.scorer.coordinates(columns_before)
    yield _silhouette(spaces, clusters, clusters_before, thresholds)
    changed = float(np.mean(_persona_ids(candidate, clusters) != _persona_ids(predecessor, clusters_before)))
    measured = f"{percent_tenths(changed)} of people would change persona"
    yield at_most("changed_personas", changed, thresholds.gate_max_changed_share, measured)


def _silhouette(
    spaces: tuple[FloatArray, FloatArray], clusters: IntArray, clusters_before: IntArray, thresholds: Thresholds
) -> Verdict:
    """Both clusterings (n,) in both models' coordinates (n, r): a model's own coordinates favour its clusters."""
    own = _mean_of_both(spaces, clusters)
    before = _mean_of_both(spaces, clusters_before)
    if own is None or before is None:
        return not_judged("silhouette", "All held-out profiles are of one persona in one of the models.")
    fall = before - own
    return at_most(
        "silhouette", fall, thresholds.gate_max_silhouette_loss,
        f"The silhouette of its personas is {own:.3f}, that of the active model's {before:.3f}, as a mean of both "
        f"models' coordinates of the same profiles: {'a fall' if fall > 0 else 'a rise'} of {abs(fall):.3f}",
        f"a fall of {thresholds.gate_max_silhouette_loss:.3f}",
    )  # fmt: skip


def _mean_of_both(spaces: tuple[FloatArray, FloatArray], clusters: IntArray) -> float | None:
    first, second = (mean_silhouette(space, clusters) for space in spaces)
    return None if first is None or second is None else (first + second) / 2


def _persona_ids(model: Candidate | Predecessor, clusters: IntArray) -> NDArray[np.str_]:
    return np.array([persona.id for persona in model.personas])[clusters]


def _born_and_retired(
    candidate: Candidate, predecessor: Predecessor, matching: ClusterMatching, thresholds: Thresholds
) -> Iterator[Verdict]:
    born = [candidate.personas[cluster].name for cluster in matching.born]
    retired = [predecessor.personas[cluster].name for cluster in matching.retired]
    yield _persona_count("born_personas", "new", born, thresholds.gate_max_born)
    yield _persona_count("retired_personas", "retired", retired, thresholds.gate_max_retired)


def _persona_count(check: str, adjective: str, names: list[str], most: int) -> Verdict:
    count = "1 persona is" if len(names) == 1 else f"{len(names)} personas are"
    measured = f"{count} {adjective}" + (f" ({', '.join(names)})" if names else "")
    return at_most(check, float(len(names)), float(most), measured, str(most))


def _population(predecessor: Predecessor, thresholds: Thresholds) -> Iterator[Verdict]:
    """The shares of the active model's personas among the new profiles, against those when it was trained."""
    if len(predecessor.personas) == 1:
        for check in ("one_giant_persona", "population"):
            yield not_judged(check, "The active model has one persona, everyone.")
        return
    now: FloatArray = np.bincount(predecessor.clusters, minlength=len(predecessor.personas)) / len(
        predecessor.clusters
    )
    then = np.array([persona.share for persona in predecessor.personas])
    largest = int(now.argmax())
    measured = (
        f"The active model gives {percent_tenths(now[largest])} of these profiles to one persona, "
        f"“{predecessor.personas[largest].name}”, which held {percent_tenths(then[largest])} when it was trained"
    )
    yield at_most("one_giant_persona", float(now[largest]), thresholds.gate_max_persona_share, measured)
    drift = float(np.abs(now - then).sum() / 2)
    others = percent_tenths(drift)
    measured = f"To the active model {others} of these people are of other personas than when it was trained"
    yield at_most("population", drift, thresholds.gate_max_drift, measured)
