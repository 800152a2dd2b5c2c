"""The gate: a candidate beside the model in force, on profiles that the candidate has not seen.

Each check has a bound (`models.acceptance`) and gives a verdict, a sentence with what was measured and what is
wanted. Some judge the candidate, some the data against that of the model in force: a poisoned file must not get
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
from models.storage.manifest import FieldFigures, Origin, Verdict
from training.acceptance.field_stats import field_figures, repeated_share, unknown_share
from training.clustering.choice_of_k import silhouette
from training.clustering.fit import Fit, draw
from training.clustering.matching import crossed
from training.config import TrainingConfig
from training.data.dataset import Dataset
from training.personas.identity import Known, Matching

# So many answers alike are no coincidence.
_TELLING: Final = 5
# Below it, or below so many times what one profile in the sample weighs, a field has nothing that it could lose.
_SOME_STRENGTH: Final = 0.003
_BEYOND_NOISE: Final = 20
_FIELD_ROWS: Final = 10_000
_WORSE_SHARE: Final = 0.1
_STAND_IN: Final = "Not judged: the model in force was made from simulated profiles, a stand-in for real ones."


@dataclass(frozen=True)
class Candidate:
    """A refit: what the gate looks at. `held`: profiles that it has not seen, or a sample where there are few."""

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
    known: Known | None,
    found: Matching | None,
    bounds: Thresholds,
    config: TrainingConfig,
) -> Judgement:
    """Judge a candidate by itself and, where there is a model in force, beside it."""
    with threadpool_limits(1):
        verdicts = list(_alone(candidate, bounds, config))
        if known is not None and found is not None:
            verdicts += _beside(candidate, known, found, bounds)
    metrics: dict[str, float | int | str | None] = {"held_out_rows": len(candidate.held)}
    metrics |= {f"gate_{verdict.name}": verdict.value for verdict in verdicts if verdict.value is not None}
    return Judgement(metrics, tuple(verdicts))


def unmatched(sentence: str) -> Verdict:
    """The verdict where there is a model in force that cannot be read: nobody's persona is carried on."""
    return Verdict(
        name="identity",
        passed=False,
        sentence=f"The model in force cannot be read, so that every persona would get a new id: {sentence}",
    )


# --- the candidate by itself -----------------------------------------------------------------------


def _alone(candidate: Candidate, bounds: Thresholds, config: TrainingConfig) -> Iterator[Verdict]:
    stable = stability(candidate, config)
    yield _at_least(
        "stability", stable, bounds.gate_min_stability,
        f"Refits of resampled profiles agree with it to an adjusted Rand index of {stable:.2f}",
        f"{bounds.gate_min_stability:.2f}",
    )  # fmt: skip
    unknown = unknown_share(candidate.held, candidate.scorer)
    yield _at_most(
        "unknown_values", unknown, bounds.gate_max_unknown_share,
        f"It does not know {_percent(unknown)} of the values that people told",
    )  # fmt: skip
    outliers = outlier_share(candidate.scorer.distances(candidate.held.coded_for(candidate.scorer.encoder)))
    yield _at_most(
        "outliers", outliers, bounds.gate_max_outlier_share,
        f"{_percent(outliers)} of the profiles lie far from every persona",
    )  # fmt: skip
    repeated = repeated_share(candidate.dataset, _TELLING)
    yield _at_most(
        "repeated_rows", repeated, bounds.gate_max_repeated_share,
        f"{_percent(repeated)} of the rows repeat another one word for word, in {_TELLING} answers or more",
    )  # fmt: skip


def stability(candidate: Candidate, config: TrainingConfig) -> float:
    """Mean adjusted Rand index, on the held profiles, between a fit and refits of resampled training profiles.

    PCA, evening and K-Means are fitted anew on each resample, the encoding and the numbers of components and of
    personas stay.
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
    pca = PCA(min(fit.components.kept, len(vectors)), svd_solver="covariance_eigh").fit(vectors[rows])
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


# --- beside the model in force ---------------------------------------------------------------------


def _beside(candidate: Candidate, known: Known, found: Matching, bounds: Thresholds) -> Iterator[Verdict]:
    yield _origin(candidate.origin, known.manifest.origin)
    stand_in = known.manifest.origin.simulated and not candidate.origin.simulated
    for verdict in _compared(candidate, known, found, bounds):
        yield verdict.model_copy(update={"passed": True, "sentence": _STAND_IN}) if stand_in else verdict


def _origin(own: Origin, before: Origin) -> Verdict:
    passed = before.simulated or not own.simulated
    sentence = (
        "No model of simulated profiles would replace one of real ones."
        if passed
        else "It was made from simulated profiles, and the model in force from real ones."
    )
    return Verdict(name="origin", passed=passed, sentence=sentence)


def _compared(candidate: Candidate, known: Known, found: Matching, bounds: Thresholds) -> Iterator[Verdict]:
    held, model = candidate.held, known.loaded.model
    columns, known_columns = held.coded_for(candidate.scorer.encoder), held.coded_for(model.encoder)
    clusters, known_clusters = candidate.scorer.clusters(columns), model.scorer.clusters(known_columns)
    own = silhouette(candidate.scorer.coordinates(columns), clusters) or 0.0
    before = silhouette(model.scorer.coordinates(known_columns), known_clusters) or 0.0
    yield _at_most(
        "silhouette", before - own, bounds.gate_max_silhouette_loss,
        f"The silhouette is {own:.3f}, that of the model in force {before:.3f} on the same profiles: "
        f"a fall of {max(before - own, 0.0):.3f}",
        f"{bounds.gate_max_silhouette_loss:.3f}",
    )  # fmt: skip
    answers, known_answers = candidate.scorer.scores(columns).clusters, model.scorer.scores(known_columns).clusters
    yield _changed(candidate, known, answers, known_answers, bounds)
    yield from _born_and_retired(candidate, known, found, bounds)
    yield from _population(known, bounds)
    yield from _fields(candidate, known, bounds)


def _changed(
    candidate: Candidate, known: Known, clusters: IntArray, known_clusters: IntArray, bounds: Thresholds
) -> Verdict:
    ids = np.array([persona.id for persona in candidate.personas])[clusters]
    before = np.array([persona.id for persona in known.personas])[known_clusters]
    changed = float(np.mean(ids != before))
    told = f"{_percent(changed)} of people would change persona"
    return _at_most("changed_personas", changed, bounds.gate_max_changed_share, told)


def _born_and_retired(
    candidate: Candidate, known: Known, found: Matching, bounds: Thresholds
) -> Iterator[Verdict]:
    born = [candidate.personas[cluster].name for cluster in found.born]
    retired = [known.personas[cluster].name for cluster in found.retired]
    for name, names, most in (
        ("born_personas", born, bounds.gate_max_born),
        ("retired_personas", retired, bounds.gate_max_retired),
    ):
        what = "new" if name.startswith("born") else "retired"
        count = "1 persona is" if len(names) == 1 else f"{len(names)} personas are"
        told = f"{count} {what}" + (f" ({', '.join(names)})" if names else "")
        yield _at_most(name, float(len(names)), float(most), told, str(most))


def _population(known: Known, bounds: Thresholds) -> Iterator[Verdict]:
    """How the model in force sees the new data, against how it saw its own."""
    now = np.bincount(known.clusters, minlength=len(known.personas)) / len(known.clusters)
    then = np.array([persona.share for persona in known.personas])
    largest = int(now.argmax())
    told = (
        f"The model in force gives {_percent(now[largest])} of these profiles to one persona, "
        f"“{known.personas[largest].name}”, which held {_percent(then[largest])} when it was trained"
    )
    yield _at_most("one_giant_persona", float(now[largest]), bounds.gate_max_persona_share, told)
    drift = float(np.abs(now - then).sum() / 2)
    told = (
        f"To the model in force {_percent(drift)} of these people are of other personas than when it was trained"
    )
    yield _at_most("population", drift, bounds.gate_max_drift, told)


def _fields(candidate: Candidate, known: Known, bounds: Thresholds) -> Iterator[Verdict]:
    then = known.manifest.field_figures
    if not then:
        yield Verdict(
            name="fields",
            passed=True,
            sentence="Not judged: the model in force does not say what its fields were like.",
        )
        return
    dataset = candidate.dataset
    sample = dataset.take(draw(len(dataset), _FIELD_ROWS, np.random.default_rng(0)))
    now = field_figures(sample, known.loaded.model.scorer)
    some = max(_SOME_STRENGTH, _BEYOND_NOISE / len(sample))
    both = [name for name in now if name in then]
    yield _worst("shuffled_field", both, lambda name: _strength(name, now[name], then[name], some, bounds))
    yield _worst("one_value", both, lambda name: _one_value(name, now[name], then[name], bounds))


def _worst(name: str, fields: list[str], look: Callable[[str], Verdict]) -> Verdict:
    """The verdicts on all fields as one: the first that fails, or that all hold."""
    verdicts = [look(field) for field in fields]
    failed = [verdict.sentence for verdict in verdicts if not verdict.passed]
    if failed:
        return Verdict(name=name, passed=False, sentence=" ".join(failed))
    kept = {
        "shuffled_field": "Every field has to do with the others as much as it had.",
        "one_value": "No field is filled with one answer alone that was not before.",
    }
    return Verdict(name=name, passed=True, sentence=kept[name])


def _strength(field: str, now: FieldFigures, then: FieldFigures, some: float, bounds: Thresholds) -> Verdict:
    least = bounds.gate_min_strength_kept * then.strength
    told = (
        f"What people answer to '{field}' has little to do with their other answers any more: personas made from "
        f"those explain {_percent(now.strength)} of it, and {_percent(then.strength)} when the model in force was "
        f"trained; at least {_percent(least)} is wanted. Its column may have been shuffled."
    )
    passed = then.strength < some or now.strength >= least
    return Verdict(name="shuffled_field", passed=passed, sentence=told)


def _one_value(field: str, now: FieldFigures, then: FieldFigures, bounds: Thresholds) -> Verdict:
    most = max(bounds.gate_max_value_share, min(1.0, then.commonest_share + _WORSE_SHARE))
    told = (
        f"{_percent(now.commonest_share)} of those who answered '{field}' gave one and the same answer, "
        f"and {_percent(then.commonest_share)} when the model in force was trained; at most {_percent(most)} "
        "is wanted."
    )
    return Verdict(name="one_value", passed=now.commonest_share <= most, sentence=told)


# --- sentences -------------------------------------------------------------------------------------


def _at_most(name: str, value: float, bound: float, told: str, wanted: str = "") -> Verdict:
    sentence = f"{told}; at most {wanted or _percent(bound)} is wanted."
    return Verdict(name=name, passed=value <= bound, sentence=sentence, value=value, bound=bound)


def _at_least(name: str, value: float, bound: float, told: str, wanted: str) -> Verdict:
    sentence = f"{told}; at least {wanted} is wanted."
    return Verdict(name=name, passed=value >= bound, sentence=sentence, value=value, bound=bound)


def _percent(share: float) -> str:
    return f"{share:.1%}"
