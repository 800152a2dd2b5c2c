"""Users in a dictionary."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from datetime import datetime
from threading import RLock

from service.store.memory.feed import MemoryFeed, UserChange
from service.store.memory.tombstones import MemoryTombstones
from service.store.ports.errors import StoreError
from service.store.ports.personas import ChangeCause
from service.store.ports.texts import require_storable
from service.store.ports.users import (
    MAX_RECIPIENTS,
    OUTDATED,
    AssignedUser,
    AssignmentTally,
    AssignmentUpdate,
    StoredAssignment,
    StoredRecipient,
    StoredUser,
    TooManyRecipients,
    UserErased,
    as_summary,
    in_batches,
)


@dataclass
class MemoryUsers:
    """A `UserStore` that is not durable; records changes in `feed`, which has the users, too."""

    feed: MemoryFeed = field(default_factory=MemoryFeed)
    tombstones: MemoryTombstones = field(default_factory=MemoryTombstones)
    _recipients: dict[str, dict[str, StoredRecipient]] = field(default_factory=dict, init=False, repr=False)
    # Users without a persona who are to be assigned because of what was written of them.
    _outdated: set[str] = field(default_factory=set, init=False, repr=False)

    @property
    def _users(self) -> dict[str, StoredUser]:
        return self.feed.users

    @property
    def _lock(self) -> RLock:
        return self.feed.lock

    def put(
        self, user_id: str, profile_json: str, at: datetime, assignment: StoredAssignment | None
    ) -> StoredUser:
        """See `UserStore`."""
        require_storable(user_id, profile_json)
        with self._lock:
            before = self._users.get(user_id)
            if before is None and user_id in self.tombstones:
                raise UserErased
            recipient_count = before.recipient_count if before else 0
            opted_out = before.opted_out if before else False
            self._outdated.discard(user_id)
            if opted_out:
                assignment = None
            elif recipient_count:
                assignment = self._mark_outdated(user_id, before.assignment if before else None, at)
            user = StoredUser(
                user_id=user_id,
                profile_json=profile_json,
                revision=before.revision + 1 if before else 1,
                profile_updated_at=at,
                assignment=assignment,
                recipient_count=recipient_count,
                opted_out=opted_out,
            )
            self._replace(before, user, at, ChangeCause.PROFILE_CHANGED)
            return user

    def put_many(self, writes: Sequence[StoredUser]) -> list[StoredUser | UserErased]:
        """See `UserStore`."""
        for user in writes:
            require_storable(user.user_id, user.profile_json or "")
        results: list[StoredUser | UserErased] = []
        with self._lock:
            for user in writes:
                try:
                    at, assignment = user.profile_updated_at, user.assignment
                    results.append(self.put(user.user_id, user.profile_json or "", at, assignment))
                except UserErased as error:
                    results.append(error)
        return results

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

    def assignments_after(self, user_id: str, limit: int) -> list[AssignedUser]:
        """See `UserStore`."""
        with self._lock:
            ids = sorted(stored_id for stored_id in self._users if stored_id > user_id)[:limit]
            return [as_summary(self._users[stored_id]) for stored_id in ids]

    def update_assignments(
        self,
        updates: Sequence[AssignmentUpdate],
        cause: ChangeCause = ChangeCause.MODEL_CHANGED,
        seconds: float | None = None,  # noqa: ARG002
    ) -> int:
        """See `UserStore`."""
        with self._lock:
            latest = {update.user_id: update for update in updates}
            # In the order in which a database locks them.
            return sum(self._update_assignment(latest[user_id], cause) for user_id in sorted(latest))

    def members(self, persona_id: str, after: str, limit: int) -> list[StoredUser]:
        """See `UserStore`."""
        with self._lock:
            members = [
                user
                for user in self._users.values()
                if user.user_id > after and user.assignment and user.assignment.persona_id == persona_id
            ]
        return sorted(members, key=lambda user: user.user_id)[:limit]

    def put_recipient(self, user_id: str, recipient_id: str, profile_json: str, at: datetime) -> StoredRecipient:
        """See `UserStore`."""
        require_storable(user_id, profile_json)
        require_storable(recipient_id, profile_json)
        with self._lock:
            if user_id in self.tombstones:
                raise UserErased
            own = self._recipients.get(user_id, {})
            if recipient_id not in own and len(own) >= MAX_RECIPIENTS:
                raise TooManyRecipients
            recipient = StoredRecipient(
                user_id=user_id,
                recipient_id=recipient_id,
                profile_json=profile_json,
                revision=own[recipient_id].revision + 1 if recipient_id in own else 1,
                profile_updated_at=at,
            )
            self._recipients[user_id] = {**own, recipient_id: recipient}
            self._count_recipients(user_id, at)
            return recipient

    def remove_recipient(self, user_id: str, recipient_id: str, at: datetime) -> bool:
        """See `UserStore`."""
        with self._lock:
            if self._recipients.get(user_id, {}).pop(recipient_id, None) is None:
                return False
            self._count_recipients(user_id, at)
            self._remove_empty(user_id, at)
            return True

    def recipients(self, user_ids: Sequence[str]) -> dict[str, list[StoredRecipient]]:
        """See `UserStore`."""
        with self._lock:
            return {
                user_id: [self._recipients[user_id][key] for key in sorted(self._recipients[user_id])]
                for user_id in user_ids
                if self._recipients.get(user_id)
            }

    def opt_out(self, user_id: str, at: datetime) -> bool:
        """See `UserStore`."""
        require_storable(user_id, "")
        with self._lock:
            if user_id in self.tombstones:
                raise UserErased
            before = self._users.get(user_id) or _empty_user(user_id, at)
            if before.opted_out:
                return False
            user = replace(before, revision=before.revision + 1, opted_out=True, assignment=None)
            self._outdated.discard(user_id)
            self._replace(before, user, at, ChangeCause.OPTED_OUT)
            return True

    def opt_in(self, user_id: str, at: datetime) -> bool:
        """See `UserStore`."""
        with self._lock:
            user = self._users.get(user_id)
            if user is None or not user.opted_out:
                return False
            self._users[user_id] = replace(user, revision=user.revision + 1, opted_out=False)
            self._outdated.add(user_id)
            self._remove_empty(user_id, at)
            return True

    def remove(self, user_id: str, at: datetime, cause: ChangeCause) -> bool:
        """Remove a user with all recipients; whether there was one."""
        with self._lock:
            user = self._users.pop(user_id, None)
            self._recipients.pop(user_id, None)
            self._outdated.discard(user_id)
            if user is not None:
                self.feed.record(UserChange(user_id, at, cause, user.assignment, None))
            return user is not None

    def keep_objection(self, user: StoredUser) -> None:
        """Store of a user who was removed that they have opted out, and nothing else."""
        without = replace(user, profile_json=None, recipient_count=0, revision=user.revision + 1)
        self._users[user.user_id] = without

    def stale(self, model_version: str, after: str, limit: int) -> list[StoredUser]:
        """See `UserStore`."""
        with self._lock:
            stale = [
                user
                for user in self._users.values()
                if user.user_id > after
                and not user.opted_out
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
        if user is None or user.opted_out:
            return False
        choice = user.assignment.chosen_persona_id if user.assignment else None
        if update.is_void(user.revision, choice, cause):
            return False
        is_outdated = user.assignment is not None and user.assignment.model_version == OUTDATED
        if cause is ChangeCause.MODEL_CHANGED and (is_outdated or user.user_id in self._outdated):
            cause = ChangeCause.PROFILE_CHANGED
        self._outdated.discard(user.user_id)
        self._replace(user, replace(user, assignment=update.assignment), update.assignment.assigned_at, cause)
        return True

    def _replace(self, before: StoredUser | None, after: StoredUser, at: datetime, cause: ChangeCause) -> None:
        self._users[after.user_id] = after
        old = before.assignment if before else None
        self.feed.record(UserChange(after.user_id, at, cause, old, after.assignment))

    def _mark_outdated(
        self, user_id: str, assignment: StoredAssignment | None, at: datetime
    ) -> StoredAssignment | None:
        """The assignment until the user is assigned anew."""
        if assignment is None:
            self._outdated.add(user_id)
            return None
        return StoredAssignment(persona_id=assignment.persona_id, model_version=OUTDATED, assigned_at=at)

    def _count_recipients(self, user_id: str, at: datetime) -> None:
        """Count a user's recipients anew, and mark the assignment as outdated."""
        user = self._users.get(user_id) or _empty_user(user_id, at)
        assignment = user.assignment
        if assignment is not None:
            assignment = replace(assignment, model_version=OUTDATED, manual=False, chosen_persona_id=None)
        elif not user.opted_out:
            self._outdated.add(user_id)
        self._users[user_id] = replace(
            user,
            revision=user.revision + 1,
            profile_updated_at=at,
            assignment=assignment,
            recipient_count=len(self._recipients[user_id]),
        )

    def _remove_empty(self, user_id: str, at: datetime) -> None:
        """Remove a user of whom nothing is left."""
        user = self._users[user_id]
        if user.profile_json is None and not user.recipient_count and not user.opted_out:
            self.remove(user_id, at, ChangeCause.PROFILE_CHANGED)

    def _users_after(self, user_id: str, limit: int) -> list[StoredUser]:
        with self._lock:
            ids = sorted(self._users)
            start = bisect_right(ids, user_id)
            return [self._users[next_id] for next_id in ids[start : start + limit]]


def _empty_user(user_id: str, at: datetime) -> StoredUser:
    """A user before anything is written of them."""
    return StoredUser(user_id=user_id, profile_json=None, revision=0, profile_updated_at=at, assignment=None)
