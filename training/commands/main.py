"""The command line: `python -m training fit | report | compare | simulate | score | mapping | rows`.

Exit codes: 0 done; 1 a defect of this program; 2 the data or the options cannot be used (with a sentence on
standard error).
"""

import argparse
from collections.abc import Sequence

from training.commands import compare, declaration, fit, mapping, report, rows, score, simulate
from training.commands.running import run

COMMANDS = (
    fit.COMMAND,
    report.COMMAND,
    compare.COMMAND,
    simulate.COMMAND,
    score.COMMAND,
    mapping.COMMAND,
    rows.COMMAND,
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Returns the exit code."""
    return run(parser(), arguments)


def parser() -> argparse.ArgumentParser:
    """The parser of the command line."""
    parser = argparse.ArgumentParser(prog="python -m training", description="Make segment models.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in COMMANDS:
        declaration.add(commands, command)
    return parser
