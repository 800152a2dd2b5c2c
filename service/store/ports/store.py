"""What the service keeps, and the protocol of the places that keep it.

Every method is one transaction, committed before it returns; what it has returned is durable. Methods
may be called from several threads, and several processes may share one database. All times are aware,
UTC.

    SegmentsError
    └── StoreError
        ├── StoreUnavailable        the store does not answer; the same call may work later
        │   ├── SchemaNotCurrent    the database is not at the schema that this code expects
        │   └── WouldBlock              the store cannot answer without waiting, or not in this thread
        ├── UnusableDatabaseUrl     the URL names no database that there is a store for
        ├── NotStorable             a text that no store keeps
        ├── JobRunning              a job is queued or running already (`.job`)
        └── JobNotFound             no job of that id

An id is 1 to 200 characters, and like every text that is kept it holds neither NUL nor half of a surrogate
pair: databases refuse both. Nothing is ever found under another text, and nothing is written: `NotStorable`.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from models.errors import SegmentsError
from service.store.ports.upkeep import ChangeCause, UpkeepStore

if TYPE_CHECKING:
    from service.store.ports.keys import KeyStore

MAX_ID_LENGTH = 200
_HALF_PAIR = re.compile("[\ud800-\udfff]")


class JobStatus(StrEnum):
    """Where a job stands; the last three are its ends."""

    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen to the job."""
        return self not in (JobStatus.QUEUED, JobStatus.RUNNING)


@dataclass(frozen=True, slots=True)
class StoredAssignment:
    """The persona that one model gave to a stored profile, or that a person chose (`manual`).

    `told_values`: values of open fields in the profile; `unknown_values`: those that the model does not know.
    `confidence` is of `persona_id`, also where a person chose it; `runner_up_id`, `margin` and `typicality` are of
    the model's own answer, as `models.segment_model.Assignment` has them, and None beside a persona that is not.
    """

    persona_id: str
    model_version: str
    assigned_at: datetime
    manual: bool = False
    told_values: int = 0
    unknown_values: int = 0
    confidence: float | None = None
    runner_up_id: str | None = None
    margin: float | None = None
    typicality: float | None = None


@dataclass(frozen=True, slots=True)
class StoredUser:
    """A user's profile as sent (JSON text), and its latest assignment; none while no model was in force.

    `revision` counts the writes of the profile, from 1.
    """

    user_id: str
    profile_json: str
    revision: int
    profile_updated_at: datetime
    assignment: StoredAssignment | None


class AssignedUser(NamedTuple):
    """What is told of a user, without the profile, which is most of it. See `StoredUser` and `StoredAssignment`.

    Without an assignment all from `persona_id` on are None and False. A tuple: read by the thousand.
    """

    user_id: str
    revision: int
    profile_updated_at: datetime
    persona_id: str | None
    model_version: str | None
    assigned_at: datetime | None
    confidence: float | None
    runner_up_id: str | None
    margin: float | None
    typicality: float | None
    manual: bool


@dataclass(frozen=True, slots=True)
class AssignmentUpdate:
    """A newer assignment for the profile of that revision; void once the profile has changed."""

    user_id: str
    revision: int
    assignment: StoredAssignment


@dataclass(frozen=True, slots=True)
class Job:
    """One retrain. `owner` is the process that runs it, `heartbeat_at` its last sign of life.

    `steps`: the named steps so far, in order, each with `name`, `progress` (0–1) and `at`.
    """

    id: str
    status: JobStatus
    request: dict[str, Any]
    owner: str
    created_at: datetime
    heartbeat_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    stage: str = ""
    progress: float = 0.0
    cancel_requested: bool = False
    error: str | None = None
    result: dict[str, Any] | None = None
    steps: list[dict[str, Any]] | None = None


class StoreError(SegmentsError):
    """Something about what is kept."""


class StoreUnavailable(StoreError):
    """The store does not answer; the same call may work later."""


class SchemaNotCurrent(StoreUnavailable):
    """The database is not at the schema that this code expects: older, newer, or none."""


class WouldBlock(StoreUnavailable):
    """The store cannot answer without waiting, or not in this thread."""


class UnusableDatabaseUrl(StoreError):
    """The URL names no database that there is a store for."""


class NotStorable(StoreError):
    """A text that no store keeps."""


class JobRunning(StoreError):
    """A job is queued or running already."""

    def __init__(self, job: Job) -> None:
        super().__init__(f"Retrain {job.id} is {job.status.lower()}; only one runs at a time.")
        self.job = job


class JobNotFound(StoreError):
    """No job of that id."""

    def __init__(self, job_id: str) -> None:
        super().__init__(f"There is no retrain '{legible(job_id[:80])}'.")


def is_storable(text: str) -> bool:
    """Whether a text holds neither NUL nor half of a surrogate pair."""
    return "\0" not in text and not _HALF_PAIR.search(text)


def is_id(text: str) -> bool:
    """Whether a text can be an id."""
    return 0 < len(text) <= MAX_ID_LENGTH and is_storable(text)


def legible(text: str) -> str:
    """The text with what cannot be stored replaced by �: for words that come from another process."""
    return _HALF_PAIR.sub("\ufffd", text.replace("\0", "\ufffd"))


def require_storable(user_id: str, profile_json: str) -> None:
    """Raise `NotStorable` for an id or a profile that no store keeps."""
    if not is_id(user_id):
        raise NotStorable(
            f"A user id is 1 to {MAX_ID_LENGTH} characters, without NUL or half of a surrogate pair."
        )
    if not is_storable(profile_json):
        raise NotStorable("A profile's text holds neither NUL nor half of a surrogate pair; escape them.")


class Store(UpkeepStore, Protocol):
    """Users, jobs, what `UpkeepStore` says, and the API keys (`service.store.ports.keys`).

    Every method may raise `StoreUnavailable`.
    """

    @property
    def keys(self) -> "KeyStore":
        """The API keys, in the same place."""

    def check(self) -> None:
        """Return if the store answers and its schema is the one that this code expects.

        Raises `SchemaNotCurrent`.
        """

    def close(self) -> None:
        """Let go of connections and files."""

    def put_user(
        self, user_id: str, profile_json: str, at: datetime, assignment: StoredAssignment | None
    ) -> StoredUser:
        """Create or replace a user's profile; the revision goes up by one (1 for a new user).

        The assignment that was there goes with the profile that it was made for; where the new one names another
        persona, the change is kept with its cause. Raises `NotStorable`.
        """

    def submit_user(
        self, user_id: str, profile_json: str, at: datetime, assignment: StoredAssignment | None
    ) -> Future[StoredUser]:
        """`put_user` for an event loop: it waits for nothing, and what it gives back ends as `put_user` would.

        That is, once the write is durable, or with its error. Cancelled before it is begun with, it is not done.
        Those handed over by one thread are done in that order. Raises `NotStorable`.
        """

    def get_user(self, user_id: str) -> StoredUser | None:
        """One user; None when there is none."""

    def get_users(self, user_ids: Sequence[str]) -> dict[str, StoredUser]:
        """Those of these users (at most 1,000) that exist, by id."""

    def get_assignments(self, user_ids: Sequence[str]) -> dict[str, AssignedUser]:
        """Those of these users (at most 1,000) that exist, by id, without their profiles."""

    def get_assignments_nowait(self, user_ids: Sequence[str]) -> dict[str, AssignedUser]:
        """The same for an event loop: it waits for nobody.

        It is for one thread, the first that calls it. It may always raise `WouldBlock`, and does in any other
        thread, while something is in the way, and in a store that must wait for a network; `get_assignments` in
        a thread then says what there is. Nothing is held between two calls.
        """

    def update_assignments(
        self, updates: Sequence[AssignmentUpdate], cause: ChangeCause = ChangeCause.MODEL_CHANGED
    ) -> int:
        """Keep newer assignments where the revision still holds; of how many users. All or none on errors.

        Of several for one user the last counts. Where one names another persona, the change is kept with its
        cause.
        """

    def stale_users(self, model_version: str, after: str, limit: int) -> list[StoredUser]:
        """Users by id, those after that id, whose assignment is not that model's."""

    def iterate_users(self, batch_size: int) -> Iterator[list[StoredUser]]:
        """All users by id (in code points), in batches, each of them one transaction.

        What is written meanwhile is seen if its id is still to come.
        """

    def count_users(self) -> int:
        """How many users there are."""

    def start_job(self, job: Job) -> Job:
        """Take the one slot and keep a new job, its id never used before.

        Raises `JobRunning` with the one that has the slot.
        """

    def get_job(self, job_id: str) -> Job:
        """One job. Raises `JobNotFound`."""

    def list_jobs(self, limit: int, before: tuple[datetime, str] | None = None) -> list[Job]:
        """Jobs, newest first by (created_at, id); with `before`, only those further down than it."""

    def beat(
        self,
        job_id: str,
        owner: str,
        at: datetime,
        stage: str,
        progress: float,
        steps: Sequence[Mapping[str, Any]] = (),
    ) -> Job:
        """A sign of life from a job's owner: RUNNING from the first one on (which sets `started_at`).

        Returns the job as it now is: its owner looks there for `cancel_requested`, and for an end that
        somebody else gave it. An ended job, or another owner's, is not changed. Raises `JobNotFound`.
        """

    def finish_job(
        self,
        job_id: str,
        status: JobStatus,
        at: datetime,
        error: str | None = None,
        result: dict[str, Any] | None = None,
    ) -> Job:
        """End a job and free the slot. A job that has ended stays as it ended. Raises `JobNotFound`.

        `status` is one of the three ends.
        """

    def request_cancel(self, job_id: str) -> Job:
        """Ask a job's owner to stop it; an ended job is not changed. Raises `JobNotFound`."""

    def expire_jobs(self, beat_before: datetime, at: datetime, error: str) -> list[Job]:
        """Mark FAILED every unended job whose last sign of life is older than `beat_before`; those jobs."""


def as_summary(user: StoredUser) -> AssignedUser:
    """The same user without the profile."""
    kept, head = user.assignment, (user.user_id, user.revision, user.profile_updated_at)
    if kept is None:
        return AssignedUser(*head, None, None, None, None, None, None, None, False)
    return AssignedUser(
        *head,
        kept.persona_id,
        kept.model_version,
        kept.assigned_at,
        kept.confidence,
        kept.runner_up_id,
        kept.margin,
        kept.typicality,
        kept.manual,
    )


def in_batches(users_after: Callable[[str, int], list[StoredUser]], batch_size: int) -> Iterator[list[StoredUser]]:
    """All users by id in batches, given what reads at most so many after an id."""
    batch = users_after("", batch_size)
    while batch:
        yield batch
        batch = users_after(batch[-1].user_id, batch_size)
