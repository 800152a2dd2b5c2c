"""The command `python -m benchmarks.partial_profiles`: its options, and what it does."""

import argparse
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Final

from benchmarks.partial_profiles.cache import Cache, Measured
from benchmarks.partial_profiles.cases import FIRST_SEED, FOLDS, SETTINGS, Case, Setting, generated, surveyed
from benchmarks.partial_profiles.measure import fingerprint, tallies
from benchmarks.partial_profiles.question_order import curves
from benchmarks.partial_profiles.table import FIGURE, question_curves, report
from models.profile import Profile
from training.commands.declaration import Command
from training.commands.options import positive
from training.data.dataset import read_dataset
from training.data.mapping.mapping import load_mapping
from training.errors import UnusableInput
from training.progress import Progress

DEFAULT_OUT: Final = Path("benchmarks/ASSIGNMENT.md")

Job = tuple[Setting, str, Callable[[], Case], int]


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of the command, except that for progress."""
    parser.add_argument(
        "--draws", type=positive, default=3, help="data sets of each variant of a generator (default: 3)"
    )
    parser.add_argument(
        "--masks", type=positive, default=2, help="sets of hidden fields for each profile (default: 2)"
    )
    parser.add_argument(
        "--asked", type=positive, default=300, help="profiles for the question orders (default: 300)"
    )
    parser.add_argument("--survey", type=Path, help="real profiles to measure, too: .csv, .jsonl or .parquet")
    parser.add_argument("--mapping", type=Path, help="TOML file that maps the survey's columns to fields")
    parser.add_argument("--out", type=Path, default=DEFAULT_OUT, help=f"the tables (default: {DEFAULT_OUT})")
    parser.add_argument("--cache", type=Path, help="file of stored results; an interrupted run resumes")


def run(options: argparse.Namespace, progress: Progress) -> None:
    """Measure, and write the tables and the figure. Raises `UnusableInput`."""
    cache, mark = Cache(options.cache), fingerprint()
    jobs = [*_generated(options.draws, options.masks), *_surveyed(options)]
    measured: dict[Setting, list[Measured]] = {}
    for number, (setting, key, make, masks) in enumerate(jobs):
        progress.step(f"{setting.described}, {key}", number / len(jobs))
        most = options.asked if setting.has_questions else 0
        full = f"{setting}|{key}|{masks}|{most}|{mark}"
        case = cache.get(full, partial(_measured, make, masks, most))
        measured.setdefault(setting, []).append(case)
    progress.step("measured", 1.0)
    _write(options.out, measured, _command(options))
    progress.message(f"The tables are in {options.out}.")


def _generated(draws: int, masks: int) -> Iterator[Job]:
    # The sizes of a draw are adjacent, as they share it.
    for settings in zip(SETTINGS[::2], SETTINGS[1::2], strict=True):
        for seed in range(FIRST_SEED, FIRST_SEED + draws):
            for setting in settings:
                yield setting, f"seed {seed}", partial(generated, setting, seed), masks


def _surveyed(options: argparse.Namespace) -> Iterator[Job]:
    if options.survey is None:
        return
    mapping = load_mapping(options.mapping) if options.mapping else None
    dataset = read_dataset(options.survey, Profile, mapping)
    for fold in range(FOLDS):
        # A fold is small: more sets for each profile.
        yield (
            Setting("survey"),
            f"fold {fold} of {dataset.fingerprint[:12]}",
            partial(surveyed, dataset, fold),
            5 * options.masks,
        )


def _measured(make: Callable[[], Case], masks: int, question_profiles: int) -> Measured:
    case = make()
    by_order = curves(case, question_profiles) if question_profiles else {}
    return Measured(tuple(tallies(case, masks)), by_order, case.ceiling)


def _write(out: Path, measured: dict[Setting, list[Measured]], command: str) -> None:
    # Imported here: matplotlib takes seconds to import, which the other commands do not need.
    from benchmarks.partial_profiles.figure import draw_curves
    from training.report.drawing.saving import saved

    figure = draw_curves(question_curves(measured))
    try:
        out.write_text(report(measured, command), encoding="utf-8")
        out.with_name(f"{FIGURE}.svg").write_bytes(saved(figure, "svg"))
        out.with_name(f"{FIGURE}.png").write_bytes(saved(figure, "png"))
    except OSError as error:
        raise UnusableInput(f"Cannot write {out}: {error.strerror}.") from error


def _command(options: argparse.Namespace) -> str:
    """The command that repeats the measurement; it names files without their folders."""
    arguments = f"--draws {options.draws} --masks {options.masks} --asked {options.asked}"
    if options.survey is not None:
        arguments += f" --survey {options.survey.name}"
        arguments += f" --mapping training/mappings/{options.mapping.name}" if options.mapping else ""
    return f"python -m benchmarks.partial_profiles {arguments}"


COMMAND = Command(
    name="benchmarks.partial_profiles",
    help="Measure how well partial profiles are assigned.",
    add_options=add_options,
    run=run,
)
