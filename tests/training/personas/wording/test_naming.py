"""Names of personas, made from their findings."""

import dataclasses

import pytest

from models.profile.field_kinds import Categorical, FieldSpec, Numeric, Scale, Wording
from tests.training.personas.wording.findings import mean, value
from training.personas.traits import Finding, NumberFinding, ValueFinding
from training.personas.wording.naming import names


def name_of(*findings: Finding) -> str:
    return names([findings], "givers")[0]


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


def test_name_says_what_members_seldom_do_where_there_is_nothing_else() -> None:
    rare = value("hobbies", "gaming", share=0.02, everyone=0.3)
    assert name_of(rare) == "Givers who seldom give to people who are into gaming"
    assert (
        name_of(value("favourite_movies", "war", 0.02, 0.3))
        == "Givers who seldom give to people who watch war films"
    )
    assert name_of(rare, mean("lead_time_days", 2, 10, strength=0.01)) == "Last-minute givers"


@pytest.mark.parametrize(
    ("finding", "name"),
    [
        (value("relationship", "parent"), "Givers who buy for parents"),
        (value("occupation", "home-duties"), "Givers who have home duties as occupation"),
        (value("occupation", "2n Cycle"), "Givers who have “2n Cycle” as occupation"),
        (value("budget_range", "medium"), "Medium-budget givers"),
        (mean("age", 70, 40), "65–75 year olds"),
        (value("hobbies", "unknown"), "Givers who give to people who are into “unknown”"),
    ],
)
def test_any_finding_makes_a_name(finding: Finding, name: str) -> None:
    assert name_of(finding) == name


@pytest.mark.parametrize(
    ("finding", "name"),
    [
        (value("hobbies", "Wandern"), "Fans of “Wandern”"),
        (value("favourite_movies", "Krimi"), "Fans of “Krimi” films"),
        (value("favourite_movies", "anything english"), "Fans of “anything english” films"),
        (value("gift_history", "praktisch"), "Givers who answered “praktisch”"),
        (value("occasion", "クリスマス"), "Shoppers for “クリスマス”"),
        (value("store_preference", "IKEA"), "Shoppers who prefer “IKEA”"),
    ],
)
def test_foreign_values_and_proper_nouns_are_quoted(finding: Finding, name: str) -> None:
    assert name_of(finding) == name


@pytest.mark.parametrize(
    ("ticked", "name"),
    [
        ("rest and relax", "People who ticked “rest and relax”"),
        ("Change of surroundings", "People who ticked “Change of surroundings”"),
        ("everything organised", "People who ticked “everything organised”"),
        ("good company", "Good-company fans"),
        ("cultural offers", "Fans of cultural offers"),
        ("playing cards", "Fans of playing cards"),
        ("lonely", "People who ticked “lonely”"),
    ],
)
def test_motives_of_a_survey_read_well(ticked: str, name: str) -> None:
    assert names([[value("hobbies", ticked)], []], "people")[0] == name


def test_strongest_finding_makes_the_name_even_when_it_must_be_quoted() -> None:
    strong = value("hobbies", "everything organised", strength=0.5)
    weaker = [value("hobbies", "good company", strength=0.2), value("hobbies", "beauty", strength=0.2)]
    assert name_of(strong, *weaker) == "Givers who ticked “everything organised”"


def test_foreign_words_get_no_suffix() -> None:
    name = name_of(value("hobbies", "Programmieren"), value("gift_history", "Elektronik"))
    assert name == "Givers who answered “Elektronik”"


@pytest.mark.parametrize(
    ("answer", "wording", "name"),
    [
        ("high.school", Wording(), "People with “high.school” as plan"),
        ("yes", Wording(), "People who answer “yes” for plan"),
        ("2n plan", Wording(noun="{value} club"), "People who answered “2n plan”"),
    ],
)
def test_field_with_few_words_is_named_by_its_title_or_its_people(
    answer: str, wording: Wording, name: str
) -> None:
    spec = FieldSpec(name="plan", kind=Categorical(wording), title="plan")
    finding = value("occasion", answer)
    assert isinstance(finding, ValueFinding)
    assert names([[dataclasses.replace(finding, spec=spec)]], "people") == (name,)


def test_adjective_stands_before_a_quoted_noun() -> None:
    name = name_of(value("gift_history", "Elektronik"), mean("lead_time_days", 2, 10))
    assert name == "Last-minute givers who answered “Elektronik”"


def test_young_fans_of_films_for_children_are_not_younger_children() -> None:
    name = name_of(mean("age", 16, 40), value("favourite_movies", "children"))
    assert name == "Younger fans of children's films"


def test_persona_without_findings_is_everyone_else() -> None:
    assert names([GAMER, []], "givers") == ("Game-loving gadget givers", "Everyone else")
    assert names([[], GAMER, []], "givers")[::2] == ("Everyone else", "Everyone else 2")


def test_personas_are_numbered_where_none_has_findings() -> None:
    assert names([[], []], "givers") == ("Group 1", "Group 2")


def test_equal_personas_are_numbered() -> None:
    one = [value("hobbies", "gaming")]
    made = names([one] * 3, "people")
    assert made == ("Game-loving people", "People who give to people who are into gaming", "Game-loving people 2")


def test_values_without_meaning_stay_out_of_names() -> None:
    for nothing in ("nan", "N/A", "none", "other", "unknown"):
        name = name_of(value("hobbies", nothing, strength=0.9), value("gift_history", "books", strength=0.1))
        assert name == "Book givers"


@pytest.mark.parametrize(
    "text", ["maintain unspoilt surroundings", "unspoilt nature/natural landscape", "y" * 190]
)
def test_names_stay_short(text: str) -> None:
    assert len(name_of(value("hobbies", text))) <= 58
    assert len(name_of(value("hobbies", text), value("favourite_movies", "war", strength=0.1))) <= 50


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
    "value_text", ["x" * 40, "{value}", "4711", "<b>bold</b>", "a_very_long_list_of_words_in_a_row", "😀"]
)
def test_values_that_read_badly_stay_out_of_names(value_text: str) -> None:
    assert name_of(value("hobbies", value_text), value("gift_history", "books", strength=0.1)) == "Book givers"


def test_number_below_everyones_says_so() -> None:
    spec = FieldSpec(name="milk", kind=Numeric(Scale(phrase="buy milk for {value}")), title="milk")
    finding = mean("lead_time_days", 645, 5_796)
    assert isinstance(finding, NumberFinding)
    assert names([[dataclasses.replace(finding, spec=spec)]], "people") == (
        "People who buy milk for only about 645",
    )
