"""Stored profiles of users and their assignments."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol

from service.store.ports.personas import ChangeCause


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredAssignment:
    """The persona that one model assigned to a stored profile, or that a person chose (`manual`).

    `answered_count`: values of open fields in the profile; `unknown_count`: those outside the model's vocabulary.
    `confidence` belongs to `persona_id`, also where a person chose it. `runner_up_id`, `margin`, `settled` and
    `typicality` are the model's own result, as in `models.segment_model.Assignment`, and None beside a persona
    that a person chose. `chosen_persona_id` is what a person chose for this profile, also while the model does not
    have that persona and `persona_id` is the model's own.
    """

    persona_id: str
    model_version: str
    assigned_at: datetime
    manual: bool = False
    answered_count: int = 0
    unknown_count: int = 0
    confidence: float | None = None
    runner_up_id: str | None = None
    margin: float | None = None
    settled: float | None = None
    typicality: float | None = None
    chosen_persona_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredUser:
    """A user's profile as sent (JSON text), and its latest assignment; None while no model was active.

    `revision` counts the writes of the profile, from 1.
    """

    user_id: str
    profile_json: str
    revision: int
    profile_updated_at: datetime
    assignment: StoredAssignment | None


class AssignedUser(NamedTuple):
    """A `StoredUser` without its profile, which is most of it; for the fields see `StoredAssignment`.

    Without an assignment every field from `persona_id` on is None or False. A tuple, because the recommender
    reads thousands of them.
    """

    user_id: str
    revision: int
    profile_updated_at: datetime
    persona_id: str | None = None
    model_version: str | None = None
    assigned_at: datetime | None = None
    confidence: float | None = None
    runner_up_id: str | None = None
    margin: float | None = None
    settled: float | None = None
    typicality: float | None = None
    manual: bool = False


@dataclass(frozen=True, slots=True)
class AssignmentUpdate:
    """A newer assignment for the profile of that revision; void once the profile has changed."""

    user_id: str
    revision: int
    assignment: StoredAssignment


@dataclass(frozen=True, slots=True)
class AssignmentTally:
    """The number of users of one persona, and the sums of their answered and unknown values."""

    users: int
    answered_count: int
    unknown_count: int


class UserStore(Protocol):
    """Users, by id. Every method is one transaction and may raise `StoreUnavailable`."""

    def put(
        self, user_id: str, profile_json: str, at: datetime, assignment: StoredAssignment | None
    ) -> StoredUser:
        """Create or replace a user's profile; the revision goes up by one (1 for a new user).

        The new assignment replaces the old one, also if it is None. If both name a persona and the two differ,
        the change is recorded as `PROFILE_CHANGED`. Raises `NotStorable`.
        """

    def submit(
        self, user_id: str, profile_json: str, at: datetime, assignment: StoredAssignment | None
    ) -> Future[StoredUser]:
        """`put` for an event loop: returns at once; the future completes when the write is durable or has failed.

        A future that is cancelled before its write begins prevents the write. Writes submitted by one thread
        happen in that order. Raises `NotStorable`.
        """

    def get(self, user_id: str) -> StoredUser | None:
        """One user; None if there is none of that id."""

    def get_many(self, user_ids: Sequence[str]) -> dict[str, StoredUser]:
        """The users that exist among these ids (at most 1,000), by id."""

    def assignments(self, user_ids: Sequence[str]) -> dict[str, AssignedUser]:
        """The users that exist among these ids (at most 1,000), by id, without their profiles."""

    def assignments_nowait(self, user_ids: Sequence[str]) -> dict[str, AssignedUser]:
        """`assignments` for an event loop: never blocks.

        Serves one thread, the first that calls it. Raises `WouldBlock` in every other thread, while the database
        is locked, and in a store behind a network; call `assignments` in a thread then. Holds no lock or
        transaction between two calls.
        """

    def update_assignments(
        self, updates: Sequence[AssignmentUpdate], cause: ChangeCause = ChangeCause.MODEL_CHANGED
    ) -> int:
        """Store newer assignments where the revision still matches; the number of users updated. All or none.

        Of several updates for one user the last counts. If the persona differs from the stored one, the change is
        recorded with the cause.
        """

    def stale(self, model_version: str, after: str, limit: int) -> list[StoredUser]:
        """Users with an id after that one, in order, whose assignment is by another model or missing."""

    def iterate(self, batch_size: int) -> Iterator[list[StoredUser]]:
        """All users ordered by id (code points), in batches, each read in its own transaction.

        A user written meanwhile is included if its id is after the last one read.
        """

    def count(self) -> int:
        """The number of users."""

    def tally(self, model_version: str) -> dict[str, AssignmentTally]:
        """The users assigned by that model, by persona."""


def as_summary(user: StoredUser) -> AssignedUser:
    """The same user without the profile."""
    if user.assignment is None:
        return AssignedUser(user.user_id, user.revision, user.profile_updated_at)
    return AssignedUser(
        user_id=user.user_id,
        revision=user.revision,
        profile_updated_at=user.profile_updated_at,
        persona_id=user.assignment.persona_id,
        model_version=user.assignment.model_version,
        assigned_at=user.assignment.assigned_at,
        confidence=user.assignment.confidence,
        runner_up_id=user.assignment.runner_up_id,
        margin=user.assignment.margin,
        settled=user.assignment.settled,
        typicality=user.assignment.typicality,
        manual=user.assignment.manual,
    )


def in_batches(users_after: Callable[[str, int], list[StoredUser]], batch_size: int) -> Iterator[list[StoredUser]]:
    """All users by id in batches, given a function that reads at most so many after an id."""
    batch = users_after("", batch_size)
    while batch:
        yield batch
        batch = users_after(batch[-1].user_id, batch_size)
