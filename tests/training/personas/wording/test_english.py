"""Which values are English, and what kind of words they have."""

import pytest

from training.personas.wording import english


@pytest.mark.parametrize(
    "text",
    ["board games", "everything organised", "mother's day", "colours", "colors", "skincare", "smartwatches"],
)
def test_words_of_the_dictionary_or_our_own_list_are_english(text: str) -> None:
    assert english.is_english(text)


@pytest.mark.parametrize(
    "text",
    [
        "wandern",
        "praktisch",
        "nur online",
        "bücher",
        "ゲーム",
        "2n cycle",
        "4711",
        "😀",
        "",
        "board gamez",
        "<b>board</b>",
    ],
)
def test_other_texts_are_not_taken_for_english(text: str) -> None:
    assert not english.is_english(text)


@pytest.mark.parametrize(
    "text",
    [
        "good company",
        "change of surroundings",
        "health and beauty",
        "going out with friends",
        "film making",
        "opera",
    ],
)
def test_things_and_activities_are_noun_phrases(text: str) -> None:
    assert english.is_noun_phrase(text)


@pytest.mark.parametrize(
    "text",
    [
        "rest and relax",
        "do sports",
        "meet people",
        "realise creativity",
        "not care about prices",
        "everything organised",
        "feel less lonely",
        "luxury / be spoilt",
        "free and easy going",
        "excitement, a challenge",
    ],
)
def test_statements_states_and_listings_are_no_noun_phrases(text: str) -> None:
    assert not english.is_noun_phrase(text)


@pytest.mark.parametrize("text", ["helping others", "meeting someone new"])
def test_activity_with_a_pronoun_as_its_object_is_a_noun_phrase(text: str) -> None:
    assert english.is_noun_phrase(text)


@pytest.mark.parametrize(
    ("text", "is_person"),
    [
        ("nurse", True),
        ("small business owner", True),
        ("clerical or service worker", True),
        ("home duties", False),
        ("administration", False),
        ("cultural offers", False),
    ],
)
def test_persons_are_distinguished_from_what_they_do(text: str, is_person: bool) -> None:
    assert english.is_person(text) is is_person


@pytest.mark.parametrize(
    ("one", "many"),
    [
        ("boss", "bosses"),
        ("child", "children"),
        ("manager or administrator", "managers or administrators"),
        ("clerical or service worker", "clerical or service workers"),
        ("home duties", "home duties"),
    ],
)
def test_plurals_are_made_once(one: str, many: str) -> None:
    assert english.plural(one) == many
    assert english.plural(many) == many


@pytest.mark.parametrize(
    ("many", "one"),
    [
        ("board games", "board game"),
        ("watches", "watch"),
        ("hobbies", "hobby"),
        ("movies", "movie"),
        ("politics", "politics"),
        ("physics", "physics"),
        ("glass", "glass"),
        ("arts and crafts", "arts and crafts"),
        ("media", "media"),
    ],
)
def test_singulars_are_cautious(many: str, one: str) -> None:
    assert english.singular(many) == one


@pytest.mark.parametrize(
    ("text", "said"),
    [("engineer", "an engineer"), ("university teacher", "a university teacher"), ("hour", "an hour")],
)
def test_articles_follow_the_sound(text: str, said: str) -> None:
    assert english.with_article(text) == said
