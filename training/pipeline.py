"""A training run, from a data set to a version folder: all steps in order."""

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
from pydantic import BaseModel

from models.acceptance import Thresholds
from models.affinities.counts import AffinityCounts
from models.lineage import LineageStep, shortened
from models.scoring.columns import IntArray
from models.segment_model import SegmentModel
from models.storage.arrays import field_manifests
from models.storage.artifact import AFFINITIES, COMPARISON, PIPELINE, REPORT, LoadedArtifact
from models.storage.comparison import Comparison
from models.storage.manifest import Manifest, Origin, Verdict
from models.storage.registry import version_name
from models.storage.signature import key_from
from models.storage.writing import check_writable, write_artifact
from training.acceptance.candidate import Candidate
from training.acceptance.checks import run_checks, unreadable_predecessor
from training.acceptance.comparison import compare_crossed, reference_of
from training.acceptance.evaluation import Evaluation, evaluate
from training.acceptance.field_stats import FIELD_ROWS, field_stats
from training.acceptance.golden_predictions import golden_predictions
from training.acceptance.unlearned_values import with_unlearned
from training.calibration.calibration import calibrate
from training.calibration.reliability import confidence_metrics
from training.clustering.compile import prove_equal
from training.clustering.fit import Fit, draw_rows, fit
from training.clustering.matching import crossed
from training.clustering.stability import refit_resamples
from training.config import TrainingConfig
from training.data.dataset import Dataset
from training.errors import UnusableInput
from training.personas.affinity_counts import affinity_counts
from training.personas.describing import describe
from training.personas.identity import (
    ClusterMatching,
    Predecessor,
    catalogue,
    match_clusters,
    passages,
    persona_ids,
)
from training.progress import Progress, ProgressRange
from training.report.analysis.analyse import analyse
from training.report.document import Report
from training.report.settings import FULL_ANALYSIS, AnalysisConfig

DEFAULT_THRESHOLDS = Thresholds()
# Fewer held-out profiles say too little: then the checks use a sample of those that were trained on.
FEWEST_HELD_OUT = 100
_LIBRARIES = ("numpy", "scipy", "scikit-learn", "pandas", "pyarrow", "joblib", "pydantic")


@dataclass(frozen=True)
class UnreadableModel:
    """Stands for an active model that cannot be read, and says why."""

    error: str


@dataclass(frozen=True)
class Trained:
    """The result of a run: the version's folder, and the manifest in it."""

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
    previous: LoadedArtifact | UnreadableModel | None = None,
    thresholds: Thresholds = DEFAULT_THRESHOLDS,
) -> Trained:
    """Fit, compile, verify, calibrate, match, describe, check, analyse and write.

    `previous`: the active model, whose personas are carried on, and which the candidate is compared with.
    Raises `UnusableInput`, `NotEquivalent` or `ArtifactNotWritten`; then there is no artifact.
    """
    check_usable(dataset, config)
    check_writable(out)
    key = key_from(os.environ)
    predecessor = Predecessor.on(previous, dataset) if isinstance(previous, LoadedArtifact) else None
    rows, held_out_rows = _split(len(dataset), config, predecessor)
    fitted = _fit(dataset, rows, config, ProgressRange(progress, 0.0, 0.55), predecessor)
    progress.step("calibrating the classifier", 0.55)
    calibrated = calibrate(fitted, config.seed)
    progress.step("verifying the scorer", 0.58)
    equivalence = prove_equal(fitted, calibrated.scorer)
    progress.step("matching the personas", 0.60)
    matching = None if predecessor is None else _matched(predecessor, fitted, config)
    ids = persona_ids(dataset.fingerprint, config, fitted.k, predecessor, matching)
    progress.step("describing the personas", 0.62)
    described = describe(dataset, fitted.clusters, ids, _previous_names(predecessor, matching))
    progress.step("refitting resampled profiles", 0.63)
    refits = _refits(fitted, config, analysis)
    progress.step("checking the candidate", 0.68)
    candidate = Candidate(
        origin=origin,
        fit=fitted,
        scorer=calibrated.scorer,
        personas=described.personas,
        giver_texts=described.giver_texts,
        fitted_rows=len(rows),
        held_out_rows=held_out_rows,
        refits=refits[: config.bootstraps],
    )
    evaluation = evaluate(fitted, equivalence, config)
    checks = run_checks(candidate, predecessor, matching, thresholds, config)
    evaluation = Evaluation(
        evaluation.metrics | checks.metrics | confidence_metrics(calibrated.confidence),
        (*evaluation.verdicts, *checks.verdicts, *_identity_verdicts(previous)),
    )
    progress.step("comparing with the active model", 0.70)
    manifest = _manifest(candidate, config, evaluation, predecessor, matching)
    comparison = None if predecessor is None else _comparison(candidate, manifest, predecessor, config)
    report = analyse(
        fitted,
        manifest,
        analysis,
        config.seed,
        ProgressRange(progress, 0.72, 0.97),
        calibrated.confidence,
        scorer=calibrated.scorer,
        refits=refits[: analysis.bootstraps],
    )
    progress.step("writing the artifact", 0.97)
    files = _extra_files(fitted, report, comparison, affinity_counts(dataset, fitted.clusters, fitted.k))
    folder = write_artifact(out, manifest, calibrated.scorer, files, key)
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


# --- steps -----------------------------------------------------------------------------------------


def _split(count: int, config: TrainingConfig, predecessor: Predecessor | None) -> tuple[IntArray, IntArray]:
    """The rows to fit on and the rows to check on: disjoint where there is a predecessor and enough profiles."""
    rng = np.random.default_rng(config.seed)
    most = min(config.held_out_rows, int(count * config.held_out_share))
    held_out = draw_rows(count, most, rng)
    if predecessor is None or most < FEWEST_HELD_OUT:
        return np.arange(count), draw_rows(count, config.held_out_rows, rng)
    return np.setdiff1d(np.arange(count), held_out), held_out


def _fit(
    dataset: Dataset, rows: IntArray, config: TrainingConfig, progress: Progress, predecessor: Predecessor | None
) -> Fit:
    """Fit on these rows, and apply the fit to all."""
    previous_clusters = None if predecessor is None else predecessor.clusters[rows]
    if len(rows) == len(dataset):
        return fit(dataset, config, progress, previous_clusters)
    return fit(dataset.take(rows), config, progress, previous_clusters).applied_to(dataset)


def _matched(predecessor: Predecessor, fitted: Fit, config: TrainingConfig) -> ClusterMatching:
    """Match the personas that both models assign, on the reference sample."""
    rows = _reference_rows(fitted.encoded.dataset, config)
    vectors = fitted.encoded.take(rows).vectors()
    return match_clusters(
        predecessor.clusters[rows], fitted.clusters[rows], vectors, len(predecessor.personas), fitted.k
    )


def _refits(fitted: Fit, config: TrainingConfig, analysis: AnalysisConfig) -> tuple[Fit, ...]:
    """Fits of resampled profiles, for the acceptance check and for the report: one persona is not checked."""
    count = max(config.bootstraps if fitted.k > 1 else 0, analysis.bootstraps)
    return refit_resamples(fitted, config, count, np.random.default_rng(config.seed))


def _previous_names(predecessor: Predecessor | None, matching: ClusterMatching | None) -> dict[int, str]:
    if predecessor is None or matching is None:
        return {}
    return {new: predecessor.personas[old].name for new, old in matching.persona_of.items()}


def _comparison(
    candidate: Candidate, manifest: Manifest, predecessor: Predecessor, config: TrainingConfig
) -> Comparison:
    """The comparison with the active model, on the reference sample."""
    rows = _reference_rows(candidate.dataset, config)
    what = "simulated profiles" if candidate.origin.simulated else "of the profiles trained on"
    reference = reference_of(candidate.dataset.take(rows), what, candidate.origin.simulated)
    after = LoadedArtifact(manifest, SegmentModel(manifest.version, candidate.scorer, manifest.personas))
    table = crossed(
        predecessor.clusters[rows],
        candidate.fit.clusters[rows],
        len(predecessor.personas),
        len(manifest.personas),
    )
    return compare_crossed(predecessor.loaded, after, table, reference, by_id=True)


def _reference_rows(dataset: Dataset, config: TrainingConfig) -> IntArray:
    return draw_rows(len(dataset), config.reference_rows, np.random.default_rng(config.seed))


def _field_rows(dataset: Dataset, config: TrainingConfig) -> IntArray:
    return draw_rows(len(dataset), FIELD_ROWS, np.random.default_rng(config.seed))


def _identity_verdicts(previous: LoadedArtifact | UnreadableModel | None) -> tuple[Verdict, ...]:
    return (unreadable_predecessor(previous.error),) if isinstance(previous, UnreadableModel) else ()


def _extra_files(
    fitted: Fit, report: Report, comparison: Comparison | None, affinities: AffinityCounts
) -> dict[str, Callable[[Path], object]]:
    """The files of an artifact besides manifest and arrays, by name, with the functions that write them."""
    files: dict[str, Callable[[Path], object]] = {
        PIPELINE: lambda path: joblib.dump(fitted.assigner, path),
        REPORT: _json_writer(report),
        AFFINITIES: _json_writer(affinities, indent=None),
    }
    return files if comparison is None else {**files, COMPARISON: _json_writer(comparison)}


def _json_writer(document: BaseModel, indent: int | None = 1) -> Callable[[Path], object]:
    return lambda path: path.write_text(document.model_dump_json(indent=indent) + "\n", encoding="utf-8")


# --- the manifest ----------------------------------------------------------------------------------


def _manifest(
    candidate: Candidate,
    config: TrainingConfig,
    evaluation: Evaluation,
    predecessor: Predecessor | None,
    matching: ClusterMatching | None,
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
        origin=with_unlearned(candidate),
        configuration=config.model_dump(),
        libraries={"python": platform.python_version(), **{lib: version(lib) for lib in _LIBRARIES}},
        metrics=evaluation.metrics,
        choice_of_k=fitted.choice.sentence,
        verdicts=evaluation.verdicts,
        fields=field_manifests(candidate.scorer),
        personas=personas,
        giver_texts=dict(candidate.giver_texts),
        golden=golden_predictions(model, dataset.profile_class, config.seed),
        previous=previous,
        lineage=shortened((*_steps_before(predecessor), step)),
        retired=catalogue(name, personas, predecessor, matching),
        field_figures=field_stats(fitted.encoded.take(_field_rows(dataset, config)), candidate.scorer),
    )


def _steps_before(predecessor: Predecessor | None) -> tuple[LineageStep, ...]:
    """The lineage so far; for a model without one, a first step in which its personas were born."""
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
