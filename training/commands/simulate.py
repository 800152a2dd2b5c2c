"""`python -m training simulate`: write simulated profiles to a file."""

import argparse
from pathlib import Path

from training.commands import options
from training.commands.declaration import Command
from training.data.files.table_files import check_suffix
from training.progress import Progress
from training.simulation.simulate import DIFFICULTIES, SimulationConfig, simulate, write


def _run(chosen: argparse.Namespace, progress: Progress) -> None:
    check_suffix(chosen.out)
    progress.step("simulating", 0.0)
    changes = {
        name: getattr(chosen, name)
        for name in ("overlap", "noise", "missing", "personas")
        if getattr(chosen, name) is not None
    }
    config = SimulationConfig(rows=chosen.rows, seed=chosen.seed, **changes)
    write(simulate(config), chosen.out, chosen.with_truth)
    progress.step("done", 1.0)
    progress.message(f"{chosen.rows} simulated profiles are in {chosen.out}.")


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--rows", type=options.positive, required=True, help="how many profiles")
    parser.add_argument("--out", type=Path, required=True, help=".csv, .jsonl or .parquet")
    parser.add_argument("--seed", type=options.seed, default=0, help="seed (default: 0)")
    parser.add_argument("--with-truth", action="store_true", help="add a column with the planted persona")
    parser.add_argument("--personas", type=options.positive, help="how many personas are planted")
    parser.add_argument(
        "--overlap", type=options.overlap, help=f"0 to 1, or {', '.join(DIFFICULTIES)}: how alike they are"
    )
    parser.add_argument("--noise", type=options.share, help="share of profiles that belong to nobody")
    parser.add_argument("--missing", type=options.share, help="share of answers that are missing")


COMMAND = Command(name="simulate", help="write simulated profiles to a file", add_options=_add_options, run=_run)
