"""Which ids and texts can be stored.

An id is 1 to 200 characters. Like every stored text it holds neither NUL nor an unpaired surrogate, both of which
databases refuse. A lookup by any other text finds nothing; a write raises `NotStorable`.
"""

import re

from service.store.ports.errors import NotStorable

MAX_ID_LENGTH = 200
_SURROGATE = re.compile("[\ud800-\udfff]")


def is_storable(text: str) -> bool:
    """Whether a text holds neither NUL nor an unpaired surrogate."""
    return "\0" not in text and not _SURROGATE.search(text)


def is_id(text: str) -> bool:
    """Whether a text can be an id."""
    return 0 < len(text) <= MAX_ID_LENGTH and is_storable(text)


def legible(text: str) -> str:
    """The text with every character that cannot be stored replaced by �: for text from another process."""
    return _SURROGATE.sub("\ufffd", text.replace("\0", "\ufffd"))


def require_storable(user_id: str, profile_json: str) -> None:
    """Raise `NotStorable` for a user id or a profile that no store accepts."""
    if not is_id(user_id):
        raise NotStorable(
            f"A user id is 1 to {MAX_ID_LENGTH} characters, without NUL or half of a surrogate pair."
        )
    if not is_storable(profile_json):
        raise NotStorable("A profile's text holds neither NUL nor half of a surrogate pair; escape them.")
