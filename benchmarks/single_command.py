"""Runs a benchmark that is one command with options of its own, as the commands of `training` are run."""

import argparse
from collections.abc import Sequence

from training.commands.declaration import Command, add_progress
from training.commands.running import run


def run_single(command: Command, arguments: Sequence[str] | None) -> int:
    """Run `python -m` with the command's name. Returns the exit code."""
    parser = argparse.ArgumentParser(prog=f"python -m {command.name}", description=command.help)
    command.add_options(parser)
    add_progress(parser)
    parser.set_defaults(command=command.run)
    return run(parser, arguments)
