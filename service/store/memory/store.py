"""The store in memory as a whole."""

from dataclasses import dataclass, field

from service.store.memory.idempotency import MemoryIdempotency
from service.store.memory.jobs import MemoryJobs
from service.store.memory.keys import MemoryKeys
from service.store.memory.leases import MemoryLeases
from service.store.memory.personas import MemoryPersonas
from service.store.memory.users import MemoryUsers


@dataclass
class MemoryStore:
    """A `Store` that is lost when the process ends: for tests and trials."""

    users: MemoryUsers = field(default_factory=MemoryUsers)
    jobs: MemoryJobs = field(default_factory=MemoryJobs)
    leases: MemoryLeases = field(default_factory=MemoryLeases)
    keys: MemoryKeys = field(default_factory=MemoryKeys)

    @property
    def personas(self) -> MemoryPersonas:
        """The changes of these users' personas, and the overrides."""
        return self.users.personas

    @property
    def idempotency(self) -> MemoryIdempotency:
        """The idempotency keys, with the jobs of their requests."""
        return self.jobs.idempotency

    def check(self) -> None:
        """Always succeeds."""

    def close(self) -> None:
        """Nothing to close."""
