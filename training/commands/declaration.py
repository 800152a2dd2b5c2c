"""How a command of `python -m training` is declared: one value a command, in a module of its own."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass

from training.progress import Progress


@dataclass(frozen=True, kw_only=True)
class Command:
    """A command: `name` and `help` as the command line shows them, its options, and what it does.

    `run` raises `SegmentsError` with a sentence for the user.
    """

    name: str
    help: str
    add_options: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace, Progress], None]


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]", command: Command) -> None:
    """Add a command to a command line, with the option that every command has: `--progress`."""
    parser = commands.add_parser(command.name, help=command.help)
    command.add_options(parser)
    add_progress(parser)
    parser.set_defaults(command=command.run)


def add_progress(parser: argparse.ArgumentParser) -> None:
    """Add the option that says how progress is shown."""
    parser.add_argument("--progress", choices=("auto", "bar", "plain", "log", "json"), default="auto")
