"""The database of the deployment, opened for a command."""

from models.errors import SegmentsError
from service.settings import Settings
from service.store.ports.errors import SchemaNotCurrent, StoreError
from service.store.sql.connections.faults import explain, unusable_part
from service.store.sql.migrate import migrate


class UnusableDatabase(SegmentsError):
    """The database cannot be opened; the sentence says why, and what to do."""


def prepare(settings: Settings) -> str:
    """Bring the database to this version's schema, making it if there is none; its URL with the password.

    Raises `UnusableDatabase`, `SchemaNotCurrent`, `UnusableDatabaseUrl` or `SettingsError`.
    """
    url = settings.full_database_url()
    if (sentence := unusable_part(url)) is not None:
        raise UnusableDatabase(sentence)
    try:
        migrate(url)
    except SchemaNotCurrent:
        raise
    except StoreError as error:
        if (sentence := explain(error, url)) is None:
            raise
        raise UnusableDatabase(sentence) from error
    return url
