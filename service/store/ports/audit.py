"""The audit trail: who did what that others may have to answer for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One action. `actor`: the key's name, as `service.security.actor` gives it; never a field of a body.

    `subject`: what it was done to, a model's version or the keyed hash of a user's id; `details`: counts and
    choices, never a value of a profile. `id` increases.
    """

    at: datetime
    actor: str
    action: str
    subject: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)
    id: int = 0


class AuditStore(Protocol):
    """The audit trail. Every method is one transaction and may raise `StoreUnavailable`."""

    def record(self, entry: AuditEntry) -> None:
        """Append an entry; its `id` is given by the store."""

    def latest(self, limit: int, before: int | None = None) -> list[AuditEntry]:
        """Entries, the latest first; with `before`, only those with a smaller id."""

    def remove_entries(self, seconds: float, limit: int) -> int:
        """Remove up to `limit` entries that are older than that, the oldest first; how many. The latest stays."""
