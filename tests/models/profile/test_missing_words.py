"""Words that stand for a missing answer."""

import pytest

from models.profile.missing_words import MISSING_WORDS, MissingWords, is_missing_word
from models.profile.vocabulary import normalise


@pytest.mark.parametrize(
    "text",
    [
        "nan",
        "NaN",
        "N/A",
        "n/a",
        " NULL ",
        "None",
        "-",
        "--",
        "–",
        "?",
        "Unknown",
        "#DIV/0!",
        "n.a.",
        "#N/A",
        "NA",
    ],
)
def test_word_is_missing_whatever_its_case_and_the_space_around_it(text: str) -> None:
    assert is_missing_word(text)
    assert MissingWords().holds(text)


@pytest.mark.parametrize(
    "text", ["Nana", "nonesuch", "unknown pleasures", "0", "no", "x", "nothing but trees", "N"]
)
def test_value_that_resembles_a_word_is_an_answer(text: str) -> None:
    assert not is_missing_word(text)


def test_words_are_declared_in_their_normalised_form() -> None:
    assert set(map(normalise, MISSING_WORDS)) == MISSING_WORDS


def test_declared_words_are_added_and_declared_answers_taken_out() -> None:
    words = MissingWords.of(more=["99", "keine Angabe"], answers=["None"])
    assert words.holds("Keine  Angabe")
    assert words.holds("99")
    assert not words.holds("NONE")
    assert words.holds("n/a")
