"""Persona changes in a list and overrides in a dictionary."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from threading import RLock
from typing import Any

from service.store.memory.clock import Clock, process_clock
from service.store.ports.personas import PersonaChange, PersonaOverride


@dataclass
class MemoryPersonas:
    """A `PersonaStore` that is not durable."""

    clock: Clock = process_clock
    _changes: list[PersonaChange] = field(default_factory=list, init=False, repr=False)
    _overrides: dict[str, PersonaOverride] = field(default_factory=dict, init=False, repr=False)
    _lock: RLock = field(default_factory=RLock, init=False, repr=False)

    def changes(self, user_id: str, limit: int, before: int | None = None) -> list[PersonaChange]:
        """See `PersonaStore`."""
        with self._lock:
            own = [change for change in reversed(self._changes) if change.user_id == user_id]
        return [change for change in own if before is None or change.id < before][:limit]

    def remove_changes(self, seconds: float, limit: int) -> int:
        """See `PersonaStore`."""
        with self._lock:
            before = self.clock() - timedelta(seconds=seconds)
            old = {change.id for change in self._changes[:-1][:limit] if change.changed_at < before}
            self._changes = [change for change in self._changes if change.id not in old]
            return len(old)

    def overrides(self) -> dict[str, PersonaOverride]:
        """See `PersonaStore`."""
        with self._lock:
            return dict(self._overrides)

    def change_override(
        self, change: Callable[[Mapping[str, PersonaOverride]], PersonaOverride]
    ) -> dict[str, PersonaOverride]:
        """See `PersonaStore`."""
        with self._lock:
            override = change(dict(self._overrides))
            self._overrides[override.persona_id] = override
            return dict(self._overrides)

    def record_change(self, **fields: Any) -> None:
        """Append a change: the fields of `PersonaChange` without `id`."""
        with self._lock:
            last_id = self._changes[-1].id if self._changes else 0
            self._changes.append(PersonaChange(id=last_id + 1, **fields))
