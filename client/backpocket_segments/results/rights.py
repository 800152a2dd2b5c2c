"""Objections, and the audit trail."""

# The service's own fields, which this distribution cannot import.
# pylint: disable=duplicate-code

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Objection:
    """Whether a user objected to being given a persona, and when that took the persona away."""

    user_id: str
    opted_out: bool
    since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One action of the `actor`, which is a key's name; a user as its `subject` is a keyed hash of the id."""

    at: datetime
    actor: str
    action: str
    subject: str = ""
    details: Mapping[str, Any]
    id: int = 0


@dataclass(frozen=True, slots=True)
class AuditPage:
    """A page of the audit trail, the latest first."""

    items: tuple[AuditEntry, ...]
    next_cursor: str | None
