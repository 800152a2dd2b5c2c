"""Sentences of traits and of personas."""

import re

import pytest

from tests.training.personas.wording.findings import FIELDS, mean, value
from training.personas.traits import Finding, ValueFinding
from training.personas.wording.sentences import LIKE_EVERYONE, MOST_WORDS, persona_sentence, trait


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
        (value("hobbies", "do_sports", 0.54, 0.2), "2.7 × as likely as everyone to tick “do sports”"),
        (value("hobbies", "do_sports", 0.02, 0.2), "Hardly any tick “do sports” (2 %, against 20 % of everyone)"),
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
        "and buy only about 4 days ahead."
    )


def test_clauses_with_an_and_are_separated_by_a_comma() -> None:
    findings = [value("hobbies", "politics"), value("hobbies", "law"), value("favourite_movies", "war")]
    assert persona_sentence(findings) == "People who tend to be into politics and law, and watch war films."


def test_what_is_ticked_has_a_clause_of_its_own() -> None:
    findings = [value("hobbies", hobby) for hobby in ("do_sports", "yoga", "meet_people", "music")]
    assert persona_sentence(findings) == (
        "People who tend to tick “do sports” and “meet people”, and be into yoga and music."
    )


def test_sentence_of_one_field_has_three_values() -> None:
    findings = [value("hobbies", hobby) for hobby in ("biology", "chemistry", "medicine", "physics")]
    assert persona_sentence(findings) == "People who tend to be into biology, chemistry and medicine."


def test_sentence_has_at_most_thirty_words() -> None:
    long = "a_value_of_quite_a_few_words"
    findings = [value(field, f"{long}_{n}") for field in FIELDS if field != "age" for n in range(3)]
    sentence = persona_sentence([finding for finding in findings if isinstance(finding, ValueFinding)])
    assert 10 < len(sentence.split()) <= MOST_WORDS


def test_value_of_one_in_ten_is_no_tendency() -> None:
    finding = value("hobbies", "chess", share=0.1, everyone=0.02)
    assert persona_sentence([finding]) == "People who are into chess more often than most."


@pytest.mark.parametrize(
    ("findings", "sentence"),
    [
        ([], LIKE_EVERYONE),
        ([mean("age", 30, 50)], "Mostly 25–35 year olds, otherwise much like everyone."),
        ([value("hobbies", "diy", 0.02, 0.3)], "People, hardly any of whom are into DIY."),
        ([value("hobbies", "diy", 0.2, 0.5)], "People, few of whom are into DIY."),
    ],
)
def test_persona_without_tendencies_has_a_plain_sentence(findings: list[Finding], sentence: str) -> None:
    assert persona_sentence(findings) == sentence


def test_values_are_never_read_as_templates() -> None:
    sentence = trait(value("gift_history", "{a_value} of 1")).sentence
    assert re.search(r"to give “\{a value\} of 1”$", sentence)
