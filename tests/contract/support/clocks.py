"""A clock for every kind of store, which stands still until it is set."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, literal

from service.store.memory.audit import MemoryAudit
from service.store.memory.feed import MemoryFeed
from service.store.memory.idempotency import MemoryIdempotency
from service.store.memory.jobs import MemoryJobs
from service.store.memory.leases import MemoryLeases
from service.store.memory.store import MemoryStore
from service.store.memory.users import MemoryUsers
from service.store.sql.tables import UtcDateTime
from tests.contract.support.records import NOW


@dataclass
class SettableClock:
    """Its time is `at`."""

    at: datetime = NOW

    def in_memory(self) -> datetime:
        """For a store in memory."""
        return self.at

    def in_sql(self, seconds: float) -> ColumnElement[datetime]:
        """For a store in a database."""
        return literal(self.at + timedelta(seconds=seconds), UtcDateTime)

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.at += timedelta(seconds=seconds)


def memory_store(clock: SettableClock) -> MemoryStore:
    """A store in memory that goes by that clock."""
    jobs = MemoryJobs(idempotency=MemoryIdempotency(clock.in_memory), clock=clock.in_memory)
    users = MemoryUsers(MemoryFeed(clock.in_memory))
    leases, audit = MemoryLeases(clock.in_memory), MemoryAudit(clock.in_memory)
    return MemoryStore(users=users, jobs=jobs, leases=leases, audit=audit)
