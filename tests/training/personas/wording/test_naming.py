"""Names of personas, made from their findings."""

import pytest

from tests.training.personas.wording.findings import mean, value
from training.personas.traits import Finding
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
