"""The audit trail: who did what that others may have to answer for.

An entry is written right after the act, in a transaction of its own: acts are of many kinds, one of them a file
(activations), and none is undone because the trail could not be written. Then the log has the entry instead, as
an error. An actor is the name of a key, or who ran a command; a user is the keyed hash of the id, so that the
trail does not hold who was erased (`RightsStore.subject`).
"""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from models.storage.registry import Activation
from service.paging import Page, cursor_number, decode_cursor
from service.store.ports.audit import AuditEntry, AuditStore
from service.store.ports.errors import StoreError
from service.store.ports.store import Store

log = logging.getLogger("service.audit")

COMMAND_LINE = "command line"
RETENTION = "retention"


class Action(StrEnum):
    """What was done, and in brackets what it was done to."""

    # A user, by the keyed hash of the id.
    USER_READ = "users.read"
    USER_EXPORTED = "users.export"
    USER_ERASED = "users.erase"
    TOMBSTONE_REMOVED = "users.tombstone.remove"
    USER_OPTED_OUT = "users.objection.record"
    USER_OPTED_IN = "users.objection.withdraw"
    # Many users: a persona's id for members, else nothing.
    USERS_EXPORTED = "users.export_all"
    MEMBERS_EXPORTED = "users.export_members"
    USERS_IMPORTED = "users.import"
    USERS_EXPIRED = "users.expire"
    # A persona's id, a model's version, a job's id, a key's prefix.
    PERSONA_EDITED = "personas.edit"
    MODEL_ACTIVATED = "models.activate"
    RETRAIN_STARTED = "models.retrain"
    KEY_MADE = "keys.create"
    KEY_ROTATED = "keys.rotate"
    KEY_REVOKED = "keys.revoke"


@dataclass(frozen=True, slots=True)
class AuditPage(Page[AuditEntry]):
    """A page of the audit trail, the latest first."""

    items: tuple[AuditEntry, ...]


def record(store: Store, actor: str, action: Action, subject: str = "", **details: object) -> None:
    """Append an entry; never raises for the store.

    `details`: counts and choices as JSON has them, never a user's id or a value of a profile.
    """
    entry = AuditEntry(at=datetime.now(UTC), actor=actor, action=action, subject=subject, details=details)
    try:
        store.audit.record(entry)
    except StoreError as error:
        _log_failure(entry, error)


def record_of_user(store: Store, actor: str, action: Action, user_id: str, **details: object) -> None:
    """Append an entry about a user, without the id; never raises for the store."""
    try:
        subject = store.rights.subject(user_id)
    except StoreError as error:
        _log_failure(AuditEntry(at=datetime.now(UTC), actor=actor, action=action, details=details), error)
    else:
        record(store, actor, action, subject, **details)


def record_activation(store: Store, activation: Activation) -> None:
    """Append an entry about an activation, a rollback included."""
    record(store, activation.by, Action.MODEL_ACTIVATED, activation.version, previous=activation.previous)


def list_entries(audit: AuditStore, limit: int, cursor: str | None) -> AuditPage:
    """A page of the audit trail. Raises `UnusableCursor`."""
    before = None if cursor is None else cursor_number(*decode_cursor(cursor, 1))
    return AuditPage.cut(audit.latest(limit + 1, before), limit, lambda entry: (str(entry.id),))


def _log_failure(entry: AuditEntry, error: StoreError) -> None:
    fields = {"by": entry.actor, "action": entry.action, "subject": entry.subject, "details": dict(entry.details)}
    log.error("an entry of the audit trail could not be written: %s", error, extra={"fields": fields})
