"""Changes of users' personas, and the texts that people write over those of training."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class ChangeCause(StrEnum):
    """Why a user's persona changed."""

    PROFILE_CHANGED = "PROFILE_CHANGED"
    MODEL_CHANGED = "MODEL_CHANGED"
    MANUAL = "MANUAL"
    OPTED_OUT = "OPTED_OUT"
    ERASED = "ERASED"
    # What was there when counting began.
    BASELINE = "BASELINE"


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonaChange:
    """One change of one user's persona; None is no persona. `id` increases in the order of commits.

    Model versions are "" beside no persona.
    """

    id: int
    user_id: str
    changed_at: datetime
    cause: ChangeCause
    from_persona_id: str | None
    to_persona_id: str | None
    from_model_version: str
    to_model_version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonaOverride:
    """The texts that people wrote for a persona; None where training's text stands. `revision` counts from 1."""

    persona_id: str
    name: str | None
    sentence: str | None
    note: str | None
    revision: int
    edited_at: datetime
    edited_by: str


Overrides = Mapping[str, PersonaOverride]


class PersonaStore(Protocol):
    """Persona changes and overrides. Every method is one transaction and may raise `StoreUnavailable`.

    Changes are recorded by the `UserStore` of the same store, in the transaction that makes them.
    """

    def changes(self, user_id: str, limit: int, before: int | None = None) -> list[PersonaChange]:
        """A user's changes, the latest first; with `before`, only those with a smaller id."""

    def remove_changes(self, seconds: float, limit: int) -> int:
        """Remove changes that were made longer ago than that, the oldest first; how many.

        At most `limit`, and fewer where others, recorded earlier, are younger by the time of their worker. The
        latest of all stays, so that ids never begin anew.
        """

    def overrides(self) -> dict[str, PersonaOverride]:
        """All overrides, by persona id."""

    def change_override(
        self, change: Callable[[Mapping[str, PersonaOverride]], PersonaOverride]
    ) -> dict[str, PersonaOverride]:
        """Store the override that `change` makes of all stored ones, by persona id; all of them afterwards.

        Changes are made one after the other, in one transaction each: `change` sees every override stored before
        its own. What it raises is raised here, and nothing is stored. It must not call the store.
        """
