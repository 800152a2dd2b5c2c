"""`python -m training fit`: train a model, write it as a version, and activate it if it may be."""

import argparse
import os
from pathlib import Path

from models.errors import ModelError, NoActiveModel, SegmentsError
from models.profile import Profile
from models.storage.artifact import LoadedArtifact
from models.storage.manifest import Manifest, Origin
from models.storage.registry import Registry
from models.storage.signature import key_from
from training.commands import options
from training.commands.declaration import Command
from training.commands.report import draw
from training.config import TrainingConfig
from training.data.dataset import Dataset, from_frame, read_dataset
from training.data.mapping import load_mapping
from training.pipeline import UnreadableModel, train
from training.progress import JsonLines, Progress, ProgressRange
from training.simulation.simulate import SimulationConfig, simulate


def _fit(chosen: argparse.Namespace, progress: Progress) -> None:
    registry = Registry(chosen.out, key_from(os.environ))
    if chosen.if_none and (active := registry.active()) is not None:
        progress.message(f"Model {active} is active already; nothing to do.")
        return
    thresholds = options.bounds(chosen.bound)
    config = TrainingConfig(
        k=chosen.k,
        seed=chosen.seed,
        min_persona_share=thresholds.gate_min_persona_share,
        max_persona_share=thresholds.gate_max_persona_share,
    )
    previous = _previous(registry, chosen.previous, progress)
    dataset, origin = _data(chosen, progress)
    progress_of_fit = ProgressRange(progress, 0.0, 0.9 if chosen.report else 1.0)
    trained = train(dataset, origin, config, chosen.out, progress_of_fit, previous=previous, thresholds=thresholds)
    manifest = trained.manifest
    activated = chosen.activate and (manifest.passed or chosen.force)
    if activated:
        insisted = "" if manifest.passed else " although a check failed (--force)"
        registry.activate(manifest.version, by="training fit", reason=f"Trained and activated{insisted}.")
    if chosen.report:
        progress.step("drawing the report", 0.9)
        progress.message(_page_beside(trained.folder))
    progress.step("done", 1.0)
    _tell(manifest, activated, chosen, progress)


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


def _data(chosen: argparse.Namespace, progress: Progress) -> tuple[Dataset, Origin]:
    if chosen.simulate is not None:
        progress.step("simulating profiles", 0.0)
        return _simulated(chosen)
    dataset = _read(chosen, progress)
    described = "stored profiles" if chosen.origin == "users" else chosen.data.name
    origin = Origin(
        source=chosen.origin,
        simulated=False,
        description=f"{len(dataset):,} profiles from {described}.",
        rows=len(dataset),
        refused_rows=dataset.refusals.rows,
        fingerprint=dataset.fingerprint,
    )
    return dataset, origin


def _read(chosen: argparse.Namespace, progress: Progress) -> Dataset:
    mapping = load_mapping(chosen.mapping) if chosen.mapping else None
    progress.step("reading profiles", 0.0)
    dataset = read_dataset(chosen.data, Profile, mapping, chosen.max_refused)
    for note in dataset.notes:
        progress.message(note)
    return dataset


def _simulated(chosen: argparse.Namespace) -> tuple[Dataset, Origin]:
    simulated = simulate(SimulationConfig(rows=chosen.simulate, seed=chosen.seed))
    dataset = from_frame(simulated.frame, Profile)
    origin = Origin(
        source="simulated",
        simulated=True,
        description=f"{len(dataset):,} simulated profiles: a stand-in until there are real ones.",
        rows=len(dataset),
        fingerprint=dataset.fingerprint,
    )
    return dataset, origin


def _tell(manifest: Manifest, activated: bool, chosen: argparse.Namespace, progress: Progress) -> None:
    progress.message(f"Trained on {manifest.origin.description}")
    progress.message(manifest.choice_of_k)
    for persona in manifest.personas:
        progress.message(f"  {persona.share:5.1%}  {persona.name}: {persona.sentence}")
    for verdict in manifest.verdicts:
        if not verdict.passed:
            progress.message(f"Not as wanted: {verdict.sentence}")
    progress.message(_outcome(manifest, activated, chosen))
    if isinstance(progress, JsonLines):
        progress.send(result={"version": manifest.version, "activated": activated})


def _outcome(manifest: Manifest, activated: bool, chosen: argparse.Namespace) -> str:
    if activated:
        return f"Model {manifest.version} is active."
    if chosen.activate:
        return f"Model {manifest.version} was written but not activated; --force activates it anyway."
    return f"Model {manifest.version} was written, not activated."


def _page_beside(folder: Path) -> str:
    """Draw the report of a fresh version, and say so. The model is there already, whatever becomes of its page."""
    try:
        return f"The report is in {draw(folder, None)}."
    except SegmentsError as error:
        return f"The report was not drawn: {error}"
    except Exception as error:
        return f"The report was not drawn ({type(error).__name__}); python -m training report {folder} tells why."


def _add_options(parser: argparse.ArgumentParser) -> None:
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--data", type=Path, help="profiles: .csv, .jsonl, .parquet or .arrow")
    source.add_argument("--simulate", type=options.positive, metavar="N", help="train on N simulated profiles")
    parser.add_argument("--k", type=options.k, default="auto", help="how many personas (default: auto)")
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
        type=options.bound,
        default=[],
        metavar="NAME=VALUE",
        help=f"bound of a check, again for each: {', '.join(options.BOUNDS)}",
    )
    parser.add_argument(
        "--activate",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="activate the model if every verdict holds (default)",
    )
    parser.add_argument("--force", action="store_true", help="activate it whatever the verdicts say")
    parser.add_argument(
        "--report",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="draw report.html and its figures beside the model (default)",
    )
    parser.add_argument("--if-none", action="store_true", help="do nothing when a model is active")
    parser.add_argument(
        "--origin", choices=("file", "users"), default="file", help="what --data holds (default: file)"
    )
    parser.add_argument(
        "--stop-when-stdin-closes", action="store_true", help="end when the parent process is gone"
    )
    options.add_reading(parser)


COMMAND = Command(name="fit", help="train a model and write it as a version", add_options=_add_options, run=_fit)
