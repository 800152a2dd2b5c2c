"""`python -m benchmarks.recovery`: measure how well planted personas are found."""

import argparse
import sys
from collections.abc import Sequence

from benchmarks.recovery import command
from training.commands import declaration
from training.commands.main import run


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark. Returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.recovery", description="Measure how well planted personas are found."
    )
    command.add_options(parser)
    declaration.add_progress(parser)
    parser.set_defaults(command=command.run)
    return run(parser, arguments)


if __name__ == "__main__":
    sys.exit(main())
