"""The part of `MemoryStore` that `service.store.ports.upkeep` is about."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from threading import RLock
from typing import Any

from service.store.ports.store import StoredUser
from service.store.ports.upkeep import ChangeCause, KeptAnswer, Lease, PersonaChange, PersonaEdit, Tally


@dataclass
class MemoryUpkeep:
    """Users with their changes; edits, leases and answers."""

    _users: dict[str, StoredUser] = field(default_factory=dict, init=False, repr=False)
    _changes: list[PersonaChange] = field(default_factory=list, init=False, repr=False)
    _edits: dict[str, PersonaEdit] = field(default_factory=dict, init=False, repr=False)
    _leases: dict[str, Lease] = field(default_factory=dict, init=False, repr=False)
    _keys: dict[str, tuple[datetime, KeptAnswer]] = field(default_factory=dict, init=False, repr=False)
    _lock: RLock = field(default_factory=RLock, init=False, repr=False)

    def list_changes(self, user_id: str, limit: int, before: int | None = None) -> list[PersonaChange]:
        """See `UpkeepStore`."""
        with self._lock:
            own = [change for change in reversed(self._changes) if change.user_id == user_id]
        return [change for change in own if before is None or change.id < before][:limit]

    def tally(self, model_version: str) -> dict[str, Tally]:
        """See `UpkeepStore`."""
        tallies: dict[str, Tally] = {}
        with self._lock:
            kept = [user.assignment for user in self._users.values() if user.assignment]
        for each in kept:
            if each.model_version == model_version:
                so_far = tallies.get(each.persona_id, Tally(0, 0, 0))
                tallies[each.persona_id] = Tally(
                    so_far.users + 1,
                    so_far.told_values + each.told_values,
                    so_far.unknown_values + each.unknown_values,
                )
        return tallies

    def get_edits(self) -> dict[str, PersonaEdit]:
        """See `UpkeepStore`."""
        with self._lock:
            return dict(self._edits)

    def put_edit(self, edit: PersonaEdit) -> bool:
        """See `UpkeepStore`."""
        with self._lock:
            known = self._edits.get(edit.persona_id)
            if edit.revision != (known.revision + 1 if known else 1):
                return False
            self._edits[edit.persona_id] = edit
            return True

    def take_lease(self, name: str, owner: str, now: datetime, until: datetime) -> Lease | None:
        """See `UpkeepStore`."""
        with self._lock:
            known = self._leases.get(name)
            if known and known.owner != owner and known.expires_at >= now:
                return None
            self._leases[name] = Lease(name, owner, until, known.state if known else {})
            return self._leases[name]

    def keep_state(self, name: str, owner: str, state: Mapping[str, Any]) -> bool:
        """See `UpkeepStore`."""
        with self._lock:
            known = self._leases.get(name)
            if known is None or known.owner != owner:
                return False
            self._leases[name] = replace(known, state=json.loads(json.dumps(dict(state))))
            return True

    def claim_key(
        self, key: str, digest: str, at: datetime, expired_before: datetime, abandoned_before: datetime
    ) -> KeptAnswer | None:
        """See `UpkeepStore`."""
        with self._lock:
            self._keys = {
                name: (since, kept)
                for name, (since, kept) in self._keys.items()
                if since >= (abandoned_before if kept.status is None else expired_before)
                and since >= expired_before
            }
            if key in self._keys:
                return self._keys[key][1]
            self._keys[key] = (at, KeptAnswer(digest))
            return None

    def answer_key(self, key: str, status: int, headers: Mapping[str, str], body: str) -> None:
        """See `UpkeepStore`."""
        with self._lock:
            if key in self._keys:
                at, claimed = self._keys[key]
                self._keys[key] = (at, KeptAnswer(claimed.digest, status, dict(headers), body))

    def release_key(self, key: str) -> None:
        """See `UpkeepStore`."""
        with self._lock:
            self._keys.pop(key, None)

    def _record_change(
        self, before: StoredUser | None, after: StoredUser, at: datetime, cause: ChangeCause
    ) -> None:
        old, new = before and before.assignment, after.assignment
        if old and new and old.persona_id != new.persona_id:
            self._changes.append(
                PersonaChange(
                    len(self._changes) + 1,
                    after.user_id,
                    at,
                    cause,
                    old.persona_id,
                    new.persona_id,
                    old.model_version,
                    new.model_version,
                )
            )
