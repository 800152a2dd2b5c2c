"""Erasure of users in memory; a tombstone is a keyed hash here, too."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from service.store.memory.users import MemoryUsers
from service.store.ports.personas import ChangeCause
from service.store.ports.texts import is_id, require_storable


@dataclass
class MemoryRights:
    """A `RightsStore` that is not durable."""

    users: MemoryUsers

    def erase(self, user_id: str, at: datetime, notice: bool = True) -> bool:
        """See `RightsStore`."""
        require_storable(user_id, "")
        with self.users.feed.lock:
            self.users.tombstones.add(user_id)
            was_stored = self._remove(user_id, at, notice)
            if not was_stored and not notice:
                self.users.feed.forget(user_id)
            return was_stored

    def erased(self, user_ids: Sequence[str]) -> set[str]:
        """See `RightsStore`."""
        return {user_id for user_id in user_ids if is_id(user_id) and user_id in self.users.tombstones}

    def remove_tombstone(self, user_id: str) -> bool:
        """See `RightsStore`."""
        return is_id(user_id) and self.users.tombstones.discard(user_id)

    def subject(self, user_id: str) -> str:
        """See `RightsStore`."""
        return self.users.tombstones.hash_of(user_id)

    def remove_untouched(self, seconds: float, limit: int, at: datetime, notice: bool = True) -> int:
        """See `RightsStore`."""
        before = self.users.feed.clock() - timedelta(seconds=seconds)
        with self.users.feed.lock:
            old = [
                user
                for user in self.users.feed.users.values()
                if user.profile_updated_at < before
                and not (user.opted_out and user.profile_json is None and not user.recipient_count)
            ]
            oldest = sorted(old, key=lambda user: user.profile_updated_at)[:limit]
            for user in sorted(oldest, key=lambda user: user.user_id):
                self._remove(user.user_id, at, notice)
                if user.opted_out:
                    self.users.keep_objection(user)
            return len(oldest)

    def remove_notices(self, seconds: float, limit: int) -> int:
        """See `RightsStore`."""
        with self.users.feed.lock:
            return self.users.feed.remove_notices(seconds, limit)

    def _remove(self, user_id: str, at: datetime, notice: bool) -> bool:
        """Remove what is stored of a user, and leave one notice of it; whether anything was stored."""
        was_stored = any(change.cause is not ChangeCause.ERASED for change in self.users.feed.history(user_id))
        was_stored = self.users.remove(user_id, at, ChangeCause.ERASED) or was_stored
        if was_stored:
            self.users.feed.forget(user_id)
            if notice:
                self.users.feed.add_notice(user_id, at)
        return was_stored
