"""`python -m service migrate`: bring the database to the schema that this code expects."""

import argparse

from service.commands.database import prepare
from service.commands.declaration import Command
from service.settings import Settings


def _migrate(_: argparse.Namespace, settings: Settings) -> None:
    prepare(settings)


COMMAND = Command(name="migrate", help="bring the database to this version's schema", run=_migrate)
