"""`python -m benchmarks.partial_profiles`: measure how well partial profiles are assigned."""

import argparse
import sys
from collections.abc import Sequence

from benchmarks.partial_profiles import command
from training.commands import declaration
from training.commands.main import run


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark. Returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.partial_profiles", description="Measure how well partial profiles are assigned."
    )
    command.add_options(parser)
    declaration.add_progress(parser)
    parser.set_defaults(command=command.run)
    return run(parser, arguments)


if __name__ == "__main__":
    sys.exit(main())
