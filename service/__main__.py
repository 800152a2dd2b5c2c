"""`python -m service`."""

import os
import sys

# Sums over a batch are small: threads of numpy's own would only wait for each other. Before numpy is loaded.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from models.console import run_command


def main() -> int:
    """Run the command that the command line names. Returns the exit code."""
    return run_command(_run)


def _run() -> int:
    # Here, as it needs the profile class, and PROFILE may name one that cannot be used.
    from service.commands.main import main as run_arguments

    return run_arguments()


if __name__ == "__main__":
    sys.exit(main())
