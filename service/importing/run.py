"""One import from its first row to its last: batches of rows, each assigned together, a transaction each.

What is committed stays, whatever ends the import; the same file again gives the same personas.
"""

import gc
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from service.importing.refused import RefusedRows
from service.importing.rows import Item, RefusedRow, Row
from service.segmenting.assignment import InvalidProfile
from service.store.ports.errors import StoreUnavailable
from service.store.ports.users import StoredUser, UserErased, UserStore
from service.users.batch_upsert import AssignedProfile, BatchAssigner, to_write

# Rows of a transaction: other writers wait for it, for some 40 ms.
BATCH = 1_000
# Seconds for which a store that does not respond is tried again.
PATIENCE = 60.0
ERASED = "ERASED"
_COLLECT_EVERY = 200


@dataclass(frozen=True, slots=True)
class Counts:
    """How many rows were read and stored, and how many were refused, by reason."""

    read: int
    stored: int
    refused: Mapping[str, int]


@dataclass(kw_only=True)
class ImportRun:
    """Stores rows. `report`: called after each batch with the share that is read and the counts; `stopping`: ends
    the run after a batch.
    """

    users: UserStore
    assigner: BatchAssigner
    refused: RefusedRows
    report: Callable[[float, Counts], None]
    stopping: threading.Event = field(default_factory=threading.Event)
    batch_size: int = BATCH
    patience: float = PATIENCE
    _read: int = field(default=0, init=False)
    _stored: int = field(default=0, init=False)
    _share: float = field(default=0.0, init=False)

    def run(self, items: Iterable[Item]) -> Counts:
        """Store the rows, until the last one or `stopping`. Raises `StoreUnavailable` and what reading raises."""
        rows: list[Row] = []
        with _rare_collections() as collect:
            for item in items:
                if self.stopping.is_set():
                    return self.counts
                if isinstance(item, Row):
                    rows.append(item)
                elif isinstance(item, RefusedRow):
                    self._read += 1
                    self.refused.add(item)
                else:
                    self._share = item.read
                if len(rows) == self.batch_size:
                    self._store(rows)
                    rows = []
                    collect()
            self._share = 1.0
            self._store(rows)
        return self.counts

    @property
    def counts(self) -> Counts:
        """The counts so far."""
        return Counts(self._read, self._stored, self.refused.by_reason)

    def _store(self, rows: list[Row]) -> None:
        now = datetime.now(UTC)
        profiles = self.assigner.assign([row.profile for row in rows], now)
        valid: list[tuple[Row, AssignedProfile]] = []
        for row, profile in zip(rows, profiles, strict=True):
            if isinstance(profile, InvalidProfile):
                self.refused.add(RefusedRow(row.line, _reason(profile)))
            else:
                valid.append((row, profile))
        writes = [to_write(row.user_id, profile, now) for row, profile in valid]
        for (row, _), result in zip(valid, self._patiently(lambda: self.users.put_many(writes)), strict=True):
            if isinstance(result, UserErased):
                self.refused.add(RefusedRow(row.line, ERASED))
            else:
                self._stored += 1
        self._read += len(rows)
        self.refused.flush()
        self.report(self._share, self.counts)

    def _patiently(self, write: Callable[[], list[StoredUser | UserErased]]) -> list[StoredUser | UserErased]:
        """The result of a write, which is tried again while the store does not respond."""
        deadline = time.monotonic() + self.patience
        while True:
            try:
                return write()
            except StoreUnavailable:
                if time.monotonic() > deadline or self.stopping.is_set():
                    raise
                self.stopping.wait(0.5)


def _reason(profile: InvalidProfile) -> str:
    return "; ".join(detail for _, detail in profile.errors[:3]) or "The profile is not valid."


@contextmanager
def _rare_collections() -> Iterator[Callable[[], None]]:
    """Collect garbage once in a long while: the rows of a batch make no cycles, and looking for some costs as much
    as parsing them.
    """
    was_on, batches = gc.isenabled(), 0

    def collect() -> None:
        nonlocal batches
        batches += 1
        if batches % _COLLECT_EVERY == 0:
            gc.collect()

    gc.disable()
    try:
        yield collect
    finally:
        if was_on:
            gc.enable()
