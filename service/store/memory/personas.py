"""Persona changes, as the feed has them, and overrides in a dictionary."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import RLock

from service.store.memory.feed import MemoryFeed
from service.store.ports.personas import PersonaChange, PersonaOverride


@dataclass
class MemoryPersonas:
    """A `PersonaStore` that is not durable."""

    feed: MemoryFeed = field(default_factory=MemoryFeed)
    _overrides: dict[str, PersonaOverride] = field(default_factory=dict, init=False, repr=False)
    _lock: RLock = field(default_factory=RLock, init=False, repr=False)

    def changes(self, user_id: str, limit: int, before: int | None = None) -> list[PersonaChange]:
        """See `PersonaStore`."""
        own = self.feed.history(user_id)
        return [change for change in own if before is None or change.id < before][:limit]

    def remove_changes(self, seconds: float, limit: int) -> int:
        """See `PersonaStore`."""
        with self.feed.lock:
            return self.feed.remove_old(seconds, limit)

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
