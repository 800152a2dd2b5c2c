"""Pages of long lists, and their cursors: opaque text that says where the next page begins."""

import base64
import binascii
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, Self, TypeVar

from models.errors import SegmentsError

T = TypeVar("T")
# Digits of a number in a cursor: what databases store in 64 bits.
_MAX_DIGITS = 18
_NOT_STORABLE = re.compile("[\x00\ud800-\udfff]")


class UnusableCursor(SegmentsError):
    """A cursor that this service did not make, or not for this list."""

    def __init__(self) -> None:
        super().__init__("This is no cursor of this list; use `next_cursor` of a page, or none at all.")


class ExpiredCursor(SegmentsError):
    """What a page would begin after is stored no more: old records are removed."""

    def __init__(self) -> None:
        super().__init__(
            "The records that this cursor points to were removed because of their age. Begin again without a "
            "cursor: the list has all that is still stored."
        )


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Items of a list, and the cursor of the page that follows; None after the last one.

    A subclass that is part of the API declares `items` again: pydantic reads no type variable of a base class.
    """

    items: tuple[T, ...]
    next_cursor: str | None

    @classmethod
    def cut(cls, items: Sequence[T], limit: int, cursor_after: Callable[[T], Sequence[str]]) -> Self:
        """A page of the first `limit` items; one more says that a page follows.

        `cursor_after`: the parts of the cursor, given the last item of this page.
        """
        shown = tuple(items[:limit])
        return cls(shown, encode_cursor(*cursor_after(shown[-1])) if len(items) > limit else None)


def encode_cursor(*parts: str) -> str:
    """A cursor of these parts."""
    return base64.urlsafe_b64encode(json.dumps(parts, ensure_ascii=False).encode()).decode().rstrip("=")


def decode_cursor(cursor: str, count: int) -> tuple[str, ...]:
    """The `count` parts of a cursor. Raises `UnusableCursor`."""
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        parts = json.loads(text)
    except (binascii.Error, ValueError, RecursionError) as error:
        raise UnusableCursor from error
    if not isinstance(parts, list) or len(parts) != count or not all(map(_is_text, parts)):
        raise UnusableCursor
    return tuple(parts)


def _is_text(value: object) -> bool:
    """Whether it is a text that a database takes: none with NUL or half of a surrogate pair."""
    return isinstance(value, str) and not _NOT_STORABLE.search(value)


def cursor_number(text: str) -> int:
    """The number, from 0, in one part of a cursor. Raises `UnusableCursor`."""
    if not (text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS):
        raise UnusableCursor
    return int(text)
