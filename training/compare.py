"""What changed between two models: `python -m training compare A B`.

Personas are the same where their members are: both models score one reference sample, and the personas are
paired so that the Jaccard similarities of their members add up to the most (`training.matching`). A pair counts
above `MINIMUM_OVERLAP`: below one half a cluster is called dissolved (Hennig, Computational Statistics & Data
Analysis 52, 2007), and above it no other persona can come as near.
"""

import argparse
import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import numpy as np

from models.artifact import MANIFEST, LoadedArtifact, read_artifact
from models.columns import FloatArray, IntArray
from models.comparison import (
    Comparison,
    MetricChange,
    PersonaChanges,
    Reference,
    Side,
    VerdictChange,
    VocabularyChange,
    persona_changes,
    same_ids,
)
from models.errors import ModelNotFound
from models.manifest import Manifest
from models.persona import Persona
from models.profile import Profile
from models.registry import Registry
from models.seal import key_from
from training import option
from training.dataset import Dataset, from_frame, read_dataset
from training.errors import UnusableInput
from training.mapping import load_mapping
from training.matching import best_pairs, crossed, jaccard
from training.progress import JsonLines, Progress
from training.simulate import SimulationConfig, simulate
from training.wording.comparing import as_text, sentences

MINIMUM_OVERLAP: Final = 0.5
REFERENCE_ROWS: Final = 10_000
_ARTIFACTS: Final = Path("models/artifacts")
_FEW: Final = 5
_METRICS: Final = {
    "rows": "profiles trained on",
    "personas": "personas",
    "components": "components",
    "explained_variance": "variance explained",
    "silhouette": "silhouette",
    "smallest_persona_share": "smallest persona's share",
    "largest_persona_share": "largest persona's share",
}


def compare(
    before: LoadedArtifact,
    after: LoadedArtifact,
    sample: Dataset,
    reference: Reference,
    minimum_overlap: float = MINIMUM_OVERLAP,
    *,
    by_id: bool = False,
) -> Comparison:
    """Compare two models on the profiles of `sample`, which `reference` describes.

    `by_id`: personas of one id are the same, as a refit has matched them (`training.identity`); else those whose
    members overlap.

    Raises `UnusableInput` where there is no profile.
    """
    if not len(sample):
        raise UnusableInput("There is no profile to compare the models on.")
    comparison = Comparison(
        before=_side(before.manifest),
        after=_side(after.manifest),
        reference=reference,
        personas=_persona_changes(before, after, sample, minimum_overlap, by_id),
        metrics=_metrics(before.manifest, after.manifest),
        verdicts=_verdicts(before.manifest, after.manifest),
        vocabulary=_vocabulary(before.manifest, after.manifest),
    )
    return comparison.model_copy(update={"sentences": sentences(comparison)})


def _side(manifest: Manifest) -> Side:
    return Side(version=manifest.version, created_at=manifest.created_at, origin=manifest.origin)


# --- personas --------------------------------------------------------------------------------------


def _persona_changes(
    before: LoadedArtifact, after: LoadedArtifact, sample: Dataset, minimum: float, by_id: bool
) -> PersonaChanges:
    old, new = before.model.personas, after.model.personas
    table = crossed(_clusters(before, sample), _clusters(after, sample), len(old), len(new))
    if by_id:
        return persona_changes(old, new, table, same_ids(old, new), 0.0)
    overlaps = _overlaps(table, old, new)
    pairs = [pair for pair in best_pairs(overlaps) if overlaps[pair] > minimum]
    return persona_changes(old, new, table, pairs, minimum)


def _clusters(loaded: LoadedArtifact, sample: Dataset) -> IntArray:
    return loaded.model.scorer.scores(sample.coded_for(loaded.model.encoder)).clusters


def _overlaps(table: IntArray, old: Sequence[Persona], new: Sequence[Persona]) -> FloatArray:
    """Jaccard similarities, the shape of `table`; where neither persona has a member, the ids decide."""
    nobody = (table.sum(axis=1)[:, None] == 0) & (table.sum(axis=0) == 0)
    same = np.array([[float(one.id == other.id) for other in new] for one in old])
    overlaps: FloatArray = np.where(nobody, same, jaccard(table))
    return overlaps


# --- what the manifests say ------------------------------------------------------------------------


def _metrics(before: Manifest, after: Manifest) -> tuple[MetricChange, ...]:
    return tuple(
        MetricChange(
            name=name,
            title=title,
            before=_number(before.metrics.get(name)),
            after=_number(after.metrics.get(name)),
        )
        for name, title in _METRICS.items()
    )


def _number(value: object) -> float | int | None:
    return value if isinstance(value, float | int) else None


def _verdicts(before: Manifest, after: Manifest) -> tuple[VerdictChange, ...]:
    old, new = ({verdict.name: verdict for verdict in side.verdicts} for side in (before, after))
    return tuple(VerdictChange(name=name, before=old.get(name), after=new.get(name)) for name in old | new)


def _vocabulary(before: Manifest, after: Manifest) -> tuple[VocabularyChange, ...]:
    old, new = _known(before), _known(after)
    changes = (_values_changed(name, old.get(name, ()), new.get(name, ())) for name in old | new)
    return tuple(change for change in changes if change.gained or change.lost)


def _known(manifest: Manifest) -> dict[str, tuple[str, ...]]:
    """The known values of the open fields, most common first."""
    return {field.name: field.values for field in manifest.fields if field.kind in ("categorical", "multi_label")}


def _values_changed(name: str, old: Sequence[str], new: Sequence[str]) -> VocabularyChange:
    gained = [value for value in new if value not in set(old)]
    lost = [value for value in old if value not in set(new)]
    return VocabularyChange(
        field=name,
        gained=len(gained),
        lost=len(lost),
        gained_values=tuple(gained[:_FEW]),
        lost_values=tuple(lost[:_FEW]),
    )


# --- the command -----------------------------------------------------------------------------------


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of `compare`, but for `--progress`."""
    parser.set_defaults(command=run)
    parser.add_argument("before", metavar="A", help="version, path to a version's folder, or 'active'")
    parser.add_argument("after", metavar="B", help="the same, of the model to compare with it")
    parser.add_argument("--artifacts", type=Path, default=_ARTIFACTS, help="folder of the versions")
    parser.add_argument("--data", type=Path, help="profiles that both score: .csv, .jsonl or .parquet")
    parser.add_argument("--mapping", type=Path, help="TOML file that maps the file's columns to fields")
    parser.add_argument(
        "--simulate",
        type=option.positive,
        default=REFERENCE_ROWS,
        metavar="N",
        help="without --data, how many profiles are simulated (default: %(default)s)",
    )
    parser.add_argument("--json", action="store_true", help="print the comparison as JSON")


def run(options: argparse.Namespace, progress: Progress) -> None:
    """Compare two versions; the result goes to standard output.

    Raises `ModelNotFound`, `NoActiveModel`, `ArtifactError` or `UnusableInput`.
    """
    progress.step("reading the models", 0.0)
    before, after = (_load(name, options.artifacts) for name in (options.before, options.after))
    progress.step("reading the reference profiles" if options.data else "simulating profiles", 0.2)
    sample, reference = _reference(options, progress)
    progress.step("comparing", 0.6)
    comparison = compare(before, after, sample, reference)
    progress.step("done", 1.0)
    if isinstance(progress, JsonLines):
        progress.send(result=comparison.model_dump(mode="json"))
    else:
        print(comparison.model_dump_json(indent=2) if options.json else as_text(comparison))


def _load(name: str, artifacts: Path) -> LoadedArtifact:
    registry = Registry(artifacts, key_from(os.environ))
    return read_artifact(version_folder(name, registry), Profile, registry.key)


def version_folder(name: str, registry: Registry) -> Path:
    """The folder of a version, named by the version, by "active", or by a path to it.

    Raises `NoActiveModel`, or `ModelNotFound` with the versions that there are.
    """
    if name == "active":
        return registry.folder(registry.required())
    if name in registry.versions():
        return registry.folder(name)
    with suppress(OSError, ValueError):  # of a name that no file could have
        if (Path(name) / MANIFEST).is_file():
            return Path(name).resolve()
    raise ModelNotFound(f"There is no model version '{name[:80]}': {_choices(registry)}")


def _choices(registry: Registry) -> str:
    versions = registry.versions()
    if not versions:
        return f"{registry.root} holds none. Name another folder with --artifacts, or give the path to a version."
    older = f" and {len(versions) - _FEW} older ones" if len(versions) > _FEW else ""
    return f"{registry.root} holds {', '.join(versions[-_FEW:])}{older}. Name one, or give the path to a version."


def _reference(options: argparse.Namespace, progress: Progress) -> tuple[Dataset, Reference]:
    if options.data is None:
        frame = simulate(SimulationConfig(rows=options.simulate)).frame
        return described(from_frame(frame, Profile), "simulated profiles, a stand-in for real ones", True)
    mapping = load_mapping(options.mapping) if options.mapping else None
    sample = read_dataset(options.data, Profile, mapping)
    _say(sample.notes, progress)
    return described(sample, f"profiles from {options.data.name}", False)


def described(sample: Dataset, what: str, simulated: bool) -> tuple[Dataset, Reference]:
    """A reference sample with its description: `what` follows the number of profiles."""
    reference = Reference(
        rows=len(sample),
        simulated=simulated,
        description=f"{len(sample):,} {what}.",
        fingerprint=sample.fingerprint,
    )
    return sample, reference


def _say(notes: Iterable[str], progress: Progress) -> None:
    for note in notes:
        progress.say(note)
