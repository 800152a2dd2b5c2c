"""Values as words: English ones follow English rules, all others are quoted as people wrote them."""

import pytest

from training.data.written_forms import WrittenForms
from training.personas.wording.terms import Term, term_of


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
        ("metal_music", "metal-music"),
        ("arts_and_crafts", "arts-and-crafts"),
    ],
)
def test_values_before_nouns_are_singular(given: str, said: str) -> None:
    assert Term(given).attribute() == said


@pytest.mark.parametrize(
    "given",
    ["wandern", "café_crème", "ゲーム", "do_sports", "change_of_surroundings", "cultural_offers", "playing_cards"],
)
def test_values_that_cannot_stand_before_a_noun_have_no_attribute(given: str) -> None:
    assert Term(given).attribute() == ""


def test_adjectives_stand_before_nouns_that_take_them() -> None:
    assert Term("useful").attribute() == ""
    assert Term("useful").attribute(gift=True) == "useful-gift"
    assert Term("scary").attribute(adjectives=True) == "scary"


@pytest.mark.parametrize(
    ("term", "said"),
    [
        (Term("wandern", "Wandern"), "“Wandern”"),
        (Term("star_wars", "Star Wars", is_name=True), "“Star Wars”"),
        (Term("star_wars", "Star Wars"), "“Star Wars”"),
        (Term("cooking", "Cooking"), "cooking"),
        (Term("diy", "DIY", is_name=True), "DIY"),
        (Term("n/a", "N/A"), "“N/A”"),
        (Term('the_"best"', 'The "Best" one 1'), "“The Best one 1”"),
        (Term("x" * 80), f"“{'x' * 60}…”"),
    ],
)
def test_foreign_values_and_proper_nouns_are_quoted_as_written(term: Term, said: str) -> None:
    assert term.object() == said


@pytest.mark.parametrize(
    ("given", "one", "many"),
    [
        ("engineer", "an engineer", "engineers"),
        ("retired", "retired", "retired"),
        ("studentin", "“studentin”", "“studentin”"),
        ("sales", "in sales", "in sales"),
        ("niece_or_nephew", "a niece or nephew", "nieces and nephews"),
    ],
)
def test_only_english_gets_articles_and_plurals(given: str, one: str, many: str) -> None:
    assert (Term(given).with_article(), Term(given).with_article(many=True)) == (one, many)


def test_term_is_written_as_in_its_data_set() -> None:
    forms = WrittenForms({"zocken": "Zocken"}, frozenset({"zocken"}))
    assert term_of("zocken", forms) == Term("zocken", "Zocken", is_name=True)
    assert term_of("lesen", forms) == term_of("lesen", None) == Term("lesen")
