"""Leases in SQLite or PostgreSQL."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import or_, update

from service.store.ports.leases import Lease
from service.store.sql.clock import Clock, database_clock
from service.store.sql.connections.database import Database
from service.store.sql.tables import leases


class SqlLeases:
    """A `LeaseStore` in a database."""

    def __init__(self, database: Database, clock: Clock = database_clock) -> None:
        self._database, self._clock = database, clock

    def take(self, name: str, owner: str, seconds: float) -> Lease | None:
        """See `LeaseStore`."""
        until = self._clock(seconds)
        values = {"name": name, "owner": owner, "expires_at": until, "state": {}}
        statement = self._database.insert(leases).values(values)
        attempt = statement.on_conflict_do_update(
            index_elements=[leases.c.name],
            set_={"owner": owner, "expires_at": until},
            where=or_(leases.c.owner == owner, leases.c.expires_at < self._clock(0)),
        ).returning(leases.c.name, leases.c.owner, leases.c.expires_at, leases.c.state)
        with self._database.writing() as connection:
            record = connection.execute(attempt).one_or_none()
            return Lease(*record) if record else None

    def save_state(self, name: str, owner: str, state: Mapping[str, Any]) -> bool:
        """See `LeaseStore`."""
        held = (leases.c.name == name) & (leases.c.owner == owner)
        with self._database.writing() as connection:
            return connection.execute(update(leases).where(held).values(state=dict(state))).rowcount == 1
