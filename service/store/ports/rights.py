"""Erasure of users, and what keeps them from coming back."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol


class RightsStore(Protocol):
    """Erasure. Every method is one transaction and may raise `StoreUnavailable`."""

    def erase(self, user_id: str, at: datetime, notice: bool = True) -> bool:
        """Remove a user with recipients, history and feed entries; whether anything was stored.

        Leaves a tombstone, a keyed hash of the id (HMAC-SHA-256, RFC 2104): every later write of that id raises
        `UserErased`. `notice`: enter the erasure in the feed, with the id, so that those who follow it erase, too.
        A second call leaves that notice as it is; without `notice` it is removed.
        """

    def erased(self, user_ids: Sequence[str]) -> set[str]:
        """Those of these ids (at most 1,000) that have a tombstone."""

    def remove_tombstone(self, user_id: str) -> bool:
        """Let an erased user come back; whether there was a tombstone."""

    def subject(self, user_id: str) -> str:
        """The keyed hash of an id, by which an audit trail can name a user who is erased."""

    def remove_untouched(self, seconds: float, limit: int, at: datetime, notice: bool = True) -> int:
        """Remove users whose profile and recipients were last written longer ago than that; how many.

        At most `limit`, the oldest first, as `erase` does, but without tombstones: who is written again comes
        back. Of a user who has opted out the objection stays, and nothing else. Users who are being written are
        left out.
        """

    def remove_notices(self, seconds: float, limit: int) -> int:
        """Remove up to `limit` notices of erasures that are older than that; how many."""
