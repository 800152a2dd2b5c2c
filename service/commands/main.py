"""The command line: `python -m service serve | migrate | models | activate | sign | import | keys`.

Exit codes: 0 done; 2 a setting, the address or the database cannot be used (one sentence on standard error).
"""

import argparse
import logging
from collections.abc import Sequence

from models.errors import SegmentsError
from service.commands import activate, import_users, keys, migrate, models, serve, sign
from service.commands.output import announce, say
from service.settings import Settings, read_settings

COMMANDS = (
    serve.COMMAND,
    migrate.COMMAND,
    models.COMMAND,
    activate.COMMAND,
    sign.COMMAND,
    import_users.COMMAND,
    keys.COMMANDS,
)
# Options that have the name of a setting, and win over it.
_SETTINGS = ("host", "port", "workers", "insecure")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Returns the exit code."""
    options = parser().parse_args(arguments)
    try:
        options.run(options, _settings(options))
    except SegmentsError as error:
        if options.command == serve.COMMAND.name:
            announce(str(error), logging.ERROR)
        else:
            say(f"error: {error}")
        return 2
    return 0


def parser() -> argparse.ArgumentParser:
    """The parser of the command line."""
    parser = argparse.ArgumentParser("python -m service", description="The service of BackPocket Segments.")
    subparsers = parser.add_subparsers(dest="command", required=True)
    for command in COMMANDS:
        command.add_to(subparsers)
    return parser


def _settings(options: argparse.Namespace) -> Settings:
    given = {name: value for name in _SETTINGS if (value := getattr(options, name, None)) is not None}
    return read_settings(**given)
