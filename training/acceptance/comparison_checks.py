"""Checks of a candidate beside the active model: its origin, its clusters, its personas and its fields."""

from collections.abc import Callable, Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.acceptance import Thresholds
from models.scoring.columns import FloatArray, IntArray
from models.storage.manifest import FieldStats, Origin, Verdict
from training.acceptance.candidate import Candidate
from training.acceptance.field_stats import field_stats
from training.acceptance.verdicts import at_most, judged, not_judged
from training.clustering.fit import draw_rows
from training.clustering.silhouettes import mean_silhouette
from training.personas.identity import ClusterMatching, Predecessor

# Below it, or below this many times what one profile in the sample weighs, a field has no strength to lose.
_LEAST_STRENGTH: Final = 0.003
_BEYOND_NOISE: Final = 20
_FIELD_ROWS: Final = 10_000
_WORSE_SHARE: Final = 0.1
_STAND_IN: Final = "The active model was made from simulated profiles, a stand-in for real ones."
_ALL_FIELDS_PASS: Final = {
    "shuffled_field": "Every field has to do with the others as much as it had.",
    "one_value": "No field is filled with one answer alone that was not before.",
}


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
    yield from _fields(candidate, predecessor, thresholds)


# --- clusters and personas -------------------------------------------------------------------------


def _on_held_out_profiles(
    candidate: Candidate, predecessor: Predecessor, thresholds: Thresholds
) -> Iterator[Verdict]:
    scorer, columns = candidate.scorer, candidate.held_out.columns
    scorer_before, columns_before = predecessor.scorer, predecessor.encoded.take(candidate.held_out_rows).columns
    own = mean_silhouette(scorer.coordinates(columns), scorer.clusters(columns)) or 0.0
    before = (
        mean_silhouette(scorer_before.coordinates(columns_before), scorer_before.clusters(columns_before)) or 0.0
    )
    yield at_most(
        "silhouette", before - own, thresholds.gate_max_silhouette_loss,
        f"The silhouette is {own:.3f}, that of the active model {before:.3f} on the same profiles: "
        f"a fall of {max(before - own, 0.0):.3f}",
        f"{thresholds.gate_max_silhouette_loss:.3f}",
    )  # fmt: skip
    ids = _persona_ids(candidate, scorer.scores(columns).clusters)
    ids_before = _persona_ids(predecessor, scorer_before.scores(columns_before).clusters)
    changed = float(np.mean(ids != ids_before))
    measured = f"{changed:.1%} of people would change persona"
    yield at_most("changed_personas", changed, thresholds.gate_max_changed_share, measured)


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
        f"The active model gives {now[largest]:.1%} of these profiles to one persona, "
        f"“{predecessor.personas[largest].name}”, which held {then[largest]:.1%} when it was trained"
    )
    yield at_most("one_giant_persona", float(now[largest]), thresholds.gate_max_persona_share, measured)
    drift = float(np.abs(now - then).sum() / 2)
    measured = f"To the active model {drift:.1%} of these people are of other personas than when it was trained"
    yield at_most("population", drift, thresholds.gate_max_drift, measured)


# --- fields ----------------------------------------------------------------------------------------


def _fields(candidate: Candidate, predecessor: Predecessor, thresholds: Thresholds) -> Iterator[Verdict]:
    then = predecessor.manifest.field_figures
    if not then:
        yield not_judged("fields", "The active model does not say what its fields were like.")
        return
    rows = draw_rows(len(candidate.dataset), _FIELD_ROWS, np.random.default_rng(0))
    now = field_stats(predecessor.encoded.take(rows), predecessor.scorer)
    least = max(_LEAST_STRENGTH, _BEYOND_NOISE / len(rows))
    fields = [name for name in now if name in then]
    yield _all_fields(
        "shuffled_field", fields, lambda name: _strength(name, now[name], then[name], least, thresholds)
    )
    yield _all_fields("one_value", fields, lambda name: _one_value(name, now[name], then[name], thresholds))


def _all_fields(check: str, fields: list[str], verdict_on: Callable[[str], Verdict]) -> Verdict:
    """The verdicts on all fields as one, with the sentences of all that fail."""
    failed = [verdict.sentence for verdict in map(verdict_on, fields) if not verdict.passed]
    return judged(check, not failed, " ".join(failed) or _ALL_FIELDS_PASS[check])


def _strength(field: str, now: FieldStats, then: FieldStats, some: float, thresholds: Thresholds) -> Verdict:
    least = thresholds.gate_min_strength_kept * then.strength
    measured = (
        f"What people answer to '{field}' has little to do with their other answers any more: personas made from "
        f"those explain {now.strength:.1%} of it, and {then.strength:.1%} when the active model was "
        f"trained; at least {least:.1%} is wanted. Its column may have been shuffled."
    )
    passed = then.strength < some or now.strength >= least
    return judged("shuffled_field", passed, measured)


def _one_value(field: str, now: FieldStats, then: FieldStats, thresholds: Thresholds) -> Verdict:
    most = max(thresholds.gate_max_value_share, min(1.0, then.commonest_share + _WORSE_SHARE))
    measured = (
        f"{now.commonest_share:.1%} of those who answered '{field}' gave one and the same answer, "
        f"and {then.commonest_share:.1%} when the active model was trained; at most {most:.1%} "
        "is wanted."
    )
    return judged("one_value", now.commonest_share <= most, measured)
