"""`python -m training compare A B`: say what changed between two versions; the result goes to standard output."""

import argparse
from pathlib import Path
from typing import Final

from models.console import printable
from models.profile import Profile
from models.storage.artifact import LoadedArtifact
from models.storage.comparison import Reference
from models.storage.persona_texts import read_texts, with_texts
from models.storage.reading import read_artifact
from training.acceptance.comparison import compare, reference_of
from training.commands import options
from training.commands.declaration import Command
from training.commands.inputs import read_profiles, registry_at, simulated_profiles
from training.commands.versions import version_folder
from training.data.dataset import Dataset
from training.errors import UnusableInput
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
        metavar="N",
        help=f"compare on N simulated profiles (default without --data: {REFERENCE_ROWS:,}, if both models were "
        "trained on simulated ones)",
    )
    parser.add_argument("--json", action="store_true", help="print the comparison as JSON")


def _run(chosen: argparse.Namespace, progress: Progress) -> None:
    progress.step("reading the models", 0.0)
    before, after = (_load(name, chosen.artifacts) for name in (chosen.before, chosen.after))
    _require_fitting_reference(chosen, before, after)
    progress.step("reading the reference profiles" if chosen.data else "simulating profiles", 0.2)
    sample, reference = _reference_sample(chosen, progress)
    progress.step("comparing", 0.6)
    comparison = compare(before, after, sample, reference)
    progress.step("done", 1.0)
    if isinstance(progress, JsonLines):
        progress.send(result=comparison.model_dump(mode="json"))
    else:
        print(comparison.model_dump_json(indent=2) if chosen.json else printable(as_text(comparison)))


def _load(name: str, artifacts: Path) -> LoadedArtifact:
    registry = registry_at(artifacts)
    folder = version_folder(name, registry)
    return with_texts(read_artifact(folder, Profile, registry.key), read_texts(folder.parent))


def _require_fitting_reference(chosen: argparse.Namespace, *models: LoadedArtifact) -> None:
    """Raise `UnusableInput` rather than compare models of real people on simulated ones unasked."""
    real = [loaded.manifest.version for loaded in models if not loaded.manifest.origin.simulated]
    if real and chosen.data is None and chosen.simulate is None:
        raise UnusableInput(
            f"Model {real[0]} was trained on real profiles, and simulated ones would say little about it. Name a "
            "file with --data, ask the service for GET /models/VERSION/comparison, which takes the stored "
            f"profiles, or compare on simulated profiles all the same with --simulate {REFERENCE_ROWS}."
        )


def _reference_sample(chosen: argparse.Namespace, progress: Progress) -> tuple[Dataset, Reference]:
    if chosen.data is None:
        sample = simulated_profiles(chosen.simulate or REFERENCE_ROWS)
        return sample, reference_of(sample, "simulated profiles, a stand-in for real ones", simulated=True)
    sample = read_profiles(chosen, progress)
    return sample, reference_of(sample, f"profiles from {chosen.data.name}", simulated=False)


COMMAND = Command(name="compare", help="say what changed between two versions", add_options=_add_options, run=_run)
