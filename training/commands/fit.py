"""`python -m training fit`: train a model, write it as a version, and activate it if its checks pass."""

import argparse
from pathlib import Path

from models.errors import ModelError, NoActiveModel, SegmentsError
from models.profile import Profile
from models.storage.artifact import LoadedArtifact
from models.storage.manifest import Manifest, Origin
from models.storage.registry import Registry
from training.commands import options
from training.commands.declaration import Command
from training.commands.inputs import read_profiles, registry_at, simulated_profiles
from training.commands.report import draw
from training.config import TrainingConfig
from training.data.dataset import Dataset
from training.data.files.table_files import side_file
from training.pipeline import UnreadableModel, train
from training.progress import JsonLines, Progress, ProgressRange
from training.report.settings import COUNTS_ALONE, FULL_ANALYSIS


def _run(chosen: argparse.Namespace, progress: Progress) -> None:
    registry = registry_at(chosen.out)
    if chosen.if_none and (active := registry.active()) is not None:
        progress.message(f"Model {active} is active already; nothing to do.")
        return
    thresholds = options.thresholds(chosen.bound)
    config = TrainingConfig(
        k=chosen.k,
        seed=chosen.seed,
        min_persona_share=thresholds.gate_min_persona_share,
        max_persona_share=thresholds.gate_max_persona_share,
        given_k_curve=chosen.report,
    )
    previous = _previous(registry, chosen.previous, progress)
    dataset, origin = _dataset(chosen, progress)
    fitting = ProgressRange(progress, 0.0, 0.9 if chosen.report else 1.0)
    analysis = FULL_ANALYSIS if chosen.report else COUNTS_ALONE
    trained = train(
        dataset, origin, config, chosen.out, fitting, analysis, previous=previous, thresholds=thresholds
    )
    activated = _activate(registry, trained.manifest, chosen)
    if chosen.report:
        progress.step("drawing the report", 0.9)
        progress.message(_draw_report(trained.folder))
    progress.step("done", 1.0)
    for note in _new_notes(trained.manifest, dataset):
        progress.message(note)
    _report_result(trained.manifest, activated, chosen, progress)


def _new_notes(manifest: Manifest, dataset: Dataset) -> tuple[str, ...]:
    """What the fit adds to the notes on the file."""
    reading = manifest.origin.reading
    return () if reading is None else tuple(note for note in reading.notes if note not in dataset.notes)


def _activate(registry: Registry, manifest: Manifest, chosen: argparse.Namespace) -> bool:
    """Activate the version where the options and its checks allow it. Returns whether it was activated."""
    failed = manifest.outcome == "failed"
    if not chosen.activate or (failed and not chosen.force):
        return False
    forced = " although a check failed (--force)" if failed else ""
    registry.activate(manifest.version, by="training fit", reason=f"Trained and activated{forced}.")
    return True


def _previous(registry: Registry, name: str, progress: Progress) -> LoadedArtifact | UnreadableModel | None:
    """The model whose personas are carried on. An unreadable active model does not stop a retrain."""
    if name == "none":
        return None
    if name != "active":
        return registry.load(name, Profile)
    try:
        return registry.load_active(Profile)
    except NoActiveModel:
        return None
    except ModelError as error:
        progress.message(f"The active model cannot be read, so its personas are not carried on: {error}")
        return UnreadableModel(str(error))


# --- the profiles ----------------------------------------------------------------------------------


def _dataset(chosen: argparse.Namespace, progress: Progress) -> tuple[Dataset, Origin]:
    if chosen.simulate is not None:
        progress.step("simulating profiles", 0.0)
        dataset = simulated_profiles(chosen.simulate, chosen.seed)
        what = "simulated profiles: a stand-in until there are real ones"
        return dataset, _origin(dataset, what, source="simulated")
    progress.step("reading profiles", 0.0)
    name = "stored profiles" if chosen.origin == "users" else chosen.data.name
    dataset = read_profiles(chosen, progress, chosen.max_refused, _refused_rows(chosen))
    return dataset, _origin(dataset, f"profiles from {name}", source=chosen.origin)


def _refused_rows(chosen: argparse.Namespace) -> Path | None:
    """The file of refused rows beside the versions; none for stored profiles, whose lines mean nothing later."""
    if chosen.origin == "users":
        return None
    chosen.out.mkdir(parents=True, exist_ok=True)
    return side_file(chosen.out / chosen.data.name, chosen.data)


def _origin(dataset: Dataset, what: str, source: str) -> Origin:
    return Origin.model_validate(
        {
            "source": source,
            "simulated": source == "simulated",
            "description": f"{len(dataset):,} {what}.",
            "rows": len(dataset),
            "refused_rows": dataset.refusals.rows,
            "fingerprint": dataset.fingerprint,
            "reading": dataset.reading,
        }
    )


# --- the result ------------------------------------------------------------------------------------


def _report_result(manifest: Manifest, activated: bool, chosen: argparse.Namespace, progress: Progress) -> None:
    progress.message(_trained_on(manifest))
    progress.message(manifest.choice_of_k)
    for persona in manifest.personas:
        progress.message(f"  {persona.share:5.1%}  {persona.name}: {persona.sentence}")
    for verdict in manifest.verdicts_that("failed"):
        progress.message(f"Not as wanted: {verdict.sentence}")
    for verdict in manifest.verdicts_that("not_judged"):
        progress.message(verdict.sentence)
    progress.message(_outcome(manifest, activated, chosen))
    if isinstance(progress, JsonLines):
        progress.send(result={"version": manifest.version, "activated": activated})


def _trained_on(manifest: Manifest) -> str:
    held_out = manifest.metrics.get("held_out_rows")
    if not held_out:
        return f"Trained on {manifest.origin.description}"
    return (
        f"Trained on {manifest.metrics['rows']:,} of {manifest.origin.description.rstrip('.')}; the other "
        f"{held_out:,} were held out to check the result."
    )


def _outcome(manifest: Manifest, activated: bool, chosen: argparse.Namespace) -> str:
    if activated:
        return f"Model {manifest.version} is active."
    if chosen.activate:
        return f"Model {manifest.version} was written but not activated; --force activates it anyway."
    return f"Model {manifest.version} was written, not activated."


def _draw_report(folder: Path) -> str:
    """Draw the report of a new version. Returns a sentence, of a failure too: the model is written already."""
    try:
        return f"The report is in {draw(folder, None)}."
    except SegmentsError as error:
        return f"The report was not drawn: {error}"
    except Exception as error:
        return f"The report was not drawn ({type(error).__name__}); python -m training report {folder} tells why."


# --- the options -----------------------------------------------------------------------------------


def _add_options(parser: argparse.ArgumentParser) -> None:
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--data", type=Path, help="profiles: .csv, .jsonl, .parquet or .arrow")
    source.add_argument("--simulate", type=options.positive, metavar="N", help="train on N simulated profiles")
    parser.add_argument(
        "--k", type=options.persona_count, default="auto", help="how many personas (default: auto)"
    )
    parser.add_argument("--seed", type=options.seed, default=0, help="seed of everything random (default: 0)")
    parser.add_argument("--out", type=Path, default=options.DEFAULT_ARTIFACTS, help="folder of the versions")
    parser.add_argument(
        "--previous",
        metavar="VERSION",
        default="active",
        help="model whose personas are carried on: a version, 'none', or 'active' for the active one (default)",
    )
    parser.add_argument(
        "--bound",
        action="append",
        type=options.threshold,
        default=[],
        metavar="NAME=VALUE",
        help=f"threshold of an acceptance check, again for each: {', '.join(options.THRESHOLDS)}",
    )
    parser.add_argument(
        "--activate",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="activate the model if no check fails (default)",
    )
    parser.add_argument("--force", action="store_true", help="activate it even if a check fails")
    parser.add_argument(
        "--report",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="analyse the segments, and draw report.html and its figures beside the model (default)",
    )
    parser.add_argument("--if-none", action="store_true", help="do nothing when a model is active")
    parser.add_argument(
        "--origin", choices=("file", "users"), default="file", help="what --data holds (default: file)"
    )
    parser.add_argument(
        "--stop-when-stdin-closes", action="store_true", help="end when the parent process is gone"
    )
    options.add_reading(parser)


COMMAND = Command(name="fit", help="train a model and write it as a version", add_options=_add_options, run=_run)
