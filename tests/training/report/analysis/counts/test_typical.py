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
    found = typical_profiles(dataset, value_tables(dataset, GROUPS, 2), GROUPS, 2)
    return {each.title: each for each in found[cluster]}


def test_what_is_common_and_lifted_comes_before_what_is_common_everywhere() -> None:
    hobbies = (
        [["reading", "gaming"]] * 30 + [["reading"]] * 20 + [["reading", "gardening"]] * 40 + [["reading"]] * 10
    )
    frame = pd.DataFrame({"hobbies": hobbies})
    assert typical(frame, 0)["hobbies"] == Typical(title="hobbies", answer="gaming", share=0.6)
    assert typical(frame, 1)["hobbies"] == Typical(title="hobbies", answer="gardening", share=0.8)


def test_where_nothing_is_lifted_the_most_common_is_typical() -> None:
    frame = pd.DataFrame({"occasion": ["christmas", "christmas", "birthday", "christmas", "birthday"] * 20})
    assert typical(frame, 0)["occasion"] == Typical(title="occasion", answer="Christmas", share=0.6)


def test_numbers_have_a_median_and_a_middle_half() -> None:
    frame = pd.DataFrame({"age": [*range(21, 71), *[30] * 50]})
    assert typical(frame, 0)["age"].answer == "45 (33–58)"
    assert typical(frame, 1)["age"].answer == "30"


def test_levels_are_the_most_common_ones() -> None:
    frame = pd.DataFrame({"budget_range": ["low"] * 30 + ["high"] * 20 + ["high"] * 50})
    assert typical(frame, 0)["budget range"] == Typical(title="budget range", answer="low", share=0.6)


def test_what_fewer_than_five_say_is_not_typical() -> None:
    frame = pd.DataFrame({"occupation": [*["spy"] * 4, *[None] * 46, *["nurse"] * 50], "age": 30})
    assert "occupation" not in typical(frame, 0)


def test_every_persona_has_its_typical_answers(report: Report) -> None:
    assert all(len(detail.typical) >= 10 for detail in report.details)
    assert len({tuple(detail.typical) for detail in report.details}) == 5
