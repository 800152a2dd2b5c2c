"""Users in a dictionary."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from datetime import datetime
from threading import RLock

from service.store.memory.personas import MemoryPersonas
from service.store.ports.errors import StoreError
from service.store.ports.personas import ChangeCause
from service.store.ports.texts import require_storable
from service.store.ports.users import (
    AssignedUser,
    AssignmentTally,
    AssignmentUpdate,
    StoredAssignment,
    StoredUser,
    as_summary,
    in_batches,
)


@dataclass
class MemoryUsers:
    """A `UserStore` that is not durable; records changes in `personas`."""

    personas: MemoryPersonas = field(default_factory=MemoryPersonas)
    _users: dict[str, StoredUser] = field(default_factory=dict, init=False, repr=False)
    _lock: RLock = field(default_factory=RLock, init=False, repr=False)

    def put(
        self, user_id: str, profile_json: str, at: datetime, assignment: StoredAssignment | None
    ) -> StoredUser:
        """See `UserStore`."""
        require_storable(user_id, profile_json)
        with self._lock:
            before = self._users.get(user_id)
            user = StoredUser(
                user_id=user_id,
                profile_json=profile_json,
                revision=before.revision + 1 if before else 1,
                profile_updated_at=at,
                assignment=assignment,
            )
            self._users[user_id] = user
            if before is not None:
                self._record_change(before, user, at, ChangeCause.PROFILE_CHANGED)
            return user

    def submit(
        self, user_id: str, profile_json: str, at: datetime, assignment: StoredAssignment | None
    ) -> Future[StoredUser]:
        """See `UserStore`."""
        require_storable(user_id, profile_json)
        outcome: Future[StoredUser] = Future()
        try:
            outcome.set_result(self.put(user_id, profile_json, at, assignment))
        except StoreError as error:
            outcome.set_exception(error)
        return outcome

    def get(self, user_id: str) -> StoredUser | None:
        """See `UserStore`."""
        with self._lock:
            return self._users.get(user_id)

    def get_many(self, user_ids: Sequence[str]) -> dict[str, StoredUser]:
        """See `UserStore`."""
        with self._lock:
            return {user_id: self._users[user_id] for user_id in user_ids if user_id in self._users}

    def assignments(self, user_ids: Sequence[str]) -> dict[str, AssignedUser]:
        """See `UserStore`."""
        with self._lock:
            return self._summaries(user_ids)

    def assignments_nowait(self, user_ids: Sequence[str]) -> dict[str, AssignedUser]:
        """See `UserStore`; serves every thread."""
        return self._summaries(user_ids)

    def update_assignments(
        self, updates: Sequence[AssignmentUpdate], cause: ChangeCause = ChangeCause.MODEL_CHANGED
    ) -> int:
        """See `UserStore`."""
        with self._lock:
            latest = {update.user_id: update for update in updates}
            return sum(self._update_assignment(update, cause) for update in latest.values())

    def stale(self, model_version: str, after: str, limit: int) -> list[StoredUser]:
        """See `UserStore`."""
        with self._lock:
            stale = [
                user
                for user in self._users.values()
                if user.user_id > after
                and (user.assignment is None or user.assignment.model_version != model_version)
            ]
        return sorted(stale, key=lambda user: user.user_id)[:limit]

    def iterate(self, batch_size: int) -> Iterator[list[StoredUser]]:
        """See `UserStore`."""
        return in_batches(self._users_after, batch_size)

    def count(self) -> int:
        """See `UserStore`."""
        with self._lock:
            return len(self._users)

    def tally(self, model_version: str) -> dict[str, AssignmentTally]:
        """See `UserStore`."""
        tallies: dict[str, AssignmentTally] = {}
        with self._lock:
            assignments = [user.assignment for user in self._users.values() if user.assignment]
        for assignment in assignments:
            if assignment.model_version == model_version:
                so_far = tallies.get(assignment.persona_id, AssignmentTally(0, 0, 0))
                tallies[assignment.persona_id] = AssignmentTally(
                    so_far.users + 1,
                    so_far.answered_count + assignment.answered_count,
                    so_far.unknown_count + assignment.unknown_count,
                )
        return tallies

    def _summaries(self, user_ids: Sequence[str]) -> dict[str, AssignedUser]:
        users = (self._users.get(user_id) for user_id in user_ids)
        return {user.user_id: as_summary(user) for user in users if user is not None}

    def _update_assignment(self, update: AssignmentUpdate, cause: ChangeCause) -> bool:
        user = self._users.get(update.user_id)
        if user is None or user.revision != update.revision:
            return False
        self._users[user.user_id] = replace(user, assignment=update.assignment)
        self._record_change(user, self._users[user.user_id], update.assignment.assigned_at, cause)
        return True

    def _record_change(self, before: StoredUser, after: StoredUser, at: datetime, cause: ChangeCause) -> None:
        old, new = before.assignment, after.assignment
        if old and new and old.persona_id != new.persona_id:
            self.personas.record_change(
                user_id=after.user_id,
                changed_at=at,
                cause=cause,
                from_persona_id=old.persona_id,
                to_persona_id=new.persona_id,
                from_model_version=old.model_version,
                to_model_version=new.model_version,
            )

    def _users_after(self, user_id: str, limit: int) -> list[StoredUser]:
        with self._lock:
            ids = sorted(self._users)
            start = bisect_right(ids, user_id)
            return [self._users[next_id] for next_id in ids[start : start + limit]]
