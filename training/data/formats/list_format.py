"""Lists in one cell: `a;b`, `a|b`, `a, b`, one a line, JSON, `{a,b}` (PostgreSQL), `['a', 'b']` (Python).

What stands in brackets says so itself, cell by cell. The separator of the others is the column's: it is found in a
sample, because a comma may as well belong to a value.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

from pydantic_core import from_json

from training.text import count

DEFAULT: Final = ";"
EMPTY_LISTS: Final = ("[]", "{}")
# The likelier first: hardly a value holds one of the first three.
SEPARATORS: Final = (";", "；", "|", "\n", ",", "，", "、")
# As often between values as within one: they separate none unless a mapping says so.
_DOUBTFUL: Final = ("/", "&", "+", "\t", "•")
_NAMES: Final = {"\n": "line breaks", ",": "commas", "\t": "tabs"}
# A separator of so small a share of the cells with the most common one belongs to the values.
_SHARE: Final = 0.2

_QUOTED: Final = r"""'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)\""""
_ITEM_QUOTED: Final = re.compile(rf"\s*(?:{_QUOTED}|(None|nan|NaN))\s*(?:,|(?=\s|$|['\"]))", re.DOTALL)
_ITEM: Final = re.compile(rf"\s*(?:{_QUOTED}|([^,'\"]*))\s*(?:,|$)", re.DOTALL)


def split_list(text: str, separator: str) -> Sequence[Any] | None:
    """The values in a cell, which is stripped; None for a blank one. Raises `ValueError` for broken brackets."""
    if not text:
        return None
    if text[0] not in "[{(":
        return text.split(separator)
    match text[0] + text[-1]:
        case "[]":
            return _bracketed(text)
        case "{}":
            return _items(text[1:-1], _ITEM)
        case "()" if text[1:2] in ("'", '"'):
            return _items(text[1:-1], _ITEM_QUOTED)
    return text.split(separator)


def find_separator(texts: Iterable[str]) -> tuple[str, tuple[str, ...]]:
    """The separator of a column from its distinct texts, and what was assumed, as ends of the sentence "Column …:
    ".
    """
    plain = [text for text in map(str.strip, texts) if text and text[0] not in "[{("]
    counts = {mark: sum(mark in text for text in plain) for mark in (*SEPARATORS, *_DOUBTFUL)}
    most = max(counts[mark] for mark in SEPARATORS)
    separator = next((mark for mark in SEPARATORS if most and counts[mark] >= _SHARE * most), DEFAULT)
    notes = []
    if separator != DEFAULT:
        notes.append(
            f"lists are read with {_name(separator)} between their values. Where these belong to the values, say "
            'split = ";" in the mapping\'s table of the field.'
        )
    for mark in (*SEPARATORS, *(mark for mark in _DOUBTFUL if counts[mark] >= _SHARE * len(plain))):
        whole = sum(mark in text and separator not in text for text in plain)
        if mark != separator and whole:
            texts = count(whole, "text")
            notes.append(f"{texts} with {_name(mark)} and without {_name(separator)} count as one value each.")
    return separator, tuple(notes)


def _name(mark: str) -> str:
    return _NAMES.get(mark, f"'{mark}'")


def _bracketed(text: str) -> list[Any]:
    try:
        return list(from_json(text, allow_inf_nan=True))
    except ValueError:
        return _items(text[1:-1], _ITEM_QUOTED)


def _items(inside: str, item: re.Pattern[str]) -> list[str]:
    items: list[str] = []
    inside, position = inside.strip(), 0
    while position < len(inside):
        match = item.match(inside, position)
        if match is None or match.end() == position:
            raise ValueError("not a list")
        items.append(re.sub(r"\\(.)", r"\1", next((group for group in match.groups() if group is not None), "")))
        position = match.end()
    return items
