"""The recipient's age follows who the recipient is and the giver's age, and changes no other answer."""

import numpy as np
import pandas as pd
import pytest

from training.simulation.population import CHOICES
from training.simulation.recipients import AGES
from training.simulation.simulate import Simulated, SimulationConfig, simulate


@pytest.fixture(scope="module")
def many() -> Simulated:
    return simulate(SimulationConfig(rows=20_000))


def differences(many: Simulated, relationship: str) -> pd.Series:
    """The recipients' ages less the givers'."""
    frame = many.frame[many.frame["relationship"] == relationship]
    return (frame["recipient_age"] - frame["age"]).dropna()


def test_every_relationship_has_an_age() -> None:
    assert set(AGES) == {value for values in CHOICES["relationship"].values() for value in values}


def test_partners_are_as_old_as_the_giver_and_parents_a_generation_older(many: Simulated) -> None:
    assert abs(differences(many, "partner").mean()) < 1
    assert 25 < differences(many, "parent").mean() < 33
    assert differences(many, "grandchild").max() < 0


def test_colleagues_are_of_working_age_whatever_the_givers(many: Simulated) -> None:
    colleagues = many.frame[many.frame["relationship"] == "colleague"]
    assert 35 < colleagues["recipient_age"].mean() < 50
    ages = colleagues[["age", "recipient_age"]].dropna().to_numpy(np.float64)
    assert abs(np.corrcoef(ages.T)[0, 1]) < 0.1


def test_ages_are_valid_answers(many: Simulated) -> None:
    assert many.frame["recipient_age"].dropna().between(0, 120).all()


def test_age_is_left_out_more_often_where_the_relationship_is(many: Simulated) -> None:
    is_left_out, unsaid = many.frame["recipient_age"].isna(), many.frame["relationship"].isna()
    assert is_left_out[unsaid].mean() > 1.5 * is_left_out[~unsaid].mean()


def test_age_says_nothing_of_the_kind_beyond_the_other_answers(many: Simulated) -> None:
    # Given the relationship and the giver's age, the rest of the age is noise: it is alike for all kinds.
    friends = many.frame[(many.frame["relationship"] == "friend") & many.frame["age"].between(30, 50)]
    rest = (friends["recipient_age"] - friends["age"]).astype(float)
    means = rest.groupby(many.truth[friends.index]).agg(["mean", "sem"])
    assert (np.abs(means["mean"]) < 4 * means["sem"]).all()
