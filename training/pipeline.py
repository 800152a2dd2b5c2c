"""A training run, from a dataset to a version folder, in order and on one page."""

import hashlib
import os
import platform
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import joblib
import numpy as np

from models.acceptance import Thresholds
from models.lineage import LineageStep, shortened
from models.scoring.columns import IntArray
from models.scoring.scorer import Scorer
from models.segment_model import SegmentModel
from models.storage.arrays import field_manifests
from models.storage.artifact import COMPARISON, PIPELINE, REPORT, LoadedArtifact
from models.storage.manifest import Manifest, Origin
from models.storage.registry import version_name
from models.storage.signature import key_from
from models.storage.writing import check_writable, write_artifact
from training.acceptance.checks import Candidate, judge, unmatched
from training.acceptance.comparison import compare, described
from training.acceptance.evaluation import Evaluation, evaluate
from training.acceptance.field_stats import field_stats
from training.acceptance.golden_predictions import golden_predictions
from training.clustering.compile import compile_scorer, prove_equal
from training.clustering.fit import draw, fit
from training.config import TrainingConfig
from training.data.dataset import Dataset
from training.errors import UnusableInput
from training.partial.calibration import calibrate
from training.partial.reliability import confidence_metrics
from training.personas.describing import describe
from training.personas.identity import Matching, Predecessor, catalogue, match, passages, persona_ids
from training.progress import Part, Progress
from training.report.analysis.analyse import analyse
from training.report.settings import AnalysisConfig

DEFAULT_BOUNDS = Thresholds()
# Fewer say too little to judge on: then a sample of what was trained on is used.
FEWEST_HELD_OUT = 100
FULL_ANALYSIS = AnalysisConfig()
_LIBRARIES = ("numpy", "scipy", "scikit-learn", "pandas", "pyarrow", "joblib", "pydantic")


@dataclass(frozen=True)
class Unreadable:
    """A active model that cannot be read, and why."""

    sentence: str


@dataclass(frozen=True)
class Trained:
    """What a run left: the folder, and the manifest in it."""

    folder: Path
    manifest: Manifest


def train(
    dataset: Dataset,
    origin: Origin,
    config: TrainingConfig,
    out: Path,
    progress: Progress,
    analysis: AnalysisConfig = FULL_ANALYSIS,
    *,
    previous: LoadedArtifact | Unreadable | None = None,
    thresholds: Thresholds = DEFAULT_BOUNDS,
) -> Trained:
    """Fit, compile, verify, match, describe, check, analyse and write.

    `previous`: the active model, whose personas are carried on, and which the candidate is compared with.
    Raises `UnusableInput`, `NotEquivalent` or `ArtifactNotWritten`; then there is no artifact.
    """
    check_usable(dataset, config)
    check_writable(out)
    key = key_from(os.environ)
    predecessor = _predecessor_of(previous, dataset)
    rows, held = _held_out(len(dataset), config, predecessor)
    fitted = fit(
        dataset.take(rows),
        config,
        Part(progress, 0.0, 0.55),
        None if predecessor is None else predecessor.clusters[rows],
    )
    fitted = fitted if len(rows) == len(dataset) else fitted.applied_to(dataset)
    progress.step("compiling the scorer", 0.55)
    scorer = compile_scorer(fitted.pipeline)
    equivalence = prove_equal(fitted, scorer, dataset)
    progress.step("learning from partial profiles", 0.57)
    calibrated = calibrate(dataset, fitted.clusters, scorer, config.seed)
    scorer = calibrated.scorer
    progress.step("matching the personas", 0.60)
    matching = None if predecessor is None else _matched(predecessor, scorer, dataset, config)
    ids = persona_ids(dataset.fingerprint, config, fitted.k, predecessor, matching)
    progress.step("describing the personas", 0.62)
    personas = describe(dataset, fitted.clusters, ids, _previous_names(predecessor, matching))
    progress.step("judging the candidate", 0.65)
    candidate = Candidate(origin, fitted, scorer, personas, dataset, dataset.take(held))
    judgement = judge(candidate, predecessor, matching, thresholds, config)
    evaluation = evaluate(dataset, fitted, equivalence, config)
    verdicts = (*evaluation.verdicts, *judgement.verdicts)
    if isinstance(previous, Unreadable):
        verdicts = (*verdicts, unmatched(previous.sentence))
    metrics = evaluation.metrics | judgement.metrics | confidence_metrics(calibrated.confidence)
    evaluation = Evaluation(metrics, verdicts)
    progress.step("comparing with the active model", 0.70)
    manifest = _manifest(candidate, config, evaluation, predecessor, matching)
    others = (
        {} if predecessor is None else {COMPARISON: _comparison_writer(candidate, manifest, predecessor, config)}
    )
    report = analyse(
        dataset, fitted, manifest, analysis, config.seed, Part(progress, 0.72, 0.97), calibrated.confidence
    )
    progress.step("writing the artifact", 0.97)
    folder = write_artifact(
        out,
        manifest,
        calibrated.scorer,
        {
            PIPELINE: lambda path: joblib.dump(fitted.pipeline, path),
            REPORT: lambda path: path.write_text(report.model_dump_json(indent=1) + "\n", encoding="utf-8"),
            **others,
        },
        key,
    )
    progress.step("written", 1.0)
    return Trained(folder, manifest)


def check_usable(dataset: Dataset, config: TrainingConfig) -> None:
    """Raise `UnusableInput` where no model can be made of the data."""
    if not len(dataset):
        raise UnusableInput("There is no profile to train on.")
    distinct = dataset.distinct_rows
    if distinct < 2:
        raise UnusableInput("All profiles are the same: there is nothing to tell apart.")
    if config.k != "auto" and config.k > distinct:
        raise UnusableInput(
            f"{config.k} personas were asked for, but there are only {distinct} different profiles."
        )


# --- the model before ------------------------------------------------------------------------------


def _predecessor_of(previous: LoadedArtifact | Unreadable | None, dataset: Dataset) -> Predecessor | None:
    if not isinstance(previous, LoadedArtifact):
        return None
    return Predecessor(previous, previous.model.scorer.clusters(dataset.coded_for(previous.model.encoder)))


def _held_out(count: int, config: TrainingConfig, predecessor: Predecessor | None) -> tuple[IntArray, IntArray]:
    """The rows to fit on, and those to judge on: apart where there is a model before and there are enough."""
    rng = np.random.default_rng(config.seed)
    most = min(config.held_out_rows, int(count * config.held_out_share))
    held = draw(count, most, rng)
    if predecessor is None or most < FEWEST_HELD_OUT:
        return np.arange(count), draw(count, config.held_out_rows, rng)
    return np.setdiff1d(np.arange(count), held), held


def _matched(predecessor: Predecessor, scorer: Scorer, dataset: Dataset, config: TrainingConfig) -> Matching:
    """Matched by the clusters themselves: both models by the rule of their pipelines, on one sample."""
    rows = _reference_rows(dataset, config)
    coded = dataset.take(rows).coded_for(scorer.encoder)
    clusters, vectors = scorer.clusters(coded), scorer.encoder.encode(coded)
    return match(predecessor.clusters[rows], clusters, vectors, len(predecessor.personas), len(scorer.centroids))


def _previous_names(predecessor: Predecessor | None, matching: Matching | None) -> dict[int, str]:
    if predecessor is None or matching is None:
        return {}
    return {new: predecessor.personas[old].name for new, old in matching.persona_of.items()}


def _comparison_writer(
    candidate: Candidate, manifest: Manifest, predecessor: Predecessor, config: TrainingConfig
) -> Callable[[Path], object]:
    """The function that writes the comparison with the active model, from the reference sample alone."""
    rows = _reference_rows(candidate.dataset, config)
    what = "simulated profiles" if candidate.origin.simulated else "of the profiles trained on"
    sample, reference = described(candidate.dataset.take(rows), what, candidate.origin.simulated)
    after = LoadedArtifact(manifest, SegmentModel(manifest.version, candidate.scorer, manifest.personas))
    comparison = compare(predecessor.loaded, after, sample, reference, by_id=True)
    return lambda path: path.write_text(comparison.model_dump_json(indent=1) + "\n", encoding="utf-8")


def _reference_rows(dataset: Dataset, config: TrainingConfig) -> IntArray:
    return draw(len(dataset), config.reference_rows, np.random.default_rng(config.seed))


# --- the manifest ----------------------------------------------------------------------------------


def _manifest(
    candidate: Candidate,
    config: TrainingConfig,
    evaluation: Evaluation,
    predecessor: Predecessor | None,
    matching: Matching | None,
) -> Manifest:
    dataset, fitted, personas = candidate.dataset, candidate.fit, candidate.personas
    created_at = datetime.now(UTC)
    source = f"{dataset.fingerprint}|{config.model_dump_json()}|{created_at.isoformat()}"
    name = version_name(created_at, hashlib.sha256(source.encode()).hexdigest())
    previous = None if predecessor is None else predecessor.manifest.version
    step = LineageStep(
        version=name, created_at=created_at, previous=previous, passages=passages(personas, predecessor, matching)
    )
    model = SegmentModel(name, candidate.scorer, personas)
    return Manifest(
        version=name,
        created_at=created_at,
        origin=candidate.origin,
        configuration=config.model_dump(),
        libraries={"python": platform.python_version(), **{lib: version(lib) for lib in _LIBRARIES}},
        metrics=evaluation.metrics,
        choice_of_k=fitted.choice.sentence,
        verdicts=evaluation.verdicts,
        fields=field_manifests(candidate.scorer),
        personas=personas,
        golden=golden_predictions(model, dataset.profile_class, config.seed),
        previous=previous,
        lineage=shortened((*_steps_before(predecessor), step)),
        retired=catalogue(name, personas, predecessor, matching),
        field_figures=field_stats(dataset.take(_reference_rows(dataset, config)), candidate.scorer),
    )


def _steps_before(predecessor: Predecessor | None) -> tuple[LineageStep, ...]:
    """The lineage so far; of a model made before there was one, its personas as new."""
    if predecessor is None:
        return ()
    manifest = predecessor.manifest
    if manifest.lineage:
        return manifest.lineage
    return (
        LineageStep(
            version=manifest.version,
            created_at=manifest.created_at,
            passages=passages(predecessor.personas, None, None),
        ),
    )
