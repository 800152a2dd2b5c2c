"""The audit trail in a list."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from threading import Lock

from service.store.memory.clock import Clock, process_clock
from service.store.memory.json_copy import json_copy
from service.store.ports.audit import AuditEntry
from service.store.ports.texts import legible


@dataclass
class MemoryAudit:
    """An `AuditStore` that is not durable."""

    clock: Clock = process_clock
    _entries: list[AuditEntry] = field(default_factory=list, init=False, repr=False)
    _lock: Lock = field(default_factory=Lock, init=False, repr=False)

    def record(self, entry: AuditEntry) -> None:
        """See `AuditStore`."""
        with self._lock:
            last_id = self._entries[-1].id if self._entries else 0
            self._entries.append(
                replace(
                    entry,
                    id=last_id + 1,
                    actor=legible(entry.actor),
                    subject=legible(entry.subject),
                    details=json_copy(dict(entry.details)),
                )
            )

    def latest(self, limit: int, before: int | None = None) -> list[AuditEntry]:
        """See `AuditStore`."""
        with self._lock:
            return [entry for entry in reversed(self._entries) if before is None or entry.id < before][:limit]

    def remove_entries(self, seconds: float, limit: int) -> int:
        """See `AuditStore`."""
        with self._lock:
            before = self.clock() - timedelta(seconds=seconds)
            old = [entry.id for entry in self._entries[:-1][:limit] if entry.at < before]
            self._entries = [entry for entry in self._entries if entry.id not in old]
            return len(old)
