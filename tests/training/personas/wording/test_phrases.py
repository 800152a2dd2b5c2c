"""Values as phrases and as words before nouns."""

import pytest

from tests.training.personas.wording.findings import FIELDS
from training.personas.wording.phrases import attributive, phrase


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("board_games", "board-game"),
        ("toys", "toy"),
        ("fitness", "fitness"),
        ("politics", "politics"),
        ("hobbies", "hobby"),
        ("watches", "watch"),
        ("electronics", "gadget"),
        ("café_crème", "café-crème"),
    ],
)
def test_values_before_nouns_are_singular(given: str, said: str) -> None:
    assert attributive(given) == said


def test_value_with_an_and_is_listed_last() -> None:
    assert phrase(FIELDS["gift_history"], ["food_and_drink", "books"]) == "give books as well as food and drink"


def test_single_choices_are_joined_by_or() -> None:
    assert phrase(FIELDS["store_preference"], ["boutique", "handmade"]) == "prefer boutiques or handmade goods"


@pytest.mark.parametrize(
    ("field", "given", "said"),
    [
        ("occupation", ["student"], "be students"),
        ("occupation", ["secretary", "sales"], "be secretaries or in sales"),
        ("occupation", ["stay_at_home_parent"], "be stay-at-home parents"),
        ("relationship", ["niece_or_nephew", "child"], "buy for children as well as nieces and nephews"),
        ("relationship", ["boss", "in_law"], "buy for bosses or in-laws"),
    ],
)
def test_phrases_of_several_people_are_plural(field: str, given: list[str], said: str) -> None:
    assert phrase(FIELDS[field], given, many=True) == said
