"""`python -m training`."""

import sys

from models.console import run_command


def main() -> int:
    """Run the command that the command line names. Returns the exit code."""
    return run_command(_run)


def _run() -> int:
    # Here, as these need the profile class, and PROFILE may name one that cannot be used.
    from training.commands.main import main as run_arguments
    from training.figure_cache import ensure_folder

    ensure_folder()
    return run_arguments()


if __name__ == "__main__":
    sys.exit(main())
