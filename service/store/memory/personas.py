"""Persona changes in a list and overrides in a dictionary."""

from dataclasses import dataclass, field
from threading import RLock
from typing import Any

from service.store.ports.personas import PersonaChange, PersonaOverride


@dataclass
class MemoryPersonas:
    """A `PersonaStore` that is not durable."""

    _changes: list[PersonaChange] = field(default_factory=list, init=False, repr=False)
    _overrides: dict[str, PersonaOverride] = field(default_factory=dict, init=False, repr=False)
    _lock: RLock = field(default_factory=RLock, init=False, repr=False)

    def changes(self, user_id: str, limit: int, before: int | None = None) -> list[PersonaChange]:
        """See `PersonaStore`."""
        with self._lock:
            own = [change for change in reversed(self._changes) if change.user_id == user_id]
        return [change for change in own if before is None or change.id < before][:limit]

    def overrides(self) -> dict[str, PersonaOverride]:
        """See `PersonaStore`."""
        with self._lock:
            return dict(self._overrides)

    def put_override(self, override: PersonaOverride) -> bool:
        """See `PersonaStore`."""
        with self._lock:
            stored = self._overrides.get(override.persona_id)
            if override.revision != (stored.revision + 1 if stored else 1):
                return False
            self._overrides[override.persona_id] = override
            return True

    def record_change(self, **fields: Any) -> None:
        """Append a change: the fields of `PersonaChange` without `id`."""
        with self._lock:
            self._changes.append(PersonaChange(id=len(self._changes) + 1, **fields))
