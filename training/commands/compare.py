"""`python -m training compare A B`: say what changed between two versions; the result goes to standard output."""

import argparse
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from models.profile import Profile
from models.storage.artifact import LoadedArtifact
from models.storage.comparison import Reference
from models.storage.reading import read_artifact
from models.storage.registry import Registry
from models.storage.signature import key_from
from training.acceptance.comparison import compare, reference_of
from training.commands import options
from training.commands.declaration import Command
from training.commands.versions import version_folder
from training.data.dataset import Dataset, from_frame, read_dataset
from training.data.mapping import load_mapping
from training.personas.wording.comparison import as_text
from training.progress import JsonLines, Progress
from training.simulation.simulate import SimulationConfig, simulate

REFERENCE_ROWS: Final = 10_000


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("before", metavar="A", help="version, path to a version's folder, or 'active'")
    parser.add_argument("after", metavar="B", help="the same, of the model to compare with it")
    parser.add_argument("--artifacts", type=Path, default=options.DEFAULT_ARTIFACTS, help="folder of the versions")
    parser.add_argument("--data", type=Path, help="profiles that both score: .csv, .jsonl or .parquet")
    parser.add_argument("--mapping", type=Path, help="TOML file that maps the file's columns to fields")
    parser.add_argument(
        "--simulate",
        type=options.positive,
        default=REFERENCE_ROWS,
        metavar="N",
        help="without --data, how many profiles are simulated (default: %(default)s)",
    )
    parser.add_argument("--json", action="store_true", help="print the comparison as JSON")


def _run(chosen: argparse.Namespace, progress: Progress) -> None:
    progress.step("reading the models", 0.0)
    before, after = (_load(name, chosen.artifacts) for name in (chosen.before, chosen.after))
    progress.step("reading the reference profiles" if chosen.data else "simulating profiles", 0.2)
    sample, reference = _reference_sample(chosen, progress)
    progress.step("comparing", 0.6)
    comparison = compare(before, after, sample, reference)
    progress.step("done", 1.0)
    if isinstance(progress, JsonLines):
        progress.send(result=comparison.model_dump(mode="json"))
    else:
        print(comparison.model_dump_json(indent=2) if chosen.json else as_text(comparison))


def _load(name: str, artifacts: Path) -> LoadedArtifact:
    registry = Registry(artifacts, key_from(os.environ))
    return read_artifact(version_folder(name, registry), Profile, registry.key)


def _reference_sample(chosen: argparse.Namespace, progress: Progress) -> tuple[Dataset, Reference]:
    if chosen.data is None:
        sample = from_frame(simulate(SimulationConfig(rows=chosen.simulate)).frame, Profile)
        return sample, reference_of(sample, "simulated profiles, a stand-in for real ones", simulated=True)
    mapping = load_mapping(chosen.mapping) if chosen.mapping else None
    sample = read_dataset(chosen.data, Profile, mapping)
    _say(sample.notes, progress)
    return sample, reference_of(sample, f"profiles from {chosen.data.name}", simulated=False)


def _say(notes: Iterable[str], progress: Progress) -> None:
    for note in notes:
        progress.message(note)


COMMAND = Command(name="compare", help="say what changed between two versions", add_options=_add_options, run=_run)
