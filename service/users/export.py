"""Use case: all stored users with their personas, in batches, for a download.

Each batch is one read, and by the model that is active then: a download that takes minutes neither holds a
transaction open nor brings back the assignments of a model that was replaced meanwhile.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from models.storage.artifact import LoadedArtifact
from service.store.ports.users import AssignedUser, UserStore
from service.users.personas import Reading, reassign
from service.users.stored_assignment import is_current

BATCH = 1_000


class ExportedUser(NamedTuple):
    """One user of a download; without a persona where the user has opted out."""

    user_id: str
    persona_id: str | None
    confidence: float | None
    assigned_at: datetime | None
    model_version: str | None
    status: str
    basis: str | None


@dataclass
class UserExport:
    """A download under way. `active`: the active model; `reading`: how users are read from now on."""

    users: UserStore
    active: Callable[[], LoadedArtifact]
    reading: Callable[[], Reading]
    batch_size: int = BATCH
    _after: str | None = field(default="", init=False)

    def next_batch(self) -> list[ExportedUser] | None:
        """The next users in order of their ids, or None after the last.

        Raises `StoreUnavailable` or `NoActiveModel`; the same users can be read again then.
        """
        if self._after is None:
            return None
        batch = self.users.assignments_after(self._after, self.batch_size)
        rows = self._rows(batch)
        self._after = batch[-1].user_id if len(batch) == self.batch_size else None
        return rows

    def _rows(self, batch: list[AssignedUser]) -> list[ExportedUser]:
        loaded, reading = self.active(), self.reading()
        outdated = [user.user_id for user in batch if not (user.opted_out or is_current(loaded, user))]
        if outdated:
            current = {user.user_id: user for user in batch if user.opted_out or is_current(loaded, user)}
            current |= reassign(self.users, loaded, outdated, reading)
            # Without those who have been erased meanwhile.
            batch = [current[user.user_id] for user in batch if user.user_id in current]
        return [_exported(user, reading) for user in batch]


def _exported(user: AssignedUser, reading: Reading) -> ExportedUser:
    status, basis = reading.status_of(user), user.basis
    version = None if user.opted_out else user.model_version
    return ExportedUser(
        user_id=user.user_id,
        persona_id=user.persona_id,
        confidence=user.confidence,
        assigned_at=user.assigned_at,
        model_version=version,
        status=status,
        basis=None if basis is None else basis.value,
    )
