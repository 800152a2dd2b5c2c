"""The encoder that training learns: its weights, its vocabularies, and how it treats what is missing."""

import numpy as np
import pandas as pd
import pytest

from models.profile import Profile
from training.clustering.encoding import ProfileEncoder
from training.data.dataset import Dataset, from_frame
from training.errors import UnusableInput


def encoder(damping: float = 0.0, **answers: list[object]) -> ProfileEncoder:
    estimator = ProfileEncoder(min_value_count=1, rare_damping=damping)
    return estimator.fit(from_frame(pd.DataFrame(answers), Profile))


def encode(damping: float = 0.0, **answers: list[object]) -> pd.DataFrame:
    frame = pd.DataFrame(answers)
    fitted = encoder(damping, **answers)
    return pd.DataFrame(fitted.transform(frame), columns=fitted.get_feature_names_out())


def test_numbers_become_z_scores() -> None:
    age = encode(age=[20, 30, 40])["age"]
    np.testing.assert_allclose(age, [-np.sqrt(1.5), 0, np.sqrt(1.5)])


def test_counts_become_logarithms() -> None:
    count = encode(purchases_last_year=[0, 9, 99])["purchases_last_year"]
    np.testing.assert_allclose(np.diff(count)[0], np.diff(count)[1])


def test_ordinal_levels_are_equally_far_apart() -> None:
    level = encode(budget_range=["low", "medium", "high"])["budget_range"]
    np.testing.assert_allclose(level, [-np.sqrt(1.5), 0, np.sqrt(1.5)])


def test_choice_is_divided_by_the_root_of_its_share() -> None:
    columns = encode(occupation=["nurse", "nurse", "nurse", "cook"])
    np.testing.assert_allclose(columns["occupation=nurse"], (np.array([1, 1, 1, 0]) - 0.75) / np.sqrt(0.75))
    np.testing.assert_allclose(columns["occupation=cook"], (np.array([0, 0, 0, 1]) - 0.25) / np.sqrt(0.25))


def test_ticks_are_divided_by_the_root_of_list_length_and_standardised() -> None:
    columns = encode(hobbies=[["a"], ["a", "b"], ["b", "a"], []])
    ticks = np.array([1, 1 / np.sqrt(2), 1 / np.sqrt(2), 0])
    np.testing.assert_allclose(columns["hobbies=a"], (ticks - ticks.mean()) / ticks.std())


def test_value_with_a_share_equal_to_the_damping_has_half_of_its_variance() -> None:
    age: list[object] = [20, 30, 40, 50]
    occupation: list[object] = ["nurse", "nurse", "nurse", "cook"]
    hobbies: list[object] = [["a"], ["b"], ["b"], ["b"]]
    damped, plain = (encode(d, age=age, occupation=occupation, hobbies=hobbies) for d in (0.25, 0.0))
    ratio = damped.var() / plain.var()
    assert ratio["age"] == pytest.approx(1.0)
    np.testing.assert_allclose(ratio[["occupation=cook", "hobbies=a"]], 0.5)
    np.testing.assert_allclose(ratio[["occupation=nurse", "hobbies=b"]], 0.75)


def test_missing_answer_is_zero_and_does_not_change_what_is_learned() -> None:
    with_gap = encode(age=[20, None, 40], hobbies=[["a"], None, []])
    assert (with_gap.iloc[1] == 0).all()
    np.testing.assert_allclose(with_gap["age"].iloc[[0, 2]], [-1, 1])


def test_empty_list_is_an_answer() -> None:
    columns = encode(hobbies=[["a"], [], []])
    np.testing.assert_allclose(columns["hobbies=a"], [np.sqrt(2), -np.sqrt(0.5), -np.sqrt(0.5)])


def test_rare_values_share_a_column() -> None:
    occupations = ["nurse"] * 500 + ["clown"] * 2 + ["diver"] * 2
    frame = pd.DataFrame({"occupation": occupations})
    fitted = ProfileEncoder(min_value_count=1).fit(frame)
    assert list(fitted.get_feature_names_out())[1:3] != []
    assert "occupation=rare values" in fitted.get_feature_names_out()
    vectors = fitted.transform(frame)
    np.testing.assert_array_equal(vectors[-1], vectors[-3])


def test_values_of_too_few_profiles_are_not_learned() -> None:
    frame = pd.DataFrame({"occupation": ["nurse"] * 20 + ["the only diver"] * 4})
    fitted = ProfileEncoder(min_value_count=5).fit(frame)
    occupation = next(field for field in fitted.encoder_.fields if field.name == "occupation")
    assert occupation.values == ("nurse",)


def test_constant_column_has_weight_zero() -> None:
    assert (encode(age=[30, 30], occupation=["nurse", "nurse"]) == 0).all().all()


def test_single_row_is_encoded_as_in_a_batch(dataset: Dataset) -> None:
    fitted = ProfileEncoder().fit(dataset)
    together = fitted.transform(dataset.take(np.arange(50)))
    alone = np.vstack([fitted.transform(dataset.take(np.array([row]))) for row in range(50)])
    np.testing.assert_array_equal(together, alone)


def test_learned_columns_have_mean_zero(dataset: Dataset) -> None:
    vectors = ProfileEncoder().fit_transform(dataset)
    np.testing.assert_allclose(vectors.mean(axis=0), 0, atol=1e-9)


def test_row_that_does_not_fit_the_profile_is_refused() -> None:
    fitted = encoder(age=[20, 30])
    with pytest.raises(UnusableInput, match="1 rows do not fit"):
        fitted.transform(pd.DataFrame({"age": [5]}))
