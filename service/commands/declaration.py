"""How a command of `python -m service` is declared: one value a command, in a module of its own."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass

from service.settings import Settings


def no_options(_: argparse.ArgumentParser) -> None:
    """Add no option."""


@dataclass(frozen=True, kw_only=True)
class Command:
    """A command: `name` and `help` as the command line shows them, its options, and what it does.

    `run` raises `SegmentsError` with a sentence for the user.
    """

    name: str
    help: str
    run: Callable[[argparse.Namespace, Settings], None]
    add_options: Callable[[argparse.ArgumentParser], None] = no_options

    def add_to(self, subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
        """Add the command to a command line; `options.run` is what it does."""
        parser = subparsers.add_parser(self.name, help=self.help)
        self.add_options(parser)
        parser.set_defaults(run=self.run)


@dataclass(frozen=True, kw_only=True)
class CommandGroup:
    """Several commands behind one name, as `keys create` and `keys list`."""

    name: str
    help: str
    commands: tuple[Command, ...]

    def add_to(self, subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
        """Add the commands, one of which must be given."""
        actions = subparsers.add_parser(self.name, help=self.help).add_subparsers(
            dest=f"{self.name}_command", required=True
        )
        for command in self.commands:
            command.add_to(actions)
