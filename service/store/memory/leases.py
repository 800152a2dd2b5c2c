"""Leases in a dictionary."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from threading import RLock
from typing import Any

from service.store.memory.clock import Clock, process_clock
from service.store.memory.json_copy import json_copy
from service.store.ports.leases import Lease


@dataclass
class MemoryLeases:
    """A `LeaseStore` that is not durable."""

    clock: Clock = process_clock
    _leases: dict[str, Lease] = field(default_factory=dict, init=False, repr=False)
    _lock: RLock = field(default_factory=RLock, init=False, repr=False)

    def take(self, name: str, owner: str, seconds: float) -> Lease | None:
        """See `LeaseStore`."""
        with self._lock:
            now, held = self.clock(), self._leases.get(name)
            if held and held.owner != owner and held.expires_at >= now:
                return None
            until = now + timedelta(seconds=seconds)
            self._leases[name] = Lease(name, owner, until, held.state if held else {})
            return self._leases[name]

    def save_state(self, name: str, owner: str, state: Mapping[str, Any]) -> bool:
        """See `LeaseStore`."""
        with self._lock:
            held = self._leases.get(name)
            if held is None or held.owner != owner:
                return False
            self._leases[name] = replace(held, state=json_copy(dict(state)))
            return True
