"""The commands of training: `python -m training fit | report | compare | simulate | score |
benchmark-recovery | benchmark-assignment`.

Exit codes: 0 done; 1 a defect of ours; 2 the data or the options cannot be used (one sentence on standard error).
"""

import argparse
import os
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from models.artifact import LoadedArtifact
from models.errors import ModelError, NoActiveModel, SegmentsError
from models.manifest import Manifest, Origin
from models.profile import Profile
from models.registry import Registry
from models.seal import key_from
from training import compare, option
from training.assignment import command as assignment
from training.config import TrainingConfig
from training.data.profile_file import ProfileFile
from training.dataset import Dataset, from_frame, read_dataset
from training.errors import NotEquivalent
from training.mapping import load_mapping
from training.progress import JsonLines, Part, Progress, showing
from training.recovery import command as recovery
from training.run import Unreadable, train
from training.score import score_file
from training.simulate import DIFFICULTIES, SimulationConfig, simulate, write
from training.tables import check_suffix

DEFAULT_OUT = Path("models/artifacts")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code."""
    options = _parser().parse_args(arguments)
    if getattr(options, "stop_when_stdin_closes", False):
        _stop_when_stdin_closes()
    with showing(options.progress) as progress:
        try:
            command: Callable[[argparse.Namespace, Progress], None] = options.command
            command(options, progress)
        except SegmentsError as error:
            return _fail(progress, str(error), 1 if isinstance(error, NotEquivalent) else 2)
        except MemoryError:
            return _fail(progress, "There is not enough memory for this much data.", 1)
    return 0


def _fail(progress: Progress, sentence: str, code: int) -> int:
    if isinstance(progress, JsonLines):
        progress.send(error=sentence)
    print(f"error: {sentence}", file=sys.stderr)
    return code


def _stop_when_stdin_closes() -> None:
    """End this process when its parent is gone, so that nobody leaves a training run behind."""

    def wait() -> None:
        # Not sys.stdin: a thread that waits in its buffer would abort the interpreter's own end.
        while os.read(0, 4096):
            pass
        os._exit(3)

    threading.Thread(target=wait, daemon=True).start()


# --- fit -------------------------------------------------------------------------------------------


def _fit(options: argparse.Namespace, progress: Progress) -> None:
    registry = Registry(options.out, key_from(os.environ))
    if options.if_none and (active := registry.active()) is not None:
        progress.say(f"Model {active} is in force already; nothing to do.")
        return
    bounds = option.bounds(options.bound)
    config = TrainingConfig(
        k=options.k,
        seed=options.seed,
        min_persona_share=bounds.gate_min_persona_share,
        max_persona_share=bounds.gate_max_persona_share,
    )
    previous = _previous(registry, options.previous, progress)
    dataset, origin = _data(options, progress)
    part = Part(progress, 0.0, 0.9 if options.report else 1.0)
    trained = train(dataset, origin, config, options.out, part, previous=previous, bounds=bounds)
    manifest = trained.manifest
    activated = options.activate and (manifest.passed or options.force)
    if activated:
        insisted = "" if manifest.passed else " although a check failed (--force)"
        registry.activate(manifest.version, by="training fit", reason=f"Trained and put in force{insisted}.")
    if options.report:
        progress.step("drawing the report", 0.9)
        progress.say(_page_beside(trained.folder))
    progress.step("done", 1.0)
    _tell(manifest, activated, options, progress)


def _previous(registry: Registry, name: str, progress: Progress) -> LoadedArtifact | Unreadable | None:
    """The model whose personas are carried on. One in force that cannot be read does not stop a retrain."""
    if name == "none":
        return None
    if name != "active":
        return registry.load(name, Profile)
    try:
        return registry.load_active(Profile)
    except NoActiveModel:
        return None
    except ModelError as error:
        progress.say(f"The model in force cannot be read, so its personas are not carried on: {error}")
        return Unreadable(str(error))


def _data(options: argparse.Namespace, progress: Progress) -> tuple[Dataset, Origin]:
    if options.simulate is not None:
        progress.step("simulating profiles", 0.0)
        return _simulated(options)
    dataset = _read(options, progress)
    described = "stored profiles" if options.origin == "users" else options.data.name
    origin = Origin(
        source=options.origin,
        simulated=False,
        description=f"{len(dataset):,} profiles from {described}.",
        rows=len(dataset),
        refused_rows=dataset.refusals.rows,
        fingerprint=dataset.fingerprint,
    )
    return dataset, origin


def _read(options: argparse.Namespace, progress: Progress) -> Dataset:
    mapping = load_mapping(options.mapping) if options.mapping else None
    progress.step("reading profiles", 0.0)
    dataset = read_dataset(options.data, Profile, mapping, options.max_refused)
    for note in dataset.notes:
        progress.say(note)
    return dataset


def _simulated(options: argparse.Namespace) -> tuple[Dataset, Origin]:
    simulated = simulate(SimulationConfig(rows=options.simulate, seed=options.seed))
    dataset = from_frame(simulated.frame, Profile)
    origin = Origin(
        source="simulated",
        simulated=True,
        description=f"{len(dataset):,} simulated profiles: a stand-in until there are real ones.",
        rows=len(dataset),
        fingerprint=dataset.fingerprint,
    )
    return dataset, origin


def _tell(manifest: Manifest, activated: bool, options: argparse.Namespace, progress: Progress) -> None:
    progress.say(f"Trained on {manifest.origin.description}")
    progress.say(manifest.choice_of_k)
    for persona in manifest.personas:
        progress.say(f"  {persona.share:5.1%}  {persona.name}: {persona.sentence}")
    for verdict in manifest.verdicts:
        if not verdict.passed:
            progress.say(f"Not as wanted: {verdict.sentence}")
    progress.say(_outcome(manifest, activated, options))
    if isinstance(progress, JsonLines):
        progress.send(result={"version": manifest.version, "activated": activated})


def _outcome(manifest: Manifest, activated: bool, options: argparse.Namespace) -> str:
    if activated:
        return f"Model {manifest.version} is in force."
    if options.activate:
        return f"Model {manifest.version} was written but not put in force; --force insists."
    return f"Model {manifest.version} was written, not put in force."


# --- report ----------------------------------------------------------------------------------------


def _page_beside(folder: Path) -> str:
    """Draw the report of a fresh version, and say so. The model is there already, whatever becomes of its page."""
    try:
        return f"The report is in {_drawn(folder, None)}."
    except SegmentsError as error:
        return f"The report was not drawn: {error}"
    except Exception as error:
        return f"The report was not drawn ({type(error).__name__}); python -m training report {folder} tells why."


def _report(options: argparse.Namespace, progress: Progress) -> None:
    registry = Registry(options.artifacts, key_from(os.environ))
    progress.step("drawing the report", 0.0)
    page = _drawn(compare.version_folder(options.model, registry), options.out)
    progress.step("done", 1.0)
    progress.say(f"The report is in {page}.")


def _drawn(folder: Path, out: Path | None) -> Path:
    # Here, not above: matplotlib takes seconds to import, and most commands draw nothing.
    from training.report_page import draw

    return draw(folder, out)


# --- simulate, score -------------------------------------------------------------------------------


def _simulate(options: argparse.Namespace, progress: Progress) -> None:
    check_suffix(options.out)
    progress.step("simulating", 0.0)
    changes = {
        name: getattr(options, name)
        for name in ("overlap", "noise", "missing", "personas")
        if getattr(options, name) is not None
    }
    config = SimulationConfig(rows=options.rows, seed=options.seed, **changes)
    write(simulate(config), options.out, options.with_truth)
    progress.step("done", 1.0)
    progress.say(f"{options.rows} simulated profiles are in {options.out}.")


def _score(options: argparse.Namespace, progress: Progress) -> None:
    check_suffix(options.out)
    registry = Registry(options.artifacts, key_from(os.environ))
    loaded = registry.load_active(Profile) if options.model == "active" else registry.load(options.model, Profile)
    profiles = ProfileFile(options.data, Profile, load_mapping(options.mapping) if options.mapping else None)
    scored = score_file(loaded.model, profiles, options.out, progress, options.max_refused)
    progress.say(f"{scored.rows:,} profiles were scored by model {loaded.model.version} into {options.out}.")
    pace = f"{scored.rows / scored.seconds:,.0f} a second"
    progress.say(f"That took {scored.seconds:.1f} s, {pace}; {scored.refused:,} rows were refused.")


# --- options ---------------------------------------------------------------------------------------


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training", description="Make segment models.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _fit_options(commands.add_parser("fit", help="train a model and write it as a version"))
    _report_options(commands.add_parser("report", help="draw the report of a version"))
    _compare_options(commands.add_parser("compare", help="say what changed between two versions"))
    _simulate_options(commands.add_parser("simulate", help="write simulated profiles to a file"))
    _score_options(commands.add_parser("score", help="assign a file of profiles"))
    _recovery_options(
        commands.add_parser("benchmark-recovery", help="measure how well planted personas are found")
    )
    _assignment_options(
        commands.add_parser("benchmark-assignment", help="measure how well partial profiles are assigned")
    )
    return parser


def _fit_options(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(command=_fit)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--data", type=Path, help="profiles: .csv, .jsonl, .parquet or .arrow")
    source.add_argument("--simulate", type=option.positive, metavar="N", help="train on N simulated profiles")
    parser.add_argument("--k", type=option.k, default="auto", help="how many personas (default: auto)")
    parser.add_argument("--seed", type=option.seed, default=0, help="seed of everything random (default: 0)")
    parser.add_argument("--out", type=Path, default=DEFAULT_OUT, help="folder of the versions")
    parser.add_argument(
        "--previous",
        metavar="VERSION",
        default="active",
        help="model whose personas are carried on: a version, 'none', or 'active' for the one in force (default)",
    )
    parser.add_argument(
        "--bound",
        action="append",
        type=option.bound,
        default=[],
        metavar="NAME=VALUE",
        help=f"bound of a check, again for each: {', '.join(option.BOUNDS)}",
    )
    parser.add_argument(
        "--activate",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="put the model in force if every verdict holds (default)",
    )
    parser.add_argument("--force", action="store_true", help="put it in force whatever the verdicts say")
    parser.add_argument(
        "--report",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="draw report.html and its figures beside the model (default)",
    )
    parser.add_argument("--if-none", action="store_true", help="do nothing when a model is in force")
    parser.add_argument(
        "--origin", choices=("file", "users"), default="file", help="what --data holds (default: file)"
    )
    parser.add_argument(
        "--stop-when-stdin-closes", action="store_true", help="end when the parent process is gone"
    )
    _reading_options(parser)


def _report_options(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(command=_report)
    parser.add_argument("model", metavar="VERSION", help="version, path to a version's folder, or 'active'")
    parser.add_argument("--artifacts", type=Path, default=DEFAULT_OUT, help="folder of the versions")
    parser.add_argument("--out", type=Path, help="folder of the page and its figures (default: the version's own)")
    _progress_option(parser)


def _compare_options(parser: argparse.ArgumentParser) -> None:
    compare.add_options(parser)
    _progress_option(parser)


def _recovery_options(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(command=recovery.run)
    recovery.add_options(parser)
    _progress_option(parser)


def _assignment_options(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(command=assignment.run)
    assignment.add_options(parser)
    _progress_option(parser)


def _simulate_options(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(command=_simulate)
    parser.add_argument("--rows", type=option.positive, required=True, help="how many profiles")
    parser.add_argument("--out", type=Path, required=True, help=".csv, .jsonl or .parquet")
    parser.add_argument("--seed", type=option.seed, default=0, help="seed (default: 0)")
    parser.add_argument("--with-truth", action="store_true", help="add the planted persona")
    parser.add_argument("--personas", type=option.positive, help="how many personas are planted")
    parser.add_argument(
        "--overlap", type=option.overlap, help=f"0 to 1, or {', '.join(DIFFICULTIES)}: how alike they are"
    )
    parser.add_argument("--noise", type=option.share, help="share of profiles that belong to nobody")
    parser.add_argument("--missing", type=option.share, help="share of answers that are missing")
    _progress_option(parser)


def _score_options(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(command=_score)
    parser.add_argument("--model", default="active", help="version (default: the one in force)")
    parser.add_argument("--artifacts", type=Path, default=DEFAULT_OUT, help="folder of the versions")
    parser.add_argument("--data", type=Path, required=True, help=".csv, .jsonl, .parquet or .arrow")
    parser.add_argument("--out", type=Path, required=True, help=".csv, .jsonl or .parquet")
    _reading_options(parser)


def _reading_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--mapping", type=Path, help="TOML file that maps the file's columns to fields")
    parser.add_argument(
        "--max-refused",
        type=option.share,
        default=0.05,
        help="largest share of rows that may not fit the profile (default: 0.05)",
    )
    _progress_option(parser)


def _progress_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--progress", choices=("auto", "bar", "plain", "json"), default="auto")


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
