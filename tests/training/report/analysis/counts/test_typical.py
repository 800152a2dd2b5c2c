"""Typical answers come from aggregates."""

import numpy as np
import pandas as pd

from models.profile import Profile
from training.data.dataset import from_frame
from training.report.analysis.counts.answers import value_tables
from training.report.analysis.counts.typical import typical_profiles
from training.report.document import Report, Typical

GROUPS = np.repeat([0, 1], 50)


def typical(frame: pd.DataFrame, cluster: int) -> dict[str, Typical]:
    dataset = from_frame(frame, Profile)
    typical = typical_profiles(dataset, value_tables(dataset, GROUPS, 2), GROUPS, 2)
    return {answer.title: answer for answer in typical[cluster]}


def test_common_and_lifted_values_come_before_values_common_everywhere() -> None:
    hobbies = (
        [["reading", "gaming"]] * 30 + [["reading"]] * 20 + [["reading", "gardening"]] * 40 + [["reading"]] * 10
    )
    frame = pd.DataFrame({"hobbies": hobbies})
    assert typical(frame, 0)["hobbies"] == Typical(title="hobbies", answer="gaming", share=0.6)
    assert typical(frame, 1)["hobbies"] == Typical(title="hobbies", answer="gardening", share=0.8)


def test_most_common_value_is_typical_without_lifts() -> None:
    frame = pd.DataFrame({"occasion": ["christmas", "christmas", "birthday", "christmas", "birthday"] * 20})
    assert typical(frame, 0)["occasion"] == Typical(title="occasion", answer="Christmas", share=0.6)


def test_typical_number_is_median_and_middle_half() -> None:
    frame = pd.DataFrame({"age": [*range(21, 71), *[30] * 50]})
    assert typical(frame, 0)["age"].answer == "45 (33–58)"
    assert typical(frame, 1)["age"].answer == "30"


def test_typical_level_is_the_most_common() -> None:
    frame = pd.DataFrame({"budget_range": ["low"] * 30 + ["high"] * 20 + ["high"] * 50})
    assert typical(frame, 0)["budget range"] == Typical(title="budget range", answer="low", share=0.6)


def test_values_of_fewer_than_five_members_are_not_typical() -> None:
    frame = pd.DataFrame({"occupation": [*["spy"] * 4, *[None] * 46, *["nurse"] * 50], "age": 30})
    assert "occupation" not in typical(frame, 0)


def test_every_persona_has_typical_answers(report: Report) -> None:
    assert all(len(detail.typical) >= 10 for detail in report.details)
    assert len({tuple(detail.typical) for detail in report.details}) == 5
