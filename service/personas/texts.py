"""Texts that people write and others see: normalised, and without characters that cannot be seen.

Two names that look alike are then equal, and none reorders the line that it stands in.
"""

import unicodedata
from typing import Annotated

from pydantic import AfterValidator, StringConstraints

_LINE_BREAKS = frozenset("\n\r\t")
# Control and format characters (bidirectional ones included), line and paragraph separators, private use.
_INVISIBLE = frozenset({"Cc", "Cf", "Zl", "Zp", "Co", "Cn"})
# Letters and marks by category that no font draws: fillers of Hangul, the joiner of graphemes.
_BLANK = frozenset("\u034f\u115f\u1160\u3164\uffa0")


def visible_line(text: str) -> str:
    """The text in NFC. Raises `ValueError` for a character that cannot be seen."""
    return _visible(text, frozenset())


def visible_lines(text: str) -> str:
    """As `visible_line`; the text may have several lines."""
    return _visible(text, _LINE_BREAKS)


def folded(name: str) -> str:
    """A form of a name that is equal for names that differ in capitals or in the encoding of letters alone."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())


def _visible(text: str, allowed: frozenset[str]) -> str:
    for character in text:
        hidden = unicodedata.category(character) in _INVISIBLE or character in _BLANK
        if hidden and character not in allowed:
            raise ValueError(f"U+{ord(character):04X} is not allowed: it cannot be seen")
    return unicodedata.normalize("NFC", text)


def _line(max_length: int) -> StringConstraints:
    return StringConstraints(
        strip_whitespace=True, min_length=1, max_length=max_length, pattern=r"^[^\x00-\x1f\x7f]*$"
    )


Name = Annotated[str, _line(80), AfterValidator(visible_line)]
Sentence = Annotated[str, _line(400), AfterValidator(visible_line)]
By = Annotated[str, _line(200), AfterValidator(visible_line)]
# It may have several lines, but no database stores NUL.
Note = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=2_000, pattern=r"^[^\x00]*$"),
    AfterValidator(visible_lines),
]
