"""Values as phrases."""

import pytest

from models.profile.field_kinds import FieldSpec, Numeric
from tests.training.personas.wording.findings import FIELDS
from training.personas.wording.phrases import level, phrase, plural_phrase, second_person
from training.personas.wording.terms import Term


def terms(*values: str) -> list[Term]:
    return [Term(value) for value in values]


def test_value_with_an_and_is_listed_last() -> None:
    assert (
        phrase(FIELDS["gift_history"], terms("food_and_drink", "books")) == "give books as well as food and drink"
    )


def test_single_choices_are_joined_by_or() -> None:
    assert (
        phrase(FIELDS["store_preference"], terms("boutique", "handmade")) == "prefer boutiques or handmade goods"
    )


@pytest.mark.parametrize(
    ("field", "given", "said"),
    [
        ("occupation", ["student"], "be students"),
        ("occupation", ["secretary", "sales"], "be secretaries or in sales"),
        ("occupation", ["stay_at_home_parent"], "be stay-at-home parents"),
        ("relationship", ["niece_or_nephew", "child"], "buy for children as well as nieces and nephews"),
        ("relationship", ["boss", "in_law"], "buy for bosses or in-laws"),
        ("occupation", ["home_duties"], "have home duties as occupation"),
        ("occupation", ["nurse", "2n_cycle"], "be nurses or have “2n cycle” as occupation"),
        ("occupation", ["manager_or_administrator"], "be managers or administrators"),
    ],
)
def test_phrases_of_several_people_are_plural(field: str, given: list[str], said: str) -> None:
    assert phrase(FIELDS[field], terms(*given), many=True) == said


@pytest.mark.parametrize(
    ("field", "given", "said"),
    [
        ("hobbies", "board_games", "are into board games"),
        ("hobbies", "wandern", "are into “wandern”"),
        ("hobbies", "meet_people", "ticked “meet people”"),
        ("hobbies", "n/a", "are into “n/a”"),
        ("favourite_items", "anything_english", "like “anything english”"),
        ("favourite_movies", "children", "watch children's films"),
        ("favourite_movies", "anything_english", "watch “anything english” films"),
        ("favourite_movies", "scary", "watch scary films"),
        ("gift_history", "useful", "give useful gifts"),
        ("gift_history", "praktisch", "give “praktisch”"),
        ("occupation", "engineer", "are an engineer"),
        ("occupation", "nurses", "are a nurse"),
        ("occupation", "home_duties", "have home duties as occupation"),
        ("occupation", "studentin", "have “studentin” as occupation"),
        ("occupation", "other", "have “other” as occupation"),
        ("relationship", "self", "buy for yourself"),
        ("relationship", "parents", "buy for parents"),
        ("budget_range", "medium", "have a medium budget"),
        ("lead_time_days", "", "buy {value} days ahead"),
    ],
)
def test_phrase_after_you(field: str, given: str, said: str) -> None:
    assert second_person(FIELDS[field], given) == said


def test_what_is_no_thing_is_ticked() -> None:
    ticked = terms("do_sports", "rest_and_relax")
    assert plural_phrase(FIELDS["hobbies"], ticked) == "tick “do sports” and “rest and relax”"


@pytest.mark.parametrize(
    ("title", "said"),
    [
        ("catalogue purchases", "have 6 catalogue purchases"),
        ("frozen", "have 6 for frozen"),
        ("detergents paper", "have 6 for detergents paper"),
        ("euribor3m", "have 6 for euribor3m"),
    ],
)
def test_number_without_words_is_said_with_its_title(title: str, said: str) -> None:
    assert level(FieldSpec(name="number", kind=Numeric(), title=title), "6") == said
