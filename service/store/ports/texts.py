"""Which ids and texts can be stored.

An id is opaque: 1 to 256 characters of any kind, but no control character (Unicode's category Cc), which no system
makes on purpose, and no unpaired surrogate, which UTF-8 cannot encode. Other stored texts hold neither NUL nor an
unpaired surrogate, both of which databases refuse. A lookup by any other text finds nothing; a write raises
`NotStorable`.
"""

import re

from service.store.ports.errors import NotStorable

MAX_ID_LENGTH = 256
_SURROGATE = re.compile("[\ud800-\udfff]")
# The 65 characters of Unicode's category Cc, which will never be more, and the surrogates (Cs).
_NOT_IN_IDS = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


def is_storable(text: str) -> bool:
    """Whether a text holds neither NUL nor an unpaired surrogate."""
    return "\0" not in text and not _SURROGATE.search(text)


def is_id(text: str) -> bool:
    """Whether a text can be an id."""
    return 0 < len(text) <= MAX_ID_LENGTH and not _NOT_IN_IDS.search(text)


def id_fault(text: str) -> str | None:
    """Why a text cannot be an id, without its value, as a clause: no capital, no full stop. None for an id."""
    if not 0 < len(text) <= MAX_ID_LENGTH:
        return f"an id has 1 to {MAX_ID_LENGTH} characters; this one has {len(text):,}"
    wrong = _NOT_IN_IDS.search(text)
    if wrong is None:
        return None
    kind = "half of a surrogate pair" if _SURROGATE.match(wrong[0]) else "a control character"
    return f"character {wrong.start() + 1} is U+{ord(wrong[0]):04X}, {kind}; ids hold none"


def legible(text: str) -> str:
    """The text with every character that cannot be stored replaced by �: for text from another process."""
    return _SURROGATE.sub("\ufffd", text.replace("\0", "\ufffd"))


def require_storable(user_id: str, profile_json: str) -> None:
    """Raise `NotStorable` for a user id or a profile that no store accepts."""
    if (fault := id_fault(user_id)) is not None:
        raise NotStorable(f"The user id cannot be stored: {fault}.")
    if not is_storable(profile_json):
        raise NotStorable("A profile's text holds neither NUL nor half of a surrogate pair; escape them.")
