"""Names and sentences: what a persona's findings are turned into."""

import re

import pytest

from models.profile import Profile
from models.profile.field_kinds import FieldSpec, declared_fields
from training.personas.traits import Finding, NumberFinding, ValueFinding
from training.personas.wording.naming import names
from training.personas.wording.phrases import attributive, phrase
from training.personas.wording.sentences import LIKE_EVERYONE, MOST_WORDS, persona_sentence, trait

FIELDS: dict[str, FieldSpec] = {spec.name: spec for spec in declared_fields(Profile)}


def value(field: str, name: str, share: float = 0.6, everyone: float = 0.2, strength: float = 0.3) -> Finding:
    return ValueFinding(
        spec=FIELDS[field],
        value=name,
        share=share,
        share_everyone=everyone,
        lift=share / everyone,
        strength=strength,
    )


def mean(field: str, of_members: float, of_everyone: float, strength: float = 0.2) -> Finding:
    return NumberFinding(
        spec=FIELDS[field],
        mean=of_members,
        mean_everyone=of_everyone,
        low=of_members - 5,
        high=of_members + 5,
        strength=strength,
    )


def name_of(*findings: Finding) -> str:
    return names([findings], "givers")[0]


# --- names -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("findings", "name"),
    [
        ([value("gift_history", "electronics"), value("hobbies", "gaming")], "Game-loving gadget givers"),
        ([value("gift_history", "wellness"), mean("lead_time_days", 30, 10)], "Early-planning wellness givers"),
        ([value("hobbies", "reading"), value("favourite_items", "tea")], "Bookish tea drinkers"),
        ([value("hobbies", "board_games"), value("gift_history", "toys")], "Board-game-loving toy givers"),
        ([value("favourite_movies", "science_fiction")], "Science-fiction film fans"),
        ([value("occasion", "christmas"), mean("purchases_last_year", 20, 9)], "Frequent Christmas shoppers"),
        ([value("budget_range", "low"), value("gift_history", "books")], "Thrifty book givers"),
        ([mean("lead_time_days", 2, 10)], "Last-minute givers"),
    ],
)
def test_name_is_made_of_the_strongest_findings(findings: list[Finding], name: str) -> None:
    assert name_of(*findings) == name


GAMER = [value("gift_history", "electronics", strength=0.5), value("hobbies", "gaming", strength=0.2)]
CODER = [*GAMER, value("hobbies", "coding", strength=0.4)]


def test_previous_name_is_reused_while_its_findings_hold() -> None:
    assert names([CODER], "givers") != names([GAMER], "givers")
    assert names([CODER], "givers", {0: "Game-loving gadget givers"}) == ("Game-loving gadget givers",)


def test_previous_name_is_dropped_with_its_findings() -> None:
    assert names([GAMER], "givers", {0: "Yoga-loving wellness givers"}) == ("Game-loving gadget givers",)


def test_reused_name_is_given_to_no_other_persona() -> None:
    called = names([GAMER, GAMER], "givers", {1: "Game-loving gadget givers"})
    assert called[1] == "Game-loving gadget givers"
    assert called[0] != called[1]


def test_plain_name_is_reused_while_there_are_no_findings() -> None:
    assert names([[], []], "givers", {1: "All-round givers"})[1] == "All-round givers"
    assert names([GAMER], "givers", {0: "All-round givers"}) == ("Game-loving gadget givers",)


def test_name_does_not_repeat_a_stem() -> None:
    name = name_of(
        value("gift_history", "books", strength=0.9),
        value("hobbies", "reading", strength=0.8),
        mean("lead_time_days", 30, 10, strength=0.1),
    )
    assert name == "Early-planning book givers"


def test_name_never_says_old() -> None:
    name = name_of(mean("age", 70, 40, strength=0.9), value("gift_history", "practical"))
    assert name == "Practical givers"


def test_rare_values_make_no_name() -> None:
    rare = value("hobbies", "gaming", share=0.02, everyone=0.3)
    assert name_of(rare) == "Middle-of-the-road givers"


def test_word_goes_to_the_persona_it_fits_best() -> None:
    weaker = [value("gift_history", "books", strength=0.3), value("gift_history", "home", strength=0.2)]
    stronger = [value("gift_history", "books", strength=0.5)]
    assert names([weaker, stronger], "givers") == ("Homeware givers", "Book givers")


def test_twenty_equal_personas_have_unique_names() -> None:
    alike = [value("hobbies", hobby) for hobby in ("gaming", "reading", "cooking")]
    made = names([*[alike] * 20, *[[]] * 20], "people")
    assert len({name.casefold() for name in made}) == 40


def test_names_do_not_depend_on_the_order_of_the_personas() -> None:
    one, other = [value("hobbies", "yoga")], [value("hobbies", "diy"), value("gift_history", "home")]
    assert names([one, other], "givers") == names([other, one], "givers")[::-1]


@pytest.mark.parametrize(
    "value_text", ["x" * 30, "{value}", "4711", "<b>bold</b>", "a_very_long_list_of_words", "😀"]
)
def test_values_that_read_badly_stay_out_of_names(value_text: str) -> None:
    assert name_of(value("hobbies", value_text), value("gift_history", "books", strength=0.1)) == "Book givers"


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


# --- traits ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("finding", "sentence"),
    [
        (value("hobbies", "board_games", 0.54, 0.2), "2.7 × as likely as everyone to be into board games"),
        (value("hobbies", "music", 0.84, 0.7), "84 % are into music, against 70 % of everyone"),
        (value("hobbies", "diy", 0.02, 0.2), "Hardly any are into DIY (2 %, against 20 % of everyone)"),
        (value("gift_history", "novelty", 0.2, 0.45), "Half as likely as everyone to give novelty gifts"),
        (value("gift_history", "home", 0.2, 0.6), "A third as likely as everyone to give things for the home"),
        (value("occupation", "engineer", 0.2, 0.1), "2 × as likely as everyone to be an engineer"),
        (value("occupation", "retired", 0.2, 0.1), "2 × as likely as everyone to be retired"),
        (mean("age", 41, 32), "41 years old on average, 9 years older than everyone"),
        (mean("age", 40, 41), "40 years old on average, 1 year younger than everyone"),
        (mean("lead_time_days", 26, 12), "Buy 26 days ahead on average, 14 days earlier than everyone"),
        (mean("purchases_last_year", 3.24, 9), "Buy 3.2 gifts a year on average, 6 gifts fewer than everyone"),
    ],
)
def test_trait_has_a_sentence(finding: Finding, sentence: str) -> None:
    assert trait(finding).sentence == sentence


def test_number_trait_has_means_and_no_value() -> None:
    said = trait(mean("age", 41, 32))
    assert (said.field, said.mean, said.mean_everyone) == ("age", 41, 32)
    assert (said.value, said.share, said.lift) == (None, None, None)


# --- sentences -------------------------------------------------------------------------------------


def test_sentence_lists_the_strongest_traits_with_numbers_last() -> None:
    findings = [
        mean("lead_time_days", 3.6, 12),
        mean("age", 27, 40),
        value("hobbies", "gaming"),
        value("hobbies", "board_games"),
        value("gift_history", "electronics"),
    ]
    assert persona_sentence(findings) == (
        "Mostly 22–32 year olds who tend to be into gaming and board games, give electronics, "
        "and buy about 4 days ahead."
    )


def test_clauses_with_an_and_are_separated_by_a_comma() -> None:
    findings = [value("hobbies", "politics"), value("hobbies", "law"), value("favourite_movies", "war")]
    assert persona_sentence(findings) == "People who tend to be into politics and law, and watch war films."


def test_sentence_of_one_field_has_three_values() -> None:
    findings = [value("hobbies", hobby) for hobby in ("biology", "chemistry", "medicine", "physics")]
    assert persona_sentence(findings) == "People who tend to be into biology, chemistry and medicine."


def test_value_with_an_and_is_listed_last() -> None:
    assert phrase(FIELDS["gift_history"], ["food_and_drink", "books"]) == "give books as well as food and drink"


def test_single_choices_are_joined_by_or() -> None:
    assert phrase(FIELDS["store_preference"], ["boutique", "handmade"]) == "prefer boutiques or handmade goods"


def test_sentence_has_at_most_thirty_words() -> None:
    long = "a_value_of_quite_a_few_words"
    findings = [value(field, f"{long}_{n}") for field in FIELDS if field != "age" for n in range(3)]
    sentence = persona_sentence([finding for finding in findings if isinstance(finding, ValueFinding)])
    assert 10 < len(sentence.split()) <= MOST_WORDS


def test_value_of_one_in_ten_is_no_tendency() -> None:
    assert persona_sentence([value("hobbies", "chess", share=0.1, everyone=0.02)]) == LIKE_EVERYONE


@pytest.mark.parametrize(
    ("findings", "sentence"),
    [
        ([], LIKE_EVERYONE),
        ([mean("age", 30, 50)], "Mostly 25–35 year olds, otherwise much like everyone."),
        ([value("hobbies", "diy", 0.02, 0.3)], "People, hardly any of whom are into DIY."),
    ],
)
def test_persona_without_tendencies_has_a_plain_sentence(findings: list[Finding], sentence: str) -> None:
    assert persona_sentence(findings) == sentence


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


def test_values_are_never_read_as_templates() -> None:
    assert re.search(r"be into \{a value\}$", trait(value("hobbies", "{a_value}")).sentence)
