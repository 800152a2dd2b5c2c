"""Sentences of traits and of personas."""

import re

import pytest

from tests.training.personas.wording.findings import FIELDS, mean, value
from training.personas.traits import Finding, ValueFinding
from training.personas.wording.sentences import LIKE_EVERYONE, MOST_WORDS, persona_sentence, trait, trait_sentence


@pytest.mark.parametrize(
    ("finding", "sentence"),
    [
        (
            value("hobbies", "board_games", 0.54, 0.2),
            "2.7 × as likely as everyone to give to somebody who is into board games",
        ),
        (value("hobbies", "music", 0.84, 0.7), "84 % give to people who are into music, against 70 % of everyone"),
        (
            value("hobbies", "diy", 0.02, 0.2),
            "Hardly any give to people who are into DIY (2 %, against 20 % of everyone)",
        ),
        (value("gift_history", "novelty", 0.2, 0.45), "Half as likely as everyone to give novelty gifts"),
        (value("gift_history", "home", 0.2, 0.6), "A third as likely as everyone to give things for the home"),
        (value("occupation", "engineer", 0.2, 0.1), "2 × as likely as everyone to be an engineer"),
        (value("occupation", "retired", 0.2, 0.1), "2 × as likely as everyone to be retired"),
        (
            value("hobbies", "do_sports", 0.54, 0.2),
            "2.7 × as likely as everyone to give to somebody who has “do sports” among their hobbies",
        ),
        (mean("recipient_age", 41, 32), "Recipients are 41 years old on average, 9 years older than everyone's"),
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
        "Mostly 22–32 year olds who tend to give electronics, buy only about 4 days ahead, "
        "and give to people who are into gaming and board games."
    )


def test_clauses_with_an_and_are_separated_by_a_comma() -> None:
    findings = [value("hobbies", "politics"), value("hobbies", "law"), value("favourite_movies", "war")]
    assert persona_sentence(findings) == (
        "People who tend to give to people who are into politics and law, and watch war films."
    )


def test_what_is_ticked_has_a_clause_of_its_own() -> None:
    findings = [value("hobbies", hobby) for hobby in ("do_sports", "yoga", "meet_people", "music")]
    assert persona_sentence(findings) == (
        "People who tend to give to people who have “do sports” and “meet people” among their hobbies, "
        "and are into yoga and music."
    )


def test_sentence_of_one_field_has_three_values() -> None:
    findings = [value("hobbies", hobby) for hobby in ("biology", "chemistry", "medicine", "physics")]
    assert persona_sentence(findings) == (
        "People who tend to give to people who are into biology, chemistry and medicine."
    )


def test_sentence_has_at_most_thirty_words() -> None:
    long = "a_value_of_quite_a_few_words"
    findings = [value(field, f"{long}_{n}") for field in FIELDS if field != "age" for n in range(3)]
    sentence = persona_sentence([finding for finding in findings if isinstance(finding, ValueFinding)])
    assert 10 < len(sentence.split()) <= MOST_WORDS


def test_value_of_one_in_ten_is_no_tendency() -> None:
    finding = value("hobbies", "chess", share=0.1, everyone=0.02)
    assert persona_sentence([finding]) == "People who give to people who are into chess more often than most."


@pytest.mark.parametrize(
    ("findings", "sentence"),
    [
        ([], LIKE_EVERYONE),
        ([mean("age", 30, 50)], "Mostly 25–35 year olds, otherwise much like everyone."),
        ([value("hobbies", "diy", 0.02, 0.3)], "People, hardly any of whom give to people who are into DIY."),
        ([value("hobbies", "diy", 0.2, 0.5)], "People, few of whom give to people who are into DIY."),
    ],
)
def test_persona_without_tendencies_has_a_plain_sentence(findings: list[Finding], sentence: str) -> None:
    assert persona_sentence(findings) == sentence


@pytest.mark.parametrize(
    ("finding", "sentence"),
    [
        (
            value("hobbies", "diy", 0.54, 0.2),
            "People like you are 2.7 × as likely as everyone to give to somebody who is into DIY",
        ),
        (
            value("gift_history", "home", 0.84, 0.7),
            "84 % of people like you give things for the home, against 70 % of everyone",
        ),
        (
            value("gift_history", "home", 0.02, 0.2),
            "Hardly any people like you give things for the home (2 %, against 20 % of everyone)",
        ),
        (
            value("gift_history", "novelty", 0.2, 0.45),
            "People like you are half as likely as everyone to give novelty gifts",
        ),
        (
            value("budget_range", "low", 0.4, 0.1),
            "People like you are 4 × as likely as everyone to have a low budget",
        ),
        (
            value("relationship", "self", 0.8, 0.7),
            "80 % of people like you buy for themselves, against 70 % of everyone",
        ),
        (mean("age", 41, 32), "People like you are 41 years old on average, 9 years older than everyone"),
        (
            mean("lead_time_days", 26, 12),
            "People like you buy 26 days ahead on average, 14 days earlier than everyone",
        ),
        (
            mean("recipient_age", 40, 41),
            "People like you give to recipients who are 40 years old on average, 1 year younger than everyone's",
        ),
    ],
)
def test_trait_has_a_sentence_for_the_giver(finding: Finding, sentence: str) -> None:
    assert trait_sentence(finding, "giver") == sentence


@pytest.mark.parametrize(
    ("findings", "sentence"),
    [
        (
            [
                mean("age", 27, 40),
                value("gift_history", "books"),
                mean("recipient_age", 60, 40),
                value("hobbies", "yoga"),
            ],
            "People like you, mostly 22–32 year olds, tend to give books, and give to people who are into yoga "
            "and are about 60 years old.",
        ),
        ([value("gift_history", "books")], "People like you tend to give books."),
        ([mean("age", 30, 50)], "People like you, mostly 25–35 year olds, are otherwise much like everyone."),
        ([value("gift_history", "books", 0.02, 0.3)], "Hardly any people like you give books."),
        ([value("gift_history", "books", 0.1, 0.02)], "People like you give books more often than most."),
        ([], "Much like everyone: no answer sets you apart."),
    ],
)
def test_persona_has_a_sentence_for_the_giver(findings: list[Finding], sentence: str) -> None:
    assert persona_sentence(findings, "giver") == sentence


def test_values_are_never_read_as_templates() -> None:
    sentence = trait(value("gift_history", "{a_value} of 1")).sentence
    assert re.search(r"to give “\{a value\} of 1”$", sentence)
