"""The history of users and the feed of changes in a list, and the counts that go with them."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from threading import RLock
from typing import NamedTuple

from service.store.memory.clock import Clock, process_clock
from service.store.ports.feed import FeedEntry, Movement, PairCount
from service.store.ports.personas import ChangeCause, PersonaChange
from service.store.ports.users import StoredAssignment, StoredUser


class UserChange(NamedTuple):
    """What a write made of a user's assignment, whose persona may be the same."""

    user_id: str
    at: datetime
    cause: ChangeCause
    before: StoredAssignment | None
    after: StoredAssignment | None


class _State(NamedTuple):
    persona_id: str | None
    model_version: str


_Pair = tuple[_State, _State]


@dataclass
class MemoryFeed:
    """A `FeedStore` that is not durable. `users`: those stored, by id."""

    clock: Clock = process_clock
    users: dict[str, StoredUser] = field(default_factory=dict)
    lock: RLock = field(default_factory=RLock, repr=False)
    _rows: list[FeedEntry] = field(default_factory=list, init=False, repr=False)
    _last_id: int = field(default=0, init=False)
    _removed_through: int = field(default=0, init=False)
    _counts: Counter[str] = field(default_factory=Counter, init=False, repr=False)
    _movements: Counter[tuple[date, ChangeCause, _Pair]] = field(default_factory=Counter, init=False, repr=False)
    _by_model: Counter[_Pair] = field(default_factory=Counter, init=False, repr=False)

    def entries(self, after: int | None, limit: int) -> Sequence[FeedEntry] | None:
        """See `FeedStore`."""
        with self.lock:
            if after is not None and after < self._removed_through:
                return None
            return [row for row in self._rows if row.id > (after or 0) and _is_in_feed(row)][:limit]

    def latest(self) -> int:
        """See `FeedStore`."""
        with self.lock:
            return max([self._removed_through, *(row.id for row in self._rows if _is_in_feed(row))])

    def record_model_change(self, at: datetime) -> int:
        """See `FeedStore`."""
        with self.lock:
            by_models: dict[tuple[str, str], list[PairCount]] = {}
            for (before, after), users in self._by_model.items():
                models = before.model_version, after.model_version
                pair = PairCount(before.persona_id, after.persona_id, users)
                by_models.setdefault(models, []).append(pair)
            self._by_model.clear()
            for models in sorted(by_models):
                counts = sorted(by_models[models], key=_by_personas)

                self._append(
                    FeedEntry(
                        id=0,
                        at=at,
                        cause=ChangeCause.MODEL_CHANGED,
                        from_model_version=models[0],
                        to_model_version=models[1],
                        counts=tuple(counts),
                    )
                )
            return len(by_models)

    def users_by_persona(self) -> Mapping[str, int]:
        """See `FeedStore`."""
        with self.lock:
            return {persona_id: users for persona_id, users in self._counts.items() if users > 0}

    def movements(self, first: date, last: date) -> list[Movement]:
        """See `FeedStore`."""
        with self.lock:
            movements = [
                Movement(
                    day=day,
                    cause=cause,
                    from_persona_id=before.persona_id,
                    to_persona_id=after.persona_id,
                    from_model_version=before.model_version,
                    to_model_version=after.model_version,
                    users=users,
                )
                for (day, cause, (before, after)), users in self._movements.items()
                if first <= day <= last
            ]
        return sorted(movements, key=_order)

    def sizes(self, day: date) -> Mapping[str, int]:
        """See `FeedStore`."""
        sizes: Counter[str] = Counter()
        for movement in self.movements(date.min, day):
            sizes[movement.to_persona_id or ""] += movement.users
            sizes[movement.from_persona_id or ""] -= movement.users
        return {persona_id: users for persona_id, users in sizes.items() if persona_id and users}

    def counted_from_scratch(self) -> Mapping[str, int]:
        """See `FeedStore`."""
        with self.lock:
            return Counter(user.assignment.persona_id for user in self.users.values() if user.assignment)

    def record(self, change: UserChange) -> None:
        """Record a change in the history, the feed and the counts."""
        before, after = _state(change.before), _state(change.after)
        if change.cause is ChangeCause.MODEL_CHANGED and before != after:
            self._by_model[before, after] += 1
        if before.persona_id == after.persona_id:
            return
        if before.persona_id is not None:
            self._counts[before.persona_id] -= 1
        if after.persona_id is not None:
            self._counts[after.persona_id] += 1
        self._movements[change.at.astimezone(UTC).date(), change.cause, (before, after)] += 1
        self._append(
            FeedEntry(
                id=0,
                at=change.at,
                cause=change.cause,
                from_model_version=before.model_version,
                to_model_version=after.model_version,
                user_id=change.user_id,
                from_persona_id=before.persona_id,
                to_persona_id=after.persona_id,
            )
        )

    def history(self, user_id: str) -> list[PersonaChange]:
        """A user's changes, the latest first."""
        with self.lock:
            own = [row for row in reversed(self._rows) if row.user_id == user_id]
        return [
            PersonaChange(
                id=row.id,
                user_id=user_id,
                changed_at=row.at,
                cause=row.cause,
                from_persona_id=row.from_persona_id,
                to_persona_id=row.to_persona_id,
                from_model_version=row.from_model_version,
                to_model_version=row.to_model_version,
            )
            for row in own
        ]

    def forget(self, user_id: str) -> None:
        """Remove all rows of a user."""
        self._rows = [row for row in self._rows if row.user_id != user_id]

    def add_notice(self, user_id: str, at: datetime) -> None:
        """Enter the erasure of a user."""
        cause = ChangeCause.ERASED
        self._append(
            FeedEntry(id=0, at=at, cause=cause, from_model_version="", to_model_version="", user_id=user_id)
        )

    def remove_old(self, seconds: float, limit: int) -> int:
        """See `PersonaStore.remove_changes`."""
        return self._remove([row.id for row in self._rows[:-1][:limit] if self._is_old(row, seconds)])

    def remove_notices(self, seconds: float, limit: int) -> int:
        """See `RightsStore`."""
        notices = [row for row in self._rows if row.cause is ChangeCause.ERASED and self._is_old(row, seconds)]
        return self._remove([row.id for row in sorted(notices, key=lambda row: row.at)[:limit]])

    def _is_old(self, row: FeedEntry, seconds: float) -> bool:
        return row.at < self.clock() - timedelta(seconds=seconds)

    def _remove(self, ids: Collection[int]) -> int:
        with self.lock:
            removed = [row for row in self._rows if row.id in ids]
            self._rows = [row for row in self._rows if row.id not in ids]
            in_feed = [row.id for row in removed if _is_in_feed(row)]
            self._removed_through = max([self._removed_through, *in_feed])
            return len(removed)

    def _append(self, row: FeedEntry) -> None:
        self._last_id += 1
        self._rows.append(replace(row, id=self._last_id))


def _by_personas(pair: PairCount) -> tuple[str, str]:
    return pair.from_persona_id or "", pair.to_persona_id or ""


def _is_in_feed(row: FeedEntry) -> bool:
    return row.user_id is None or row.cause is not ChangeCause.MODEL_CHANGED


def _state(assignment: StoredAssignment | None) -> _State:
    return _State(None, "") if assignment is None else _State(assignment.persona_id, assignment.model_version)


def _order(movement: Movement) -> tuple[str, ...]:
    return (
        movement.day.isoformat(),
        movement.cause.value,
        movement.from_persona_id or "",
        movement.to_persona_id or "",
        movement.from_model_version,
        movement.to_model_version,
    )
