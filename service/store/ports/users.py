"""Stored profiles of users and their assignments."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, Protocol

from service.store.ports.errors import StoreError
from service.store.ports.personas import ChangeCause


class Basis(StrEnum):
    """What a persona was assigned by: the user's own profile, their recipients (with the own profile, if any), or
    no usable answer at all.
    """

    OWN_PROFILE = "OWN_PROFILE"
    RECIPIENTS = "RECIPIENTS"
    FALLBACK = "FALLBACK"


class UserErased(StoreError):
    """The user was erased, and stays so until the tombstone is removed."""

    def __init__(self) -> None:
        super().__init__(
            "This user was erased, so that nothing brings them back by mistake. If they have come back, "
            "DELETE /users/{user_id}/tombstone first."
        )


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
    basis: Basis | None = None


# The model version of an assignment that is older than the user's profile or recipients.
OUTDATED = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredUser:
    """A user's own profile as sent (JSON text), and the user's latest assignment; None while no model was active.

    `profile_json` is None for a user who has recipients alone, or an objection alone. `revision` counts the writes
    of the profile and of recipients, from 1. `assignment.model_version` is `OUTDATED` until a user with recipients
    is assigned anew. A user who has `opted_out` has no assignment.
    """

    user_id: str
    profile_json: str | None
    revision: int
    profile_updated_at: datetime
    assignment: StoredAssignment | None
    recipient_count: int = 0
    opted_out: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRecipient:
    """Somebody that a user gives to, with the profile as sent (JSON text). `revision` counts writes, from 1."""

    user_id: str
    recipient_id: str
    profile_json: str
    revision: int
    profile_updated_at: datetime


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
    basis: Basis | None = None
    recipient_count: int = 0
    opted_out: bool = False


@dataclass(frozen=True, slots=True)
class AssignmentUpdate:
    """A newer assignment for the profile of that revision; void once the profile has changed.

    A model's is void also once a person has chosen another persona, or released one: choices leave the revision as
    it is.
    """

    user_id: str
    revision: int
    assignment: StoredAssignment

    def is_void(self, revision: int, chosen_persona_id: str | None, cause: ChangeCause) -> bool:
        """Whether it is void for a user as stored, who has that revision and that choice of a person."""
        by_person = cause is ChangeCause.MANUAL
        return revision != self.revision or not (
            by_person or chosen_persona_id == self.assignment.chosen_persona_id
        )


@dataclass(frozen=True, slots=True)
class AssignmentTally:
    """The number of users of one persona, and the sums of their answered and unknown values."""

    users: int
    answered_count: int
    unknown_count: int


# Of one user: every assignment of the user computes them all.
MAX_RECIPIENTS = 200


class TooManyRecipients(StoreError):
    """A user has as many recipients as one may have."""

    def __init__(self) -> None:
        super().__init__(f"This user has {MAX_RECIPIENTS} recipients, the most that one may have: remove one.")


class UserStore(Protocol):
    """Users, by id. Every method is one transaction and may raise `StoreUnavailable`."""

    def put(
        self, user_id: str, profile_json: str, at: datetime, assignment: StoredAssignment | None
    ) -> StoredUser:
        """Create or replace a user's profile; the revision goes up by one (1 for a new user).

        The new assignment replaces the old one, also if it is None. If the two differ in their persona, the change
        is recorded as `PROFILE_CHANGED`. A user who has recipients keeps the persona, and the assignment is
        `OUTDATED`; a user who has opted out gets none. Raises `NotStorable` or `UserErased`.
        """

    def put_many(self, writes: Sequence[StoredUser]) -> list[StoredUser | UserErased]:
        """`put` of many users in one transaction; their revisions and assignments as stored, in that order.

        Of `writes` the id, the profile, its time and the assignment count. A user may be written several times.
        Raises `NotStorable`, and then nothing is stored.
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

    def assignments_after(self, user_id: str, limit: int) -> list[AssignedUser]:
        """Users with an id after that one, ordered by id (code points), without their profiles."""

    def update_assignments(
        self,
        updates: Sequence[AssignmentUpdate],
        cause: ChangeCause = ChangeCause.MODEL_CHANGED,
        seconds: float | None = None,
    ) -> int:
        """Store newer assignments, but void ones; the number of users updated. All or none.

        Of several updates for one user the last counts. If the persona differs from the stored one, the change is
        recorded with the cause. `seconds`: how long it may wait for other writers, less than usual.
        """

    def stale(self, model_version: str, after: str, limit: int) -> list[StoredUser]:
        """Users with an id after that one, in order, whose assignment is outdated, by another model or missing.

        Without those who have opted out.
        """

    def members(self, persona_id: str, after: str, limit: int) -> list[StoredUser]:
        """Users of a persona with an id after that one, in order of their ids (code points)."""

    def put_recipient(self, user_id: str, recipient_id: str, profile_json: str, at: datetime) -> StoredRecipient:
        """Create or replace a recipient's profile; the user is created if there is none.

        The user's revision goes up by one, and the assignment becomes `OUTDATED`. Raises `NotStorable`,
        `UserErased` or `TooManyRecipients`.
        """

    def remove_recipient(self, user_id: str, recipient_id: str, at: datetime) -> bool:
        """Remove a recipient; whether there was one. A user of whom nothing is left is removed."""

    def recipients(self, user_ids: Sequence[str]) -> dict[str, list[StoredRecipient]]:
        """The recipients of these users (at most 1,000) in order of their ids, by user id; only who has any."""

    def opt_out(self, user_id: str, at: datetime) -> bool:
        """Record a user's objection: no assignment from now on; whether it is new. Recorded also of a stranger."""

    def opt_in(self, user_id: str, at: datetime) -> bool:
        """Withdraw an objection; whether there was one. A user of whom nothing is left is removed."""

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
        return AssignedUser(
            user_id=user.user_id,
            revision=user.revision,
            profile_updated_at=user.profile_updated_at,
            recipient_count=user.recipient_count,
            opted_out=user.opted_out,
        )
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
        basis=user.assignment.basis,
        recipient_count=user.recipient_count,
        opted_out=user.opted_out,
    )


def in_batches(users_after: Callable[[str, int], list[StoredUser]], batch_size: int) -> Iterator[list[StoredUser]]:
    """All users by id in batches, given a function that reads at most so many after an id."""
    batch = users_after("", batch_size)
    while batch:
        yield batch
        batch = users_after(batch[-1].user_id, batch_size)
