"""Data quality: what is answered, what is rare, and whether lengths give the personas away."""

import numpy as np
import pandas as pd
import pytest

from models.profile import Profile
from training.clustering.encoding import ProfileEncoder
from training.config import TrainingConfig
from training.data.dataset import from_frame
from training.report.analysis.counts.quality import beats_chance, data_quality, explained, list_lengths
from training.report.document import ListLength, Report

GROUPS = np.repeat([0, 1], 50)


def test_lengths_determined_by_the_group_are_explained_completely() -> None:
    assert explained(np.where(GROUPS == 0, 2.0, 5.0), GROUPS, 2) == pytest.approx(1.0)


def test_lengths_independent_of_the_group_are_not_explained() -> None:
    assert explained(np.tile([1.0, 4.0], 50), GROUPS, 2) == pytest.approx(0.0)


def test_explained_share_is_half_for_half_of_the_variance() -> None:
    # Between the groups ±1 around 5, within them ±1 around their mean.
    values = np.where(GROUPS == 0, 4.0, 6.0) + np.tile([-1.0, 1.0], 50)
    assert explained(values, GROUPS, 2) == pytest.approx(0.5)


def test_equal_lengths_are_explained_by_zero() -> None:
    assert explained(np.full(100, 3.0), GROUPS, 2) == 0.0


def test_list_length_counts_only_profiles_that_answered() -> None:
    hobbies = [["reading"]] * 30 + [None] * 30 + [["reading", "gaming"]] * 30
    dataset = from_frame(pd.DataFrame({"hobbies": hobbies, "age": [30] * 90}), Profile)
    (quality,) = list_lengths(dataset, np.repeat([0, 0, 1], 30), 2)
    assert (quality.field, quality.explained, quality.mean_lengths) == ("hobbies", 1.0, (1.0, 2.0))


def test_large_explained_share_of_few_answers_may_be_chance() -> None:
    length = ListLength(field="hobbies", title="hobbies", explained=0.24, mean_lengths=(2.0, 3.0))
    assert beats_chance(length, 100)
    assert not beats_chance(length, 9)


def test_rare_values_are_those_without_their_own_column() -> None:
    occupations = ["nurse"] * 60 + ["cook"] * 30 + ["pilot"] * 6 + ["judge"] * 6 + ["spy"] * 2
    dataset = from_frame(pd.DataFrame({"occupation": occupations}), Profile)
    encoder = ProfileEncoder.configured(Profile, TrainingConfig(rare_share=0.1)).fit(dataset).encoder_
    fields = data_quality(dataset, encoder, np.zeros(104, np.int64), 1).fields
    quality = next(field for field in fields if field.field == "occupation")
    assert (quality.values, quality.rare_values, quality.answered) == (5, 3, 1.0)


def test_every_field_has_its_quality(report: Report) -> None:
    fields = {field.field: field for field in report.data.fields}
    assert list(fields) == list(Profile.model_fields)
    assert 0.8 < fields["age"].answered < 1
    assert fields["age"].values is None
    assert fields["budget_range"].values == 3
    assert 3 < (fields["hobbies"].mean_ticks or 0) < 6


def test_personas_do_not_explain_list_lengths(report: Report) -> None:
    assert max(length.explained for length in report.data.list_lengths) < 0.10
