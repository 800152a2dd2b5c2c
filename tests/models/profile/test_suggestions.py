"""Suggestions: the known values that an unknown value resembles."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.profile.suggestions import MAX_SUGGESTIONS, Suggester

KNOWN = Suggester(("board_games", "gaming", "coding", "novels", "yoga", "diy"))


@pytest.mark.parametrize(
    ("sent", "meant"),
    [
        ("gamign", "gaming"),
        ("gamin", "gaming"),
        ("gamingg", "gaming"),
        ("goding", "coding"),
        ("Bord Games", "board_games"),
        ("video gaming", "gaming"),
        ("DYI", "diy"),
    ],
)
def test_typing_error_or_shared_word_finds_the_value(sent: str, meant: str) -> None:
    assert KNOWN.nearest(sent)[0] == meant


@pytest.mark.parametrize("sent", ["Quidditch", "", "x" * 10_000, "🤾" * 30])
def test_value_without_resemblance_has_no_suggestions(sent: str) -> None:
    assert KNOWN.nearest(sent) == ()


@given(st.text(max_size=60))
def test_suggestions_are_few_and_distinct(sent: str) -> None:
    near = KNOWN.nearest(sent)
    assert len(set(near)) == len(near) <= MAX_SUGGESTIONS
