"""The errors that every store raises.

SegmentsError
└── StoreError
    ├── StoreUnavailable        the store does not respond; the same call may succeed later
    │   ├── SchemaNotCurrent    the database is not at the schema that this code expects
    │   └── WouldBlock          the store cannot respond without waiting, or not in this thread
    ├── UnusableDatabaseUrl     there is no store for the database that the URL names
    ├── NotStorable             no store accepts the text
    ├── UserErased              the user was erased, and has a tombstone (`service.store.ports.users`)
    ├── TooManyRecipients       the user has as many recipients as one may have (`service.store.ports.users`)
    ├── ClaimLost               another request has claimed the idempotency key (`service.store.ports.idempotency`)
    ├── JobRunning              a job is queued or running already (`service.store.ports.jobs`)
    ├── JobNotFound             no job has that id (`service.store.ports.jobs`)
    └── KeyNotFound             no key has that prefix (`service.store.ports.keys`)
"""

from models.errors import SegmentsError


class StoreError(SegmentsError):
    """The store refused or failed to do what was called for."""


class StoreUnavailable(StoreError):
    """The store does not respond; the same call may succeed later."""


class SchemaNotCurrent(StoreUnavailable):
    """The database is not at the schema that this code expects: older, newer, or none."""


class WouldBlock(StoreUnavailable):
    """The store cannot respond without waiting, or not in this thread."""


class UnusableDatabaseUrl(StoreError):
    """There is no store for the database that the URL names."""


class NotStorable(StoreError):
    """No store accepts the text."""
