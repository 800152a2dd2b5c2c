"""Common and distinctive answers are two lists, and come from aggregates."""

import numpy as np
import pandas as pd
import pytest

from models.profile import Profile
from training.data.dataset import from_frame
from training.report.analysis.counts.answers import value_tables
from training.report.analysis.counts.persona_answers import persona_answers
from training.report.content.answers import AnswerShare, FieldAnswers, NumberAnswer
from training.report.document import Report

GROUPS = np.repeat([0, 1], 50)


def answers(frame: pd.DataFrame, cluster: int) -> dict[str, FieldAnswers]:
    dataset = from_frame(frame, Profile)
    by_persona = persona_answers(dataset, value_tables(dataset, GROUPS, 2), GROUPS, 2)
    return {field.title: field for field in by_persona[cluster]}


def shares(listed: tuple[AnswerShare, ...]) -> list[tuple[str, float]]:
    return [(answer.value, answer.share) for answer in listed]


def test_most_common_answers_begin_with_the_mode_and_have_their_own_shares() -> None:
    hobbies = [["reading", "gaming"]] * 30 + [["reading"]] * 20 + [["gardening"]] * 50
    field = answers(pd.DataFrame({"hobbies": hobbies}), 0)["hobbies"]
    assert shares(field.common) == [("reading", 1.0), ("gaming", 0.6)]


def test_most_distinctive_answers_are_in_the_order_of_their_lifts() -> None:
    hobbies = (
        [["reading", "gaming"]] * 30 + [["reading"]] * 20 + [["reading", "gardening"]] * 30 + [["gardening"]] * 20
    )
    frame = pd.DataFrame({"hobbies": hobbies})
    first, second = answers(frame, 0)["hobbies"].distinctive, answers(frame, 1)["hobbies"].distinctive
    assert shares(first) == [("gaming", 0.6), ("reading", 1.0)]
    assert shares(second) == [("gardening", 1.0)]
    assert first[0].lift > first[1].lift
    assert first[0].members == 30
    assert first[0].share_everyone == pytest.approx(0.3, abs=0.03)


def test_an_answer_that_is_rarer_than_the_mode_is_never_the_most_common() -> None:
    occasions = ["birthday"] * 30 + ["father's day"] * 20 + ["birthday"] * 48 + ["father's day"] * 2
    field = answers(pd.DataFrame({"occasion": occasions}), 0)["occasion"]
    assert field.common[0].value == "birthdays"
    assert [answer.value for answer in field.distinctive] == ["father's day"]


def test_answers_common_everywhere_are_not_distinctive() -> None:
    frame = pd.DataFrame({"occasion": ["christmas", "christmas", "birthday", "christmas", "birthday"] * 20})
    field = answers(frame, 0)["occasion"]
    assert shares(field.common) == [("Christmas", 0.6), ("birthdays", 0.4)]
    assert field.distinctive == ()


def test_numbers_have_a_median_and_a_middle_half() -> None:
    frame = pd.DataFrame({"age": [*range(21, 71), *[30] * 50]})
    assert answers(frame, 0)["age"].number == NumberAnswer(median=45, low=33, high=58)
    assert answers(frame, 1)["age"].number == NumberAnswer(median=30, low=30, high=30)


def test_answers_of_fewer_than_five_members_are_not_shown() -> None:
    frame = pd.DataFrame({"occupation": [*["spy"] * 4, *[None] * 46, *["nurse"] * 50], "age": 30})
    assert "occupation" not in answers(frame, 0)


def test_every_persona_of_the_report_has_answers_in_both_lists(report: Report) -> None:
    for detail in report.details:
        assert len(detail.answers) >= 10
        assert any(field.distinctive for field in detail.answers)
        for field in detail.answers:
            by_share = [answer.share for answer in field.common]
            assert by_share == sorted(by_share, reverse=True)
