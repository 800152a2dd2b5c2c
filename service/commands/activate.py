"""`python -m service activate`: verify a version and activate it; promotion and rollback alike."""

import argparse
import os
from getpass import getuser

from models.profile import Profile
from models.storage.registry import Registry
from service.audit import COMMAND_LINE
from service.commands.declaration import Command
from service.commands.output import show
from service.settings import Settings


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("version", help="a version that `models` lists")
    parser.add_argument("--by", help="who does it (default: the user of this machine)")
    parser.add_argument("--reason", default="", help="why, stored with the activation")


def _activate(options: argparse.Namespace, settings: Settings) -> None:
    show(activate(settings.registry(), options.version, options.by or current_user(), options.reason))


def activate(registry: Registry, version: str, by: str, reason: str) -> str:
    """Verify a version and activate it, which every worker follows; a sentence that says so."""
    registry.load(version, Profile)
    previous = registry.activate(version, by, reason).previous
    return f"Model {version} is active; before it was {previous or 'none'}."


def current_user() -> str:
    """The user of this process, by number where it has no name, as in a container."""
    try:
        return getuser()
    except (KeyError, OSError):
        return f"user {os.getuid()}"


def command_line_actor() -> str:
    """Who runs a command, for the audit trail."""
    return f"{COMMAND_LINE} ({current_user()})"


COMMAND = Command(
    name="activate",
    help="verify a version and activate it (also to roll back)",
    add_options=_add_options,
    run=_activate,
)
