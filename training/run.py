"""A training run, from a dataset to a version folder, in order and on one page."""

import hashlib
import os
import platform
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import joblib

from models.artifact import PIPELINE, REPORT, check_writable, field_manifests, write_artifact
from models.manifest import Manifest, Origin
from models.persona import Persona
from models.registry import version_name
from models.scorer import Scorer
from models.seal import key_from
from models.segment_model import SegmentModel
from training.analysis.analyse import analyse
from training.analysis.settings import AnalysisConfig
from training.compile import compile_scorer, prove_equal
from training.config import TrainingConfig
from training.dataset import Dataset
from training.describe import describe
from training.errors import UnusableInput
from training.evaluate import Evaluation, evaluate
from training.fit import Fit, fit
from training.golden import golden_predictions
from training.identity import mint
from training.progress import Part, Progress

FULL_ANALYSIS = AnalysisConfig()
_LIBRARIES = ("numpy", "scipy", "scikit-learn", "pandas", "pyarrow", "joblib", "pydantic")


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
) -> Trained:
    """Fit, compile, prove, describe, judge, analyse and write.

    Raises `UnusableInput`, `NotEquivalent` or `ArtifactNotWritten`; then there is no artifact.
    """
    check_usable(dataset, config)
    check_writable(out)
    key = key_from(os.environ)
    fitted = fit(dataset, config, Part(progress, 0.0, 0.60))
    progress.step("compiling the scorer", 0.60)
    scorer = compile_scorer(fitted.pipeline)
    equivalence = prove_equal(fitted.pipeline, scorer, dataset)
    progress.step("describing the personas", 0.65)
    personas = describe(dataset, fitted.clusters, mint(dataset.fingerprint, config, fitted.k))
    progress.step("evaluating", 0.70)
    evaluation = evaluate(dataset, fitted, equivalence, config)
    manifest = _manifest(dataset, origin, config, fitted, scorer, personas, evaluation)
    report = analyse(dataset, fitted, manifest, analysis, config.seed, Part(progress, 0.72, 0.97))
    progress.step("writing the artifact", 0.97)
    folder = write_artifact(
        out,
        manifest,
        scorer,
        {
            PIPELINE: lambda path: joblib.dump(fitted.pipeline, path),
            REPORT: lambda path: path.write_text(report.model_dump_json(indent=1) + "\n", encoding="utf-8"),
        },
        key,
    )
    progress.step("written", 1.0)
    return Trained(folder, manifest)


def check_usable(dataset: Dataset, config: TrainingConfig) -> None:
    """Raise `UnusableInput` where no model can be made of the data."""
    if not len(dataset):
        raise UnusableInput("There is no profile to train on.")
    distinct = dataset.distinct_rows()
    if distinct < 2:
        raise UnusableInput("All profiles are the same: there is nothing to tell apart.")
    if config.k != "auto" and config.k > distinct:
        raise UnusableInput(
            f"{config.k} personas were asked for, but there are only {distinct} different profiles."
        )


def _manifest(
    dataset: Dataset,
    origin: Origin,
    config: TrainingConfig,
    fitted: Fit,
    scorer: Scorer,
    personas: tuple[Persona, ...],
    evaluation: Evaluation,
) -> Manifest:
    created_at = datetime.now(UTC)
    source = f"{dataset.fingerprint}|{config.model_dump_json()}|{created_at.isoformat()}"
    name = version_name(created_at, hashlib.sha256(source.encode()).hexdigest())
    model = SegmentModel(name, scorer, personas)
    return Manifest(
        version=name,
        created_at=created_at,
        origin=origin,
        configuration=config.model_dump(),
        libraries={"python": platform.python_version(), **{lib: version(lib) for lib in _LIBRARIES}},
        metrics=evaluation.metrics,
        choice_of_k=fitted.choice.sentence,
        verdicts=evaluation.verdicts,
        fields=field_manifests(fitted.encoder),
        personas=personas,
        golden=golden_predictions(model, dataset.profile_class, config.seed),
    )
