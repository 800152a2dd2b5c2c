"""The tables count what they say they count."""

import numpy as np
import pandas as pd
import pytest

from models.profile import Profile
from training.clustering.fit import Fit
from training.data.dataset import Dataset, from_frame
from training.report.analysis.counts.answers import number_tables, value_tables
from training.report.analysis.counts.tables import (
    MOST_LIFT_ROWS,
    age_bands,
    gifts_by_age,
    history_against_hobbies,
    history_by_hobby,
    lift_rows,
    snake_rows,
)
from training.report.document import Report


def gamers_and_gardeners() -> Dataset:
    """Forty of each: gamers give electronics, gardeners plants, and ten of either kind the other thing."""
    gamers = [("electronics", 30), ("plants", 10)]
    gardeners = [("electronics", 10), ("plants", 30)]
    rows = [
        {"hobbies": [hobby], "gift_history": [gift], "age": age}
        for hobby, gifts, age in (("gaming", gamers, 20), ("gardening", gardeners, 60))
        for gift, count in gifts
        for _ in range(count)
    ]
    return from_frame(pd.DataFrame(rows), Profile)


def test_lifts_of_gifts_by_hobby_are_counted() -> None:
    matrix = history_by_hobby(history_against_hobbies(gamers_and_gardeners()))
    assert matrix is not None
    assert (matrix.rows, matrix.columns) == (("gaming", "gardening"), ("electronics", "plants"))
    assert matrix.values == ((1.5, 0.5), (0.5, 1.5))


def test_cells_with_few_profiles_are_none() -> None:
    dataset = gamers_and_gardeners().take(np.concatenate([np.arange(40), np.arange(40, 46)]))
    matrix = history_by_hobby(history_against_hobbies(dataset))
    assert matrix is not None
    assert matrix.values[1] == (None, None)


def test_gifts_by_age_are_shares_of_those_who_answered() -> None:
    dataset = gamers_and_gardeners()
    matrix = gifts_by_age(dataset, age_bands(dataset))
    assert matrix is not None
    assert (matrix.rows, matrix.columns) == (("electronics", "plants"), ("below 30", "30 and over"))
    assert matrix.values == ((0.75, 0.25), (0.25, 0.75))


def test_profile_class_without_the_fields_has_no_matrix() -> None:
    dataset = from_frame(pd.DataFrame({"occupation": ["nurse", "cook"] * 20}), Profile)
    assert history_by_hobby(history_against_hobbies(dataset)) is None
    assert gifts_by_age(dataset, age_bands(dataset)) is None


def test_lift_rows_hold_significant_values(report: Report) -> None:
    assert 10 <= len(report.lifts) <= MOST_LIFT_ROWS
    assert all(any(row.significant) for row in report.lifts)
    assert len({(row.field, row.value) for row in report.lifts}) == len(report.lifts)


def test_lift_rows_are_grouped_by_field(report: Report) -> None:
    fields = [row.field for row in report.lifts]
    assert fields == sorted(fields, key=list(Profile.model_fields).index)


def test_random_clusters_have_no_lift_rows(dataset: Dataset) -> None:
    lot = np.random.default_rng(0).integers(3, size=len(dataset))
    assert lift_rows(value_tables(dataset, lot, 3)) == ()


def test_snake_rows_compare_numbers_and_levels(dataset: Dataset, fitted: Fit) -> None:
    rows = {row.title: row for row in snake_rows(number_tables(dataset, fitted.clusters, fitted.k))}
    assert list(rows) == ["age", "budget range", "purchases last year", "lead time days", "recipient age"]
    ages = pd.Series(dataset.columns["age"].values)  # type: ignore[union-attr]
    assert rows["age"].means == pytest.approx(ages.groupby(fitted.clusters).mean().tolist(), abs=1e-4)
    assert 0 <= rows["budget range"].mean_everyone <= 2


def test_numbers_of_fewer_than_five_members_are_not_shown() -> None:
    dataset = from_frame(pd.DataFrame({"age": [20, 30, 40, 50, 60, 99]}), Profile)
    (row,) = snake_rows(number_tables(dataset, np.array([0, 0, 0, 0, 0, 1]), 2))
    assert (row.differences[1], row.means) == (None, (40.0, None))
    assert "99" not in row.model_dump_json()


def test_shares_of_fewer_than_five_members_are_not_shown() -> None:
    dataset = from_frame(pd.DataFrame({"occasion": ["birthday"] * 60 + ["christmas"] * 64}), Profile)
    groups = np.array([0] * 60 + [1] * 60 + [2] * 4)
    rows = lift_rows(value_tables(dataset, groups, 3))
    assert {row.shares[2] for row in rows} == {None}


def test_people_with_long_lists_do_not_raise_the_lifts_of_all_pairs() -> None:
    rng = np.random.default_rng(0)
    hobbies, gifts = ["gaming", "gardening", "reading", "cooking"], ["books", "electronics", "plants", "wine"]
    many = [(hobbies[:3], gifts[:3]), (hobbies[1:], gifts[1:])] * 50
    few = [([hobbies[rng.integers(4)]], [gifts[rng.integers(4)]]) for _ in range(300)]
    frame = pd.DataFrame([{"hobbies": one, "gift_history": other} for one, other in [*many, *few]])
    pairs = history_against_hobbies(from_frame(frame, Profile))
    assert pairs is not None
    assert np.average(pairs.lifts, weights=pairs.expected) == pytest.approx(1.0)
    assert (pairs.lifts < 1).sum() >= 4
