"""Numbers as people write them: "$1,234.50", "12,50", "1 234", "1.234,50", "12 %".

The decimal mark is a column's and not a cell's: "1,234" alone says nothing, and beside "12,50" it is 1.234. Signs
of currency and per cent are left out; "12 %" is 12.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

Decimal = Literal[".", ","]

_PLAIN: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_CURRENCY: Final = (
    r"(?:(?:US|A|C|R|HK|NZ)?\$|[€£¥₹₽₩₺₴₪฿]|EUR|USD|GBP|CHF|JPY|CNY|INR|AUD|CAD|SEK|NOK|DKK|PLN|CZK|HUF|Kč|zł|"
    r"kr\.?|Fr\.?|Rs\.?)"
)
_DECORATED: Final = re.compile(
    rf"(?P<sign>[+−-]?)\s*{_CURRENCY}?\s*(?P<inner>[+−-]?)(?P<digits>[\d.,][\d.,'’\s]*?)\s*(?:{_CURRENCY}|%)?",
    re.ASCII | re.IGNORECASE,
)
# Digits in groups, all with one separator: the last group has three digits, those before it two (India) or three.
_GROUPED: Final = re.compile(r"\d{1,3}(?P<mark>[.,'’ ])(?:\d{2,3}(?P=mark))*\d{3}", re.ASCII)
# Characters of the longest text that may be a number in some format.
_LONGEST: Final = 60
_SPACES: Final = re.compile("[\\s\u00a0\u202f\u2009]")


@dataclass(frozen=True, slots=True)
class NumberFormat:
    """The decimal mark of a column; the other mark, spaces and apostrophes may stand between thousands."""

    decimal: Decimal = "."

    def number(self, text: str) -> float:
        """The number in a text, finite. Raises `ValueError`."""
        if self.decimal == "." and _PLAIN.fullmatch(text):
            return _finite(text)
        digits = _digits(text)
        if digits is None:
            raise ValueError("not a number")
        whole, mark, fraction = digits[1].partition(self.decimal)
        if _GROUPED.fullmatch(whole) and self.decimal not in whole:
            whole = re.sub(r"\D", "", whole)
        if not (whole + fraction).isdigit() or (mark and not fraction and not whole):
            raise ValueError("not a number")
        return _finite(f"{digits[0]}{whole or 0}.{fraction or 0}")


PLAIN: Final = NumberFormat()


@dataclass(frozen=True, slots=True)
class NumberFinding:
    """The format of a column as its cells show it, and what was assumed, as ends of the sentence "Column …: "."""

    format: NumberFormat
    notes: tuple[str, ...] = ()


def find_number_format(texts: Iterable[str], declared: Decimal | None = None) -> NumberFinding:
    """The number format of a column from its distinct texts; `declared` is the decimal mark if a mapping says
    it.
    """
    votes: Counter[str] = Counter()
    decorated = False
    for text in texts:
        if not _PLAIN.fullmatch(text) and (digits := _digits(text)) is not None:
            decorated = True
            votes[_vote(digits[1])] += 1
        elif "." in text and _PLAIN.fullmatch(text):
            votes[_vote(text.lstrip("+-"))] += 1
    decimal: Decimal = declared or ("," if votes[","] > votes["."] else ".")
    notes = []
    if decorated or decimal == ",":
        mark = "comma" if decimal == "," else "point"
        notes.append(
            f"numbers are read with a decimal {mark}; marks between thousands and signs of currency or per cent "
            "are left out."
        )
    if declared is None:
        notes += _doubts(votes)
    return NumberFinding(NumberFormat(decimal), tuple(notes))


def _doubts(votes: Counter[str]) -> list[str]:
    if votes["."] and votes[","]:
        fewer = "point" if votes[","] > votes["."] else "comma"
        return [f"decimal marks are mixed, and cells with a decimal {fewer} are refused or misread."]
    if votes["1,234"] and not votes["."] and not votes[","]:
        return [
            "a comma before three digits, as in 1,234, is read as one between thousands. "
            'Where it is a decimal comma, say decimal = "," in the mapping.'
        ]
    if votes["1.234"] and not votes["."] and not votes[","]:
        return [
            "a point before three digits, as in 1.234, is read as a decimal point. "
            'Where it stands between thousands, say decimal = "," in the mapping.'
        ]
    return []


def _vote(digits: str) -> str:
    """The decimal mark that a number proves: "." or ","; "1,234" or "1.234" where either could be; "" for none."""
    marks = [mark for mark in digits if mark in ".,"]
    if not marks:
        return ""
    last, other = marks[-1], "," if marks[-1] == "." else "."
    whole, _, fraction = digits.rpartition(last)
    if other in whole:
        return last
    if len(marks) > 1:
        return other
    if len(fraction) != 3 or not 1 <= len(whole) <= 3 or whole == "0":
        return last
    return f"1{last}234"


def _digits(text: str) -> tuple[str, str] | None:
    """The sign, and the digits with their marks; None for what is not a number in any format."""
    text = text.strip()
    if len(text) > _LONGEST:
        return None
    text = _SPACES.sub(" ", text)
    negative = text.startswith("(") and text.endswith(")")
    match = _DECORATED.fullmatch(text[1:-1] if negative else text)
    if match is None or not any(map(str.isdigit, match["digits"])) or (match["sign"] and match["inner"]):
        return None
    minus = negative or (match["sign"] or match["inner"]) in ("-", "−")
    return "-" if minus else "", match["digits"]


def _finite(text: str) -> float:
    if math.isfinite(number := float(text)):
        return number
    raise ValueError("not a number")
