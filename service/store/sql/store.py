"""The store in SQLite or PostgreSQL as a whole; both databases run the same statements."""

from functools import partial

from sqlalchemy import URL

from service.store.ports.errors import SchemaNotCurrent
from service.store.sql.audit import SqlAudit
from service.store.sql.clock import Clock, database_clock
from service.store.sql.connections.database import Database
from service.store.sql.connections.deadline import PATIENCE
from service.store.sql.connections.engine import POOL_SIZE, schema_of
from service.store.sql.feed import SqlFeed
from service.store.sql.idempotency import SqlIdempotency
from service.store.sql.jobs import SqlJobs
from service.store.sql.keys import SqlKeys
from service.store.sql.leases import SqlLeases
from service.store.sql.people.tombstones import Tombstones
from service.store.sql.personas import SqlPersonas
from service.store.sql.rights import SqlRights
from service.store.sql.tables import SCHEMA
from service.store.sql.users import SqlUsers

# A user whom another transaction holds holds up the writes of all others: for this share of the patience at most.
WRITER_LOCK_SHARE = 0.1


class SqlStore:
    """A `Store` in a database that `migrate` has prepared; see `Database` for the arguments, `clock` excepted.

    With PostgreSQL the thread that writes profiles has a connection of its own, and so have heartbeats and leases,
    besides the `pool_size` of the requests: neither waits for the others. SQLite's writers take turns anyway, and
    one lock wakes them sooner than the file does.
    """

    def __init__(
        self,
        url: str | URL,
        patience: float = PATIENCE,
        pool_size: int = POOL_SIZE,
        clock: Clock = database_clock,
    ) -> None:
        self.database = Database(url, patience, pool_size)
        own = partial(Database, url, patience, pool_size=1)
        self.writer = self.database if self.database.is_sqlite else own(lock_seconds=patience * WRITER_LOCK_SHARE)
        self.heartbeats = self.database if self.database.is_sqlite else own()
        tombstones = Tombstones()
        self.users = SqlUsers(self.database, self.writer, tombstones)
        self.feed = SqlFeed(self.database)
        self.rights = SqlRights(self.database, tombstones, clock)
        self.audit = SqlAudit(self.database, clock)
        self.jobs = SqlJobs(self.database, self.heartbeats, clock)
        self.personas = SqlPersonas(self.database, clock)
        self.leases = SqlLeases(self.heartbeats, clock)
        self.idempotency = SqlIdempotency(self.database, clock)
        self.keys = SqlKeys(self.database)

    def check(self) -> None:
        """See `Store`."""
        with self.database.reading() as connection:
            stored = schema_of(connection)
        if stored != SCHEMA:
            raise SchemaNotCurrent(
                f"The database is at schema {stored or 'none'}, this code expects {SCHEMA}. "
                "Run: python -m service migrate"
            )

    def close(self) -> None:
        """See `Store`."""
        self.users.close()
        for database in {self.database, self.writer, self.heartbeats}:
            database.close()
