"""The audit trail in SQLite or PostgreSQL."""

from sqlalchemy import delete, insert, select

from service.store.ports.audit import AuditEntry
from service.store.ports.texts import legible
from service.store.sql.clock import Clock, database_clock, old_records
from service.store.sql.connections.database import Database
from service.store.sql.tables import audit_entries


class SqlAudit:
    """An `AuditStore` in a database."""

    def __init__(self, database: Database, clock: Clock = database_clock) -> None:
        self._database, self._clock = database, clock

    def record(self, entry: AuditEntry) -> None:
        """See `AuditStore`."""
        values = {
            "at": entry.at,
            "actor": legible(entry.actor),
            "action": entry.action,
            "subject": legible(entry.subject),
            "details": dict(entry.details),
        }
        with self._database.writing() as connection:
            connection.execute(insert(audit_entries), values)

    def latest(self, limit: int, before: int | None = None) -> list[AuditEntry]:
        """See `AuditStore`."""
        statement = select(audit_entries).order_by(audit_entries.c.id.desc()).limit(limit)
        if before is not None:
            statement = statement.where(audit_entries.c.id < before)
        with self._database.reading() as connection:
            return [AuditEntry(**record._mapping) for record in connection.execute(statement)]

    def remove_entries(self, seconds: float, limit: int) -> int:
        """See `AuditStore`."""
        columns = audit_entries.c
        old = old_records(columns.id, columns.at, self._clock(-seconds), limit)
        with self._database.writing() as connection:
            return connection.execute(delete(audit_entries).where(audit_entries.c.id.in_(old))).rowcount
