"""One spelling a value, and codes for those that a model knows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.profile.vocabulary import Vocabulary, normalise


@pytest.mark.parametrize(
    "spelling", ["board games", "Board  Games", "board-games", "BOARD_GAMES", " board\tgames ", "board‑games"]
)
def test_spellings_of_a_value_become_one(spelling: str) -> None:
    assert normalise(spelling) == "board_games"


@given(st.text())
def test_normalising_twice_changes_nothing(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)


def test_blank_text_becomes_nothing() -> None:
    assert normalise(" \t ") == ""


def test_a_value_is_known_in_any_spelling() -> None:
    vocabulary = Vocabulary(("reading", "board_games"))
    assert vocabulary.code("Board Games") == 1
    assert vocabulary.code("sailing") == -1


def test_order_and_repeats_of_a_list_mean_nothing() -> None:
    vocabulary = Vocabulary(("a", "b", "c"))
    assert vocabulary.codes(["c", "A", "a", "unheard of", "c"]) == [0, 2]
