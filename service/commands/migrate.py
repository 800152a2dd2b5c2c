"""`python -m service migrate`: bring the database to the schema that this code expects."""

import argparse

from service.commands.declaration import Command
from service.settings import Settings
from service.store.sql.migrate import migrate


def _migrate(_: argparse.Namespace, settings: Settings) -> None:
    migrate(settings.full_database_url())


COMMAND = Command(name="migrate", help="bring the database to this version's schema", run=_migrate)
