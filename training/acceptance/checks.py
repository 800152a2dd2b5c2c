"""Acceptance checks: a candidate beside the active model, on profiles that the candidate has not seen.

Each check has a threshold (`models.acceptance`) and gives a verdict: a sentence with what was measured and what is
wanted. Some judge the candidate, some the data against that of the active model: a poisoned file must not get
a model of its own that then looks tidy. A model of simulated profiles is a stand-in, so real people are not held
against it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from threadpoolctl import threadpool_limits

from models.acceptance import Thresholds
from models.persona import Persona
from models.scoring.columns import FloatArray, IntArray
from models.scoring.scorer import Scorer
from models.storage.comparison import adjusted_rand
from models.storage.manifest import FieldStats, Origin, Verdict
from training.acceptance.field_stats import field_stats, repeated_share, unknown_share
from training.clustering.choice_of_k import silhouette
from training.clustering.fit import Fit, draw
from training.clustering.matching import crossed
from training.config import TrainingConfig
from training.data.dataset import Dataset
from training.personas.identity import Matching, Predecessor

# So many answers alike are no coincidence.
_MANY_ANSWERS: Final = 5
# Below it, or below so many times what one profile in the sample weighs, a field has nothing that it could lose.
_SOME_STRENGTH: Final = 0.003
_BEYOND_NOISE: Final = 20
_FIELD_ROWS: Final = 10_000
_WORSE_SHARE: Final = 0.1
_STAND_IN: Final = "Not judged: the active model was made from simulated profiles, a stand-in for real ones."


@dataclass(frozen=True)
class Candidate:
    """A refit to be checked. `held`: profiles that it has not seen, or a sample where there are few."""

    origin: Origin
    fit: Fit
    scorer: Scorer
    personas: tuple[Persona, ...]
    dataset: Dataset
    held: Dataset


@dataclass(frozen=True)
class Judgement:
    """Figures by name, and the verdicts."""

    metrics: dict[str, float | int | str | None]
    verdicts: tuple[Verdict, ...]


def judge(
    candidate: Candidate,
    predecessor: Predecessor | None,
    matching: Matching | None,
    thresholds: Thresholds,
    config: TrainingConfig,
) -> Judgement:
    """Judge a candidate by itself and, where there is a active model, beside it."""
    with threadpool_limits(1):
        verdicts = list(_candidate_checks(candidate, thresholds, config))
        if predecessor is not None and matching is not None:
            verdicts += _predecessor_checks(candidate, predecessor, matching, thresholds)
    metrics: dict[str, float | int | str | None] = {"held_out_rows": len(candidate.held)}
    metrics |= {f"gate_{verdict.name}": verdict.value for verdict in verdicts if verdict.value is not None}
    return Judgement(metrics, tuple(verdicts))


def unmatched(sentence: str) -> Verdict:
    """The verdict where there is a active model that cannot be read: no persona is carried on."""
    return Verdict(
        name="identity",
        passed=False,
        sentence=f"The active model cannot be read, so that every persona would get a new id: {sentence}",
    )


# --- the candidate by itself -----------------------------------------------------------------------


def _candidate_checks(candidate: Candidate, thresholds: Thresholds, config: TrainingConfig) -> Iterator[Verdict]:
    stable = stability(candidate, config)
    yield _at_least(
        "stability", stable, thresholds.gate_min_stability,
        f"Refits of resampled profiles agree with it to an adjusted Rand index of {stable:.2f}",
        f"{thresholds.gate_min_stability:.2f}",
    )  # fmt: skip
    unknown = unknown_share(candidate.held, candidate.scorer)
    yield _at_most(
        "unknown_values", unknown, thresholds.gate_max_unknown_share,
        f"It does not know {_percent(unknown)} of the values that people gave",
    )  # fmt: skip
    outliers = outlier_share(candidate.scorer.distances(candidate.held.coded_for(candidate.scorer.encoder)))
    yield _at_most(
        "outliers", outliers, thresholds.gate_max_outlier_share,
        f"{_percent(outliers)} of the profiles lie far from every persona",
    )  # fmt: skip
    repeated = repeated_share(candidate.dataset, _MANY_ANSWERS)
    yield _at_most(
        "repeated_rows", repeated, thresholds.gate_max_repeated_share,
        f"{_percent(repeated)} of the rows repeat another one word for word, in {_MANY_ANSWERS} answers or more",
    )  # fmt: skip


def stability(candidate: Candidate, config: TrainingConfig) -> float:
    """Mean adjusted Rand index, on the held profiles, between a fit and refits of resampled training profiles.

    PCA, partial whitening and K-Means are fitted anew on each resample, the encoding and the numbers of
    components and of personas stay.
    """
    fit = candidate.fit
    if fit.k == 1:
        return 1.0
    rng = np.random.default_rng(config.seed)
    sample = candidate.dataset.take(draw(len(candidate.dataset), config.criteria_rows, rng))
    before = fit.pipeline[:2]
    vectors, held = before.transform(sample), before.transform(candidate.held)
    clusters = candidate.scorer.clusters(candidate.held.coded_for(candidate.scorer.encoder))
    agreements = [
        adjusted_rand(crossed(clusters, _refitted(fit, vectors, held, config, rng), fit.k, fit.k))
        for _ in range(config.bootstraps)
    ]
    return float(np.mean(agreements))


def _refitted(
    fit: Fit, vectors: FloatArray, held: FloatArray, config: TrainingConfig, rng: np.random.Generator
) -> IntArray:
    rows = rng.integers(len(vectors), size=len(vectors))
    pca = PCA(min(fit.components.retained, len(vectors)), svd_solver="covariance_eigh").fit(vectors[rows])
    coordinates = pca.transform(vectors[rows])
    scale = np.maximum(coordinates.std(axis=0), 1e-9) ** (-2 * fit.pipeline["even"].evenness)
    kmeans = KMeans(fit.k, n_init=3, random_state=config.seed).fit(coordinates * scale)
    clusters: IntArray = kmeans.predict(pca.transform(held) * scale).astype(np.int64)
    return clusters


def outlier_share(distances: FloatArray) -> float:
    """The share of rows whose nearest centroid is beyond Q3 + 3 IQR of all: Tukey's outer fence.

    Exploratory Data Analysis, 1977, ch. 2. `distances` (n, k).
    """
    nearest = distances.min(axis=1)
    low, high = np.quantile(nearest, [0.25, 0.75])
    return float(np.mean(nearest > high + 3 * (high - low)))


# --- beside the active model ---------------------------------------------------------------------


def _predecessor_checks(
    candidate: Candidate, predecessor: Predecessor, matching: Matching, thresholds: Thresholds
) -> Iterator[Verdict]:
    yield _origin(candidate.origin, predecessor.manifest.origin)
    stand_in = predecessor.manifest.origin.simulated and not candidate.origin.simulated
    for verdict in _compared(candidate, predecessor, matching, thresholds):
        yield verdict.model_copy(update={"passed": True, "sentence": _STAND_IN}) if stand_in else verdict


def _origin(own: Origin, before: Origin) -> Verdict:
    passed = before.simulated or not own.simulated
    sentence = (
        "No model of simulated profiles would replace one of real ones."
        if passed
        else "It was made from simulated profiles, and the active model from real ones."
    )
    return Verdict(name="origin", passed=passed, sentence=sentence)


def _compared(
    candidate: Candidate, predecessor: Predecessor, matching: Matching, thresholds: Thresholds
) -> Iterator[Verdict]:
    held, model = candidate.held, predecessor.loaded.model
    columns, predecessor_columns = held.coded_for(candidate.scorer.encoder), held.coded_for(model.encoder)
    clusters, predecessor_clusters = candidate.scorer.clusters(columns), model.scorer.clusters(predecessor_columns)
    own = silhouette(candidate.scorer.coordinates(columns), clusters) or 0.0
    before = silhouette(model.scorer.coordinates(predecessor_columns), predecessor_clusters) or 0.0
    yield _at_most(
        "silhouette", before - own, thresholds.gate_max_silhouette_loss,
        f"The silhouette is {own:.3f}, that of the active model {before:.3f} on the same profiles: "
        f"a fall of {max(before - own, 0.0):.3f}",
        f"{thresholds.gate_max_silhouette_loss:.3f}",
    )  # fmt: skip
    answers, predecessor_assigned = (
        candidate.scorer.scores(columns).clusters,
        model.scorer.scores(predecessor_columns).clusters,
    )
    yield _changed(candidate, predecessor, answers, predecessor_assigned, thresholds)
    yield from _born_and_retired(candidate, predecessor, matching, thresholds)
    yield from _population(predecessor, thresholds)
    yield from _fields(candidate, predecessor, thresholds)


def _changed(
    candidate: Candidate,
    predecessor: Predecessor,
    clusters: IntArray,
    predecessor_clusters: IntArray,
    thresholds: Thresholds,
) -> Verdict:
    ids = np.array([persona.id for persona in candidate.personas])[clusters]
    before = np.array([persona.id for persona in predecessor.personas])[predecessor_clusters]
    changed = float(np.mean(ids != before))
    measured = f"{_percent(changed)} of people would change persona"
    return _at_most("changed_personas", changed, thresholds.gate_max_changed_share, measured)


def _born_and_retired(
    candidate: Candidate, predecessor: Predecessor, matching: Matching, thresholds: Thresholds
) -> Iterator[Verdict]:
    born = [candidate.personas[cluster].name for cluster in matching.born]
    retired = [predecessor.personas[cluster].name for cluster in matching.retired]
    for name, names, most in (
        ("born_personas", born, thresholds.gate_max_born),
        ("retired_personas", retired, thresholds.gate_max_retired),
    ):
        what = "new" if name.startswith("born") else "retired"
        count = "1 persona is" if len(names) == 1 else f"{len(names)} personas are"
        measured = f"{count} {what}" + (f" ({', '.join(names)})" if names else "")
        yield _at_most(name, float(len(names)), float(most), measured, str(most))


def _population(predecessor: Predecessor, thresholds: Thresholds) -> Iterator[Verdict]:
    """How the active model sees the new data, against how it saw its own."""
    now = np.bincount(predecessor.clusters, minlength=len(predecessor.personas)) / len(predecessor.clusters)
    then = np.array([persona.share for persona in predecessor.personas])
    largest = int(now.argmax())
    measured = (
        f"The active model gives {_percent(now[largest])} of these profiles to one persona, "
        f"“{predecessor.personas[largest].name}”, which held {_percent(then[largest])} when it was trained"
    )
    yield _at_most("one_giant_persona", float(now[largest]), thresholds.gate_max_persona_share, measured)
    drift = float(np.abs(now - then).sum() / 2)
    measured = (
        f"To the active model {_percent(drift)} of these people are of other personas than when it was trained"
    )
    yield _at_most("population", drift, thresholds.gate_max_drift, measured)


def _fields(candidate: Candidate, predecessor: Predecessor, thresholds: Thresholds) -> Iterator[Verdict]:
    then = predecessor.manifest.field_figures
    if not then:
        yield Verdict(
            name="fields",
            passed=True,
            sentence="Not judged: the active model does not say what its fields were like.",
        )
        return
    dataset = candidate.dataset
    sample = dataset.take(draw(len(dataset), _FIELD_ROWS, np.random.default_rng(0)))
    now = field_stats(sample, predecessor.loaded.model.scorer)
    some = max(_SOME_STRENGTH, _BEYOND_NOISE / len(sample))
    both = [name for name in now if name in then]
    yield _worst("shuffled_field", both, lambda name: _strength(name, now[name], then[name], some, thresholds))
    yield _worst("one_value", both, lambda name: _one_value(name, now[name], then[name], thresholds))


def _worst(name: str, fields: list[str], look: Callable[[str], Verdict]) -> Verdict:
    """The verdicts on all fields as one: the first that fails, or that all hold."""
    verdicts = [look(field) for field in fields]
    failed = [verdict.sentence for verdict in verdicts if not verdict.passed]
    if failed:
        return Verdict(name=name, passed=False, sentence=" ".join(failed))
    compared_fields = {
        "shuffled_field": "Every field has to do with the others as much as it had.",
        "one_value": "No field is filled with one answer alone that was not before.",
    }
    return Verdict(name=name, passed=True, sentence=compared_fields[name])


def _strength(field: str, now: FieldStats, then: FieldStats, some: float, thresholds: Thresholds) -> Verdict:
    least = thresholds.gate_min_strength_kept * then.strength
    measured = (
        f"What people answer to '{field}' has little to do with their other answers any more: personas made from "
        f"those explain {_percent(now.strength)} of it, and {_percent(then.strength)} when the active model was "
        f"trained; at least {_percent(least)} is wanted. Its column may have been shuffled."
    )
    passed = then.strength < some or now.strength >= least
    return Verdict(name="shuffled_field", passed=passed, sentence=measured)


def _one_value(field: str, now: FieldStats, then: FieldStats, thresholds: Thresholds) -> Verdict:
    most = max(thresholds.gate_max_value_share, min(1.0, then.commonest_share + _WORSE_SHARE))
    measured = (
        f"{_percent(now.commonest_share)} of those who answered '{field}' gave one and the same answer, "
        f"and {_percent(then.commonest_share)} when the active model was trained; at most {_percent(most)} "
        "is wanted."
    )
    return Verdict(name="one_value", passed=now.commonest_share <= most, sentence=measured)


# --- sentences -------------------------------------------------------------------------------------


def _at_most(name: str, value: float, threshold: float, measured: str, wanted: str = "") -> Verdict:
    sentence = f"{measured}; at most {wanted or _percent(threshold)} is wanted."
    return Verdict(name=name, passed=value <= threshold, sentence=sentence, value=value, bound=threshold)


def _at_least(name: str, value: float, threshold: float, measured: str, wanted: str) -> Verdict:
    sentence = f"{measured}; at least {wanted} is wanted."
    return Verdict(name=name, passed=value >= threshold, sentence=sentence, value=value, bound=threshold)


def _percent(share: float) -> str:
    return f"{share:.1%}"
