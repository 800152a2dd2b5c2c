"""Use cases: the sizes of personas day by day, and who moved between which.

Days are UTC. Both add up what was counted as users were written: no user is read.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Annotated

from pydantic import Field

from models.errors import SegmentsError
from service.store.ports.feed import FeedStore, Movement
from service.store.ports.personas import ChangeCause

MAX_DAYS = 1_100
DEFAULT_DAYS = 30

_CAUSES = (
    "`PROFILE_CHANGED`, `MODEL_CHANGED`, `MANUAL`, `OPTED_OUT`, `ERASED`; `BASELINE`: who was there when counting "
    "began"
)


class UnusablePeriod(SegmentsError):
    """The two days do not make a period that can be shown."""


@dataclass(frozen=True, slots=True)
class Flow:
    """How many users came to a persona, and how many left it, for one cause."""

    cause: Annotated[ChangeCause, Field(description=f"{_CAUSES}.")]
    entered: int
    left: int


@dataclass(frozen=True, slots=True)
class PersonaDay:
    """A persona on a day: `users` at its end, and what came and went."""

    persona_id: str
    users: Annotated[int, Field(description="Stored users of the persona at the end of the day (UTC).")]
    flows: tuple[Flow, ...]


@dataclass(frozen=True, slots=True)
class Day:
    """All personas on a day."""

    day: date
    personas: tuple[PersonaDay, ...]


@dataclass(frozen=True, slots=True)
class History:
    """The size of each persona, day by day."""

    items: tuple[Day, ...]


@dataclass(frozen=True, slots=True)
class Moves:
    """How many times a user moved from one persona to another for a cause; null is no persona."""

    from_persona_id: str | None
    to_persona_id: str | None
    cause: Annotated[ChangeCause, Field(description=f"{_CAUSES}.")]
    users: int


@dataclass(frozen=True, slots=True)
class Movements:
    """All movements of a period; who moved twice is in it twice."""

    first_day: date
    last_day: date
    items: tuple[Moves, ...]


def history(feed: FeedStore, first: date | None, last: date | None, now: datetime) -> History:
    """The sizes of the personas on each day of a period. Raises `UnusablePeriod`."""
    first, last = _period(first, last, now)
    # Of days that are over, so that it fits the movements, whichever is written between the two reads.
    sizes = Counter(feed.sizes(first - timedelta(days=1)))
    by_day: dict[date, list[Movement]] = {}
    for movement in feed.movements(first, last):
        by_day.setdefault(movement.day, []).append(movement)
    days = []
    for offset in range((last - first).days + 1):
        day = first + timedelta(days=offset)
        days.append(_day(day, sizes, by_day.get(day, [])))
    return History(tuple(days))


def movements(feed: FeedStore, first: date | None, last: date | None, now: datetime) -> Movements:
    """Who moved between which personas in a period. Raises `UnusablePeriod`."""
    first, last = _period(first, last, now)
    counts: Counter[tuple[str | None, str | None, ChangeCause]] = Counter()
    for movement in feed.movements(first, last):
        counts[movement.from_persona_id, movement.to_persona_id, movement.cause] += movement.users
    items = sorted((Moves(*pair, users) for pair, users in counts.items()), key=_most_first)
    return Movements(first, last, tuple(items))


def _period(first: date | None, last: date | None, now: datetime) -> tuple[date, date]:
    last = last or now.astimezone(UTC).date()
    try:
        first = first or last - timedelta(days=DEFAULT_DAYS)
        first - timedelta(days=1)
    except OverflowError:
        raise UnusablePeriod("The calendar has no such first day; choose a later `from`.") from None
    if first > last:
        raise UnusablePeriod("The period ends before it begins: `from` is after `to`.")
    if (last - first).days >= MAX_DAYS:
        raise UnusablePeriod(f"A period has at most {MAX_DAYS} days; choose a later `from`.")
    return first, last


def _day(day: date, sizes: Counter[str], moved: Iterable[Movement]) -> Day:
    """The day; adds what moved to the sizes."""
    entered: Counter[tuple[str, ChangeCause]] = Counter()
    left: Counter[tuple[str, ChangeCause]] = Counter()
    for movement in moved:
        if movement.to_persona_id is not None:
            sizes[movement.to_persona_id] += movement.users
            entered[movement.to_persona_id, movement.cause] += movement.users
        if movement.from_persona_id is not None:
            sizes[movement.from_persona_id] -= movement.users
            left[movement.from_persona_id, movement.cause] += movement.users
    keys = sorted({*entered, *left})
    flows: dict[str, list[Flow]] = {}
    for persona_id, cause in keys:
        flow = Flow(cause, entered[persona_id, cause], left[persona_id, cause])
        flows.setdefault(persona_id, []).append(flow)
    shown = sorted({*flows, *(persona_id for persona_id, users in sizes.items() if users)})
    return Day(
        day,
        tuple(PersonaDay(persona_id, sizes[persona_id], tuple(flows.get(persona_id, ()))) for persona_id in shown),
    )


def _most_first(moves: Moves) -> tuple[int, str, str, str]:
    return -moves.users, moves.from_persona_id or "", moves.to_persona_id or "", moves.cause
