"""Opaque cursors: where a list goes on, as text that nobody should read."""

import base64
import binascii
import json

from models.errors import SegmentsError


class UnusableCursor(SegmentsError):
    """A cursor that we did not make, or not for this list."""

    def __init__(self) -> None:
        super().__init__("This is no cursor of this list; use `next_cursor` of a page, or none at all.")


def encode_cursor(*parts: str) -> str:
    """A cursor that holds these parts."""
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


def decode_cursor(cursor: str, count: int) -> tuple[str, ...]:
    """The `count` parts of a cursor. Raises `UnusableCursor`."""
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        parts = json.loads(text)
    except (binascii.Error, ValueError, RecursionError) as error:
        raise UnusableCursor from error
    if not isinstance(parts, list) or len(parts) != count or not all(isinstance(p, str) for p in parts):
        raise UnusableCursor
    return tuple(parts)
