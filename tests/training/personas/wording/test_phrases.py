"""Values as phrases."""

from dataclasses import replace

import pytest

from models.profile.field_kinds import Categorical, FieldSpec, Kind, MultiLabel, Numeric, Ordinal, Wording
from tests.training.personas.wording.findings import FIELDS
from training.personas.wording.phrases import level, phrase, phrase_after_subject, plural_phrase
from training.personas.wording.terms import Term

# As a class of one's own may have them.
OWN_HOBBIES = replace(FIELDS["hobbies"], about="giver")


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
        ("hobbies", "board_games", "is into board games"),
        ("hobbies", "wandern", "is into “wandern”"),
        ("hobbies", "meet_people", "has “meet people” among their hobbies"),
        ("hobbies", "n/a", "is into “n/a”"),
        ("favourite_items", "anything_english", "likes “anything english”"),
        ("favourite_movies", "children", "watches children's films"),
        ("favourite_movies", "anything_english", "watches “anything english” films"),
        ("favourite_movies", "scary", "watches scary films"),
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
        ("recipient_age", "", "is {value} years old"),
    ],
)
def test_phrase_after_the_one_whom_the_field_speaks_of(field: str, given: str, said: str) -> None:
    assert phrase_after_subject(FIELDS[field], given) == said


def test_what_is_no_thing_is_ticked() -> None:
    ticked = terms("do_sports", "rest_and_relax")
    assert plural_phrase(OWN_HOBBIES, ticked) == "tick “do sports” and “rest and relax”"
    assert phrase_after_subject(OWN_HOBBIES, "do_sports") == "ticked “do sports”"


def test_recipients_tick_nothing() -> None:
    listed = terms("do_sports", "rest_and_relax")
    assert plural_phrase(FIELDS["hobbies"], listed) == (
        "give to people who have “do sports” and “rest and relax” among their hobbies"
    )


@pytest.mark.parametrize(
    ("kind", "given", "said"),
    [
        (Numeric(), "", "has {value} cups"),
        (Ordinal(), "low", "has low as cups"),
        (Categorical(), "yes", "has “yes” for cups"),
        (Categorical(), "china", "has china as cups"),
        (MultiLabel(), "china", "has china in cups"),
    ],
)
def test_field_about_recipients_without_words_is_said_of_one(kind: Kind, given: str, said: str) -> None:
    spec = FieldSpec(name="cups", kind=kind, title="cups", about="recipient")
    assert phrase_after_subject(spec, given) == said


def test_each_clause_of_several_is_conjugated() -> None:
    spec = FieldSpec(name="job", kind=Categorical(Wording("be {a_value}")), title="job", about="recipient")
    assert phrase(spec, terms("nurse", "home_duties")) == (
        "give to somebody who is a nurse or has home duties as job"
    )


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
