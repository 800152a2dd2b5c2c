"""Use case: the feed of changes of all users, for whoever keeps personas of their own copy of the users.

Entries are in the order in which they were committed; whoever reads on from the cursor of the last page gets each
at least once, and none is left out. What a new model changes is one entry.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from service.paging import ExpiredCursor, cursor_number, decode_cursor, encode_cursor
from service.store.ports.feed import FeedEntry, FeedStore, PairCount
from service.store.ports.personas import ChangeCause


class FeedExpired(ExpiredCursor):
    """Entries after the cursor were removed because of their age, so that a reader would miss them."""

    def __init__(self) -> None:
        super(ExpiredCursor, self).__init__(
            "Entries after this cursor were removed because of their age. Begin anew: take a cursor by "
            "?start=latest, read all users by GET /users:export, and then follow the feed from that cursor."
        )


Kind = Literal["PERSONA_CHANGED", "USER_ADDED", "USER_REMOVED", "MODEL_CHANGED"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedItem:
    """A change of one user's persona, or what a new model changed."""

    id: Annotated[int, Field(description="Grows from entry to entry, not always by one.")]
    type: Annotated[
        Kind,
        Field(
            description="`USER_ADDED`: a user without a persona has one now; `USER_REMOVED`: a user has none any "
            "more, or was erased (`cause`); `PERSONA_CHANGED`; `MODEL_CHANGED`: a new model has assigned all "
            "users, `counts` says how many of which persona to which: fetch their personas again."
        ),
    ]
    at: datetime
    cause: Annotated[ChangeCause, Field(description="`ERASED`: whoever keeps a copy of the user erases it, too.")]
    user_id: Annotated[str | None, Field(description="Null for `MODEL_CHANGED`.")]
    from_persona_id: Annotated[str | None, Field(description="Null: no persona.")]
    to_persona_id: Annotated[str | None, Field(description="Null: no persona.")]
    from_model_version: Annotated[str, Field(description="Empty: none, or not known any more.")]
    to_model_version: str
    counts: Annotated[
        tuple[PairCount, ...] | None, Field(description="For `MODEL_CHANGED`; those who stayed included.")
    ]


@dataclass(frozen=True, slots=True)
class Feed:
    """Entries of the feed, and where to read on."""

    items: tuple[FeedItem, ...]
    next_cursor: Annotated[str, Field(description="Send it as `after`, now or later; also without items.")]
    has_more: Annotated[bool, Field(description="Whether more entries are stored already.")]


def read_feed(feed: FeedStore, after: str | None, limit: int, from_latest: bool) -> Feed:
    """Entries after a cursor, from the oldest that is stored with none.

    `from_latest`: none of those that there are, but the cursor that begins after them. Raises `UnusableCursor` or
    `ExpiredCursor`.
    """
    if from_latest:
        return Feed((), encode_cursor(str(feed.latest())), has_more=False)
    if after is None:
        # Before the entries are read: one that is committed meanwhile is among them, or after the cursor.
        start, entries = feed.latest(), feed.entries(None, limit + 1)
    else:
        start = cursor_number(*decode_cursor(after, 1))
        entries = feed.entries(start, limit + 1)
    if entries is None:
        raise FeedExpired
    items = tuple(_item(entry) for entry in entries[:limit])
    return Feed(items, encode_cursor(str(items[-1].id if items else start)), has_more=len(entries) > limit)


def _item(entry: FeedEntry) -> FeedItem:
    return FeedItem(
        id=entry.id,
        type=_kind(entry),
        at=entry.at,
        cause=entry.cause,
        user_id=entry.user_id,
        from_persona_id=entry.from_persona_id,
        to_persona_id=entry.to_persona_id,
        from_model_version=entry.from_model_version,
        to_model_version=entry.to_model_version,
        counts=entry.counts,
    )


def _kind(entry: FeedEntry) -> Kind:
    if entry.user_id is None:
        return "MODEL_CHANGED"
    if entry.to_persona_id is None:
        return "USER_REMOVED"
    return "USER_ADDED" if entry.from_persona_id is None else "PERSONA_CHANGED"
