"""`python -m training`."""

import sys

from models.console import run_command
from training.commands.main import main as run_arguments
from training.figure_cache import ensure_folder


def main() -> int:
    """Run the command that the command line names. Returns the exit code."""
    ensure_folder()
    return run_command(run_arguments)


if __name__ == "__main__":
    sys.exit(main())
