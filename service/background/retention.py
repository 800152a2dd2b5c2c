"""Removes records that are older than the settings keep: persona changes, retrains, activations.

In small batches with pauses, by one worker at a time: requests write to the same tables.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from service.observability.metrics import Metrics
from service.store.ports.leases import LeaseStore

log = logging.getLogger("service.upkeep")

LEASE = "retention"
BATCH = 500
# Of one kind in one run: other maintenance waits meanwhile.
MAX_BATCHES = 20
_LEASE_SECONDS = 60.0
DAY_SECONDS = 86_400.0


@dataclass(frozen=True, slots=True)
class RetentionRule:
    """Records of a kind, in the plural. `remove`: removes up to so many that are too old; how many it removed."""

    kind: str
    remove: Callable[[int], int]


@dataclass(frozen=True, kw_only=True)
class Retention:
    """Applies rules one after the other. `owner`: this process, for the lease; `stopping`: ends a run."""

    rules: Sequence[RetentionRule]
    leases: LeaseStore
    metrics: Metrics
    owner: str
    stopping: threading.Event

    def run(self) -> None:
        """Remove what is too old, or a part of it, unless another worker does."""
        for rule in self.rules:
            removed = self._apply(rule)
            if removed:
                log.info("old records were removed", extra={"fields": {"kind": rule.kind, "count": removed}})

    def _apply(self, rule: RetentionRule) -> int:
        removed = 0
        for _ in range(MAX_BATCHES):
            if self.stopping.is_set() or self.leases.take(LEASE, self.owner, _LEASE_SECONDS) is None:
                break
            started = time.monotonic()
            count = rule.remove(BATCH)
            self.metrics.records_removed.labels(rule.kind).inc(count)
            removed += count
            if count < BATCH:
                break
            # Requests get half of the time at least.
            self.stopping.wait(time.monotonic() - started)
        return removed
