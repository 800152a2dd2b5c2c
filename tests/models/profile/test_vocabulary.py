"""Normalisation of values, and the codes of known values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.profile.vocabulary import Vocabulary, normalise


@pytest.mark.parametrize(
    "variant", ["board games", "Board  Games", "board-games", "BOARD_GAMES", " board\tgames ", "board‑games"]
)
def test_variants_of_a_value_have_one_normalised_form(variant: str) -> None:
    assert normalise(variant) == "board_games"


@given(st.text())
def test_normalisation_is_idempotent(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)


def test_blank_text_becomes_empty() -> None:
    assert normalise(" \t ") == ""


def test_unnormalised_value_has_the_code_of_its_normalised_form() -> None:
    vocabulary = Vocabulary(("reading", "board_games"))
    assert vocabulary.code("Board Games") == 1
    assert vocabulary.code("sailing") == -1


def test_codes_of_a_list_ignore_order_and_repeats() -> None:
    vocabulary = Vocabulary(("a", "b", "c"))
    assert vocabulary.codes(["c", "A", "a", "unheard of", "c"]) == [0, 2]
