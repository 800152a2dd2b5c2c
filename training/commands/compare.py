"""`python -m training compare A B`: say what changed between two versions; the result goes to standard output."""

import argparse
from pathlib import Path
from typing import Final

from models.profile import Profile
from models.storage.artifact import LoadedArtifact
from models.storage.comparison import Reference
from models.storage.reading import read_artifact
from training.acceptance.comparison import compare, reference_of
from training.commands import options
from training.commands.declaration import Command
from training.commands.inputs import read_profiles, registry_at, simulated_profiles
from training.commands.versions import version_folder
from training.data.dataset import Dataset
from training.personas.wording.comparison import as_text
from training.progress import JsonLines, Progress

REFERENCE_ROWS: Final = 10_000


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("before", metavar="A", help="version, path to a version's folder, or 'active'")
    parser.add_argument("after", metavar="B", help="the same, of the model to compare with it")
    options.add_artifacts(parser)
    parser.add_argument("--data", type=Path, help="profiles that both score: .csv, .jsonl or .parquet")
    options.add_mapping(parser)
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
    registry = registry_at(artifacts)
    return read_artifact(version_folder(name, registry), Profile, registry.key)


def _reference_sample(chosen: argparse.Namespace, progress: Progress) -> tuple[Dataset, Reference]:
    if chosen.data is None:
        sample = simulated_profiles(chosen.simulate)
        return sample, reference_of(sample, "simulated profiles, a stand-in for real ones", simulated=True)
    sample = read_profiles(chosen, progress)
    return sample, reference_of(sample, f"profiles from {chosen.data.name}", simulated=False)


COMMAND = Command(name="compare", help="say what changed between two versions", add_options=_add_options, run=_run)
