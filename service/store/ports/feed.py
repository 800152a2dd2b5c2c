"""The feed of changes, for whoever follows all users, and what it is counted by.

What a new model changes is one entry, with the number of users for each pair of personas.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from service.store.ports.personas import ChangeCause


@dataclass(frozen=True, slots=True)
class PairCount:
    """The number of users who moved from one persona to another, or stayed; None is no persona."""

    from_persona_id: str | None
    to_persona_id: str | None
    users: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedEntry:
    """A change of one user's persona, or with `counts` and without a user what a new model changed.

    `id` increases in the order of commits.
    """

    id: int
    at: datetime
    cause: ChangeCause
    from_model_version: str
    to_model_version: str
    user_id: str | None = None
    from_persona_id: str | None = None
    to_persona_id: str | None = None
    counts: tuple[PairCount, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """How many users moved between two personas on one day (UTC) for one cause; None is no persona."""

    day: date
    cause: ChangeCause
    from_model_version: str
    to_model_version: str
    from_persona_id: str | None
    to_persona_id: str | None
    users: int


class FeedStore(Protocol):
    """The feed and the counts. Every method is one transaction and may raise `StoreUnavailable`.

    The ports that write users write both, in the transactions that change personas.
    """

    def entries(self, after: int | None, limit: int) -> Sequence[FeedEntry] | None:
        """Entries with an id above that one, in order; None where some of them were removed because of their age.

        With None the oldest that are stored.

        An entry that is committed later has a higher id than every entry that was ever returned.
        """

    def latest(self) -> int:
        """The id of the latest entry; 0 before the first."""

    def record_model_change(self, at: datetime) -> int:
        """Enter what reassignments have changed since the last call, one entry a pair of models; how many."""

    def users_by_persona(self) -> Mapping[str, int]:
        """The number of stored users by persona id, counted as users are written: no scan."""

    def movements(self, first: date, last: date) -> list[Movement]:
        """All movements from the first to the last day, in order of days."""

    def sizes(self, day: date) -> Mapping[str, int]:
        """The number of users by persona id at the end of a day (UTC), as all movements up to it add up."""

    def counted_from_scratch(self) -> Mapping[str, int]:
        """`users_by_persona` by a scan of all users, for tests and repairs."""
