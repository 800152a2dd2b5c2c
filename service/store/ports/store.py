"""The store as a whole: one port a subject, over one database.

Every method of every port is one transaction, committed before it returns; what it has returned is durable.
Methods may be called from several threads, and several processes may share one database. All times are aware, UTC.

What depends on how much time has passed goes by the store's own clock, as those of workers may differ: leases,
heartbeats, idempotency keys, and what is too old to stay. So these methods take durations in seconds.
"""

from typing import Protocol

from service.store.ports.audit import AuditStore
from service.store.ports.feed import FeedStore
from service.store.ports.idempotency import IdempotencyStore
from service.store.ports.jobs import JobStore
from service.store.ports.keys import KeyStore
from service.store.ports.leases import LeaseStore
from service.store.ports.personas import PersonaStore
from service.store.ports.rights import RightsStore
from service.store.ports.users import UserStore


class Store(Protocol):
    """The ports, which share a database and its connections. Use cases take the port that they need."""

    @property
    def users(self) -> UserStore:
        """Profiles and their assignments."""

    @property
    def jobs(self) -> JobStore:
        """Retrains."""

    @property
    def personas(self) -> PersonaStore:
        """Persona changes and overrides."""

    @property
    def feed(self) -> FeedStore:
        """The feed of changes, and the number of users by persona."""

    @property
    def rights(self) -> RightsStore:
        """Erasure."""

    @property
    def audit(self) -> AuditStore:
        """The audit trail."""

    @property
    def leases(self) -> LeaseStore:
        """Leases on work that one process at a time does."""

    @property
    def idempotency(self) -> IdempotencyStore:
        """Idempotency keys."""

    @property
    def keys(self) -> KeyStore:
        """API keys."""

    def check(self) -> None:
        """Return if the store responds and its schema is the expected one.

        Raises `SchemaNotCurrent` or `StoreUnavailable`.
        """

    def close(self) -> None:
        """Close connections and files; a later call opens them again."""
