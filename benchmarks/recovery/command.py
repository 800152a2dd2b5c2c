"""The command `python -m benchmarks.recovery`: its options, and what it does."""

import argparse
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, TypeVar, cast

from benchmarks.recovery.cache import PARTS, Cache, What
from benchmarks.recovery.generators.registry import GENERATORS, VARIANTS
from benchmarks.recovery.generators.tables.planted_tables import is_csv
from benchmarks.recovery.measure import Plan, measure
from benchmarks.recovery.methods import METHODS, chosen_methods
from benchmarks.recovery.table import origin, report
from training.commands.declaration import Command
from training.commands.options import positive
from training.errors import UnusableInput
from training.progress import Progress

DEFAULT_OUT: Final = Path("benchmarks/RECOVERY.md")

MIN_ROWS: Final = 100

Value = TypeVar("Value", int, str)


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of the command, except that for progress."""
    plan = Plan(())
    parser.add_argument("--draws", type=positive, default=plan.draws, help="data sets of each cell (default: 5)")
    parser.add_argument(
        "--permuted", type=positive, default=plan.permuted, help="data sets with shuffled fields (default: 20)"
    )
    parser.add_argument("--rows", type=_listed(_rows), default=plan.rows, help="default: 1500,5000")
    parser.add_argument(
        "--difficulty",
        type=_listed(_variant),
        default=(),
        help=f"some of {','.join(VARIANTS)}, or a CSV file for tables (default: all)",
    )
    for name, choices in (("generator", tuple(GENERATORS)), ("methods", tuple(METHODS)), ("what", PARTS)):
        text = f"some of {','.join(choices)} (default: all)"
        parser.add_argument(f"--{name}", type=_listed(_one_of(choices)), default=choices, help=text)
    parser.add_argument("--out", type=Path, default=DEFAULT_OUT, help=f"the tables (default: {DEFAULT_OUT})")
    parser.add_argument("--cache", type=Path, help="file of stored results; an interrupted run resumes")


def run(options: argparse.Namespace, progress: Progress) -> None:
    """Measure, and write the tables. Raises `UnusableInput`, if possible before the measurement."""
    plan = Plan(
        methods=chosen_methods(options.methods) if "share" in options.what else (),
        parts=cast(tuple[What, ...], options.what),
        difficulties=options.difficulty,
        rows=options.rows,
        draws=options.draws,
        permuted=options.permuted,
        generators=options.generator,
    )
    if not plan.variants():
        raise UnusableInput(
            f"--generator {','.join(plan.generators)} has none of --difficulty {','.join(plan.difficulties)}."
        )
    for path in filter(None, (options.out, options.cache)):
        _check_folder(path)
    results = measure(plan, Cache(options.cache), progress)
    text = report(results, plan, origin(_command(options), plan))
    try:
        options.out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UnusableInput(f"Cannot write {options.out}: {error.strerror}.") from error
    progress.message(f"The tables are in {options.out}.")


def _command(options: argparse.Namespace) -> str:
    """The command that repeats the measurement."""
    arguments = {
        "draws": (options.draws,),
        "permuted": (options.permuted,),
        "rows": options.rows,
        "generator": options.generator,
        "difficulty": options.difficulty,
        "methods": options.methods,
        "what": options.what,
    }
    text = " ".join(f"--{name} {','.join(map(str, values))}" for name, values in arguments.items() if values)
    return f"python -m benchmarks.recovery {text}"


def _check_folder(path: Path) -> None:
    """Raise `UnusableInput` for a path that cannot be written, before hours of measurement."""
    if not os.access(path.parent, os.W_OK) or path.is_dir():
        raise UnusableInput(f"Cannot write {path}: name a file in an existing, writable folder.")


def _rows(text: str) -> int:
    if (rows := positive(text)) < MIN_ROWS:
        raise argparse.ArgumentTypeError(f"must be at least {MIN_ROWS}: fewer rows have no personas to find")
    return rows


def _listed(read: Callable[[str], Value]) -> Callable[[str], tuple[Value, ...]]:
    """A parser of values separated by commas, without duplicates."""
    return lambda text: tuple(dict.fromkeys(read(value.strip()) for value in text.split(",")))


def _variant(text: str) -> str:
    return text if is_csv(text) else _one_of(VARIANTS)(text)


def _one_of(choices: Sequence[str]) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text in choices:
            return text
        raise argparse.ArgumentTypeError(f"must be some of {', '.join(choices)}, not '{text}'")

    return read


COMMAND = Command(
    name="benchmarks.recovery",
    help="Measure how well planted personas are found.",
    add_options=add_options,
    run=run,
)
