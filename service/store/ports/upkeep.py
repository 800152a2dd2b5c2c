"""What is kept beside users and jobs: changes of personas, edits of personas, leases, and answers to repeat.

Every method is one transaction, as in `service.store.ports.store`, whose `Store` has these, too.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol


class ChangeCause(StrEnum):
    """Why a user's persona is another one now."""

    PROFILE_CHANGED = "PROFILE_CHANGED"
    MODEL_CHANGED = "MODEL_CHANGED"
    MANUAL = "MANUAL"


@dataclass(frozen=True, slots=True)
class PersonaChange:
    """One change of one user's persona. `id` counts up within a store."""

    id: int
    user_id: str
    changed_at: datetime
    cause: ChangeCause
    from_persona_id: str
    to_persona_id: str
    from_model_version: str
    to_model_version: str


@dataclass(frozen=True, slots=True)
class PersonaEdit:
    """What a person wrote of a persona; None where what training made of it stands. `revision` counts from 1."""

    persona_id: str
    name: str | None
    sentence: str | None
    note: str | None
    revision: int
    edited_at: datetime
    edited_by: str


@dataclass(frozen=True, slots=True)
class Tally:
    """Users of one persona, the values that they told, and how many of those the model does not know."""

    users: int
    told_values: int
    unknown_values: int


@dataclass(frozen=True, slots=True)
class Lease:
    """Work that one process at a time does. `state` is what it needs to go on where another stopped."""

    name: str
    owner: str
    expires_at: datetime
    state: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """What was asked under an idempotency key, as a digest, and the answer; `status` None while it is awaited."""

    digest: str
    status: int | None = None
    headers: Mapping[str, str] | None = None
    body: str | None = None


class UpkeepStore(Protocol):
    """The part of `Store` that this module is about. Every method may raise `StoreUnavailable`."""

    def list_changes(self, user_id: str, limit: int, before: int | None = None) -> list[PersonaChange]:
        """A user's changes, the latest first; with `before`, only those with a smaller id."""

    def tally(self, model_version: str) -> dict[str, Tally]:
        """The users assigned by that model, by persona."""

    def get_edits(self) -> dict[str, PersonaEdit]:
        """Every persona's edit, by persona id."""

    def put_edit(self, edit: PersonaEdit) -> bool:
        """Keep an edit whose revision follows the one that is kept (1 for the first); whether it did."""

    def take_lease(self, name: str, owner: str, now: datetime, until: datetime) -> Lease | None:
        """Take or renew a lease that nobody else holds at `now`; None where somebody does. Its state stays."""

    def keep_state(self, name: str, owner: str, state: Mapping[str, Any]) -> bool:
        """Keep the state of a lease; whether the owner still has it."""

    def claim_key(
        self, key: str, digest: str, at: datetime, expired_before: datetime, abandoned_before: datetime
    ) -> KeptAnswer | None:
        """Claim a key: None, or what is kept under it where it is not free.

        Keys older than `expired_before`, and those without an answer older than `abandoned_before`, are free.
        """

    def answer_key(self, key: str, status: int, headers: Mapping[str, str], body: str) -> None:
        """Keep the answer to what was asked under a claimed key."""

    def release_key(self, key: str) -> None:
        """Let go of a claimed key: what was asked was not done."""
