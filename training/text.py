"""Numbers, counts and lists as text, for all sentences of training."""

from collections.abc import Sequence


def percent(share: float) -> str:
    """A share in whole per cent; "under 1 %" rather than nothing."""
    return "under 1 %" if 0 < share < 0.005 else f"{share * 100:.0f} %"


def percent_tenths(share: float) -> str:
    """A share in per cent with one decimal; "under 0.1 %" rather than nothing."""
    return "under 0.1 %" if 0 < share < 0.0005 else f"{share * 100:.1f} %"


def number(value: float) -> str:
    """A number without decimals from 5 on, with one decimal below."""
    return f"{value:,.0f}" if abs(value) >= 4.95 else f"{value:.1f}".removesuffix(".0")


def count(number: int, one: str, many: str = "") -> str:
    """ "1 persona", "5 personas"."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def in_quotes(text: str) -> str:
    """The text in quotation marks; a quotation within it gets single ones."""
    return f"“{text.replace('“', '‘').replace('”', '’')}”"


def capitalised(text: str) -> str:
    """The text with its first letter in upper case."""
    return text[:1].upper() + text[1:]


def listed(words: Sequence[str], last: str = "and") -> str:
    """ "a", "a and b", "a, b and c"; a word that holds an "and" itself, and is not quoted, stands last: "a as well
    as b and c".
    """
    words = sorted(words, key=_has_and)
    if len(words) < 2:
        return "".join(words)
    if _has_and(words[-1]):
        return f"{listed(words[:-1], last)} as well as {words[-1]}"
    return f"{', '.join(words[:-1])} {last} {words[-1]}"


def _has_and(word: str) -> bool:
    return " and " in word and not word.startswith("“")
