"""The store in memory as a whole."""

from dataclasses import dataclass, field

from service.store.memory.audit import MemoryAudit
from service.store.memory.feed import MemoryFeed
from service.store.memory.idempotency import MemoryIdempotency
from service.store.memory.jobs import MemoryJobs
from service.store.memory.keys import MemoryKeys
from service.store.memory.leases import MemoryLeases
from service.store.memory.personas import MemoryPersonas
from service.store.memory.rights import MemoryRights
from service.store.memory.users import MemoryUsers


@dataclass
class MemoryStore:
    """A `Store` that is lost when the process ends: for tests and trials."""

    users: MemoryUsers = field(default_factory=MemoryUsers)
    audit: MemoryAudit = field(default_factory=MemoryAudit)
    jobs: MemoryJobs = field(default_factory=MemoryJobs)
    leases: MemoryLeases = field(default_factory=MemoryLeases)
    keys: MemoryKeys = field(default_factory=MemoryKeys)

    personas: MemoryPersonas = field(init=False)
    rights: MemoryRights = field(init=False)

    def __post_init__(self) -> None:
        self.personas, self.rights = MemoryPersonas(self.feed), MemoryRights(self.users)

    @property
    def feed(self) -> MemoryFeed:
        """What changed of these users."""
        return self.users.feed

    @property
    def idempotency(self) -> MemoryIdempotency:
        """The idempotency keys, with the jobs of their requests."""
        return self.jobs.idempotency

    def check(self) -> None:
        """Always succeeds."""

    def close(self) -> None:
        """Nothing to close."""
