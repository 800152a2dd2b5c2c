"""`python -m benchmarks.recovery`: measure how well planted personas are found."""

import sys
from collections.abc import Sequence

from benchmarks.recovery.command import COMMAND
from benchmarks.single_command import run_single


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark. Returns the exit code."""
    return run_single(COMMAND, arguments)


if __name__ == "__main__":
    sys.exit(main())
