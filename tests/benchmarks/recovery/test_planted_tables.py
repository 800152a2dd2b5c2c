"""Real tables with planted labels: their profile classes, margins, dependence and most probable labels."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pydantic import BaseModel

from benchmarks.recovery.draws import permuted
from benchmarks.recovery.generators.drawn import Draw
from benchmarks.recovery.generators.tables.planted_tables import (
    VARIANTS,
    WITH_CLASSES,
    PlantedTables,
    posterior,
    tilted_weights,
)
from benchmarks.recovery.generators.tables.real_tables import ITEMS, real_table, typed_table
from benchmarks.recovery.generators.tables.smoothing import Smoothing
from models.profile.field_kinds import declared_fields
from training.errors import UnusableInput

# A folder of CSV files that are not ours to distribute.
REAL_TABLES = "REAL_TABLES"
ROWS = 600


def mixed_frame(count: int = 200) -> pd.DataFrame:
    """A column of every kind, one of one value, and some missing answers."""
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "Waiting time (min)": rng.exponential(10, count),
            "class": rng.integers(1, 6, count),
            "Town": rng.choice(np.array(["A", "B", None], object), count),
            "smokes": rng.choice([1, 2], count),
            "copy": np.where(rng.random(count) < 0.2, np.nan, rng.normal(size=count)),
            "constant": 1.0,
            **{f"likes {word}": rng.integers(0, 2, count) for word in ("tea", "jazz", "cats")},
        }
    )


@pytest.fixture(scope="module")
def iris() -> Draw:
    return PlantedTables().draw("iris", ROWS, 3, 1)


def kinds(profile_class: type[BaseModel]) -> dict[str, str]:
    return {spec.name: spec.kind.name for spec in declared_fields(profile_class)}


def test_columns_become_fields_of_their_kind() -> None:
    assert kinds(typed_table(mixed_frame(), None).profile_class) == {
        "waiting_time_min": "numeric",
        "column_class": "ordinal",
        "town": "categorical",
        "smokes": "categorical",
        "column_copy": "numeric",
        "items": "multi_label",
    }


def test_long_tail_is_a_logarithm() -> None:
    specs = {spec.name: spec for spec in declared_fields(typed_table(mixed_frame(), None).profile_class)}
    assert getattr(specs["waiting_time_min"].kind, "log", None) is True
    assert getattr(specs["column_copy"].kind, "log", None) is False


def test_names_of_columns_stay_different() -> None:
    frame = pd.DataFrame({"a b": [1.5, 2.5, 3.5], "a-b": [1.5, 2.5, 3.5], "A B": [1.0, 5.0, 7.0]})
    assert list(typed_table(frame, None).fields) == ["a_b", "a_b__2", "a_b__3"]


def test_smoothed_rows_of_every_kind_are_valid_profiles() -> None:
    table = typed_table(mixed_frame(), None)
    smoothing = Smoothing(table)
    rng = np.random.default_rng(0)
    frame = smoothing.frame(smoothing.draw(rng.integers(200, size=500), rng))
    for row in frame.to_dict("records"):
        table.profile_class.model_validate(row)
    assert frame["column_copy"].isna().mean() == pytest.approx(0.2, abs=0.07)
    assert frame[ITEMS].map(len).max() == 3


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_row_of_a_draw_is_in_its_dataset(variant: str) -> None:
    drawn = PlantedTables().draw(variant, 300, WITH_CLASSES.get(variant, 4), 1)
    assert len(drawn.dataset) == 300
    assert set(drawn.truth) == set(range(WITH_CLASSES.get(variant, 4)))


def test_one_seed_gives_one_draw(iris: Draw) -> None:
    again = PlantedTables().draw("iris", ROWS, 3, 1)
    pd.testing.assert_frame_equal(again.frame, iris.frame)
    assert not PlantedTables().draw("iris", ROWS, 3, 2).frame.equals(iris.frame)


def test_margins_and_dependence_are_those_of_the_table(iris: Draw) -> None:
    table = real_table("iris").fields.astype(float)
    drawn = iris.frame.astype(float)
    assert drawn.mean().to_numpy() == pytest.approx(table.mean().to_numpy(), rel=0.06)
    assert drawn.std().to_numpy() == pytest.approx(table.std().to_numpy(), rel=0.1)
    assert drawn.corr(method="spearman").to_numpy() == pytest.approx(
        table.corr(method="spearman").to_numpy(), abs=0.15
    )


def test_shuffled_fields_have_no_links(iris: Draw) -> None:
    correlation = permuted(iris.frame, 0).astype(float).corr().to_numpy()
    assert np.abs(correlation - np.eye(4)).max() < 0.15


def test_some_classes_of_a_table_with_many() -> None:
    assert set(PlantedTables().draw("digits", 300, 4, 1).truth) == {0, 1, 2, 3}


@pytest.mark.parametrize("variant", ["iris", "diabetes_tilted"])
def test_most_probable_labels_are_calibrated(variant: str) -> None:
    smoothing = Smoothing(real_table(variant.removesuffix("_tilted")))
    rng = np.random.default_rng(0)
    count = len(smoothing.table.fields)
    classes = smoothing.table.classes
    weights = tilted_weights(smoothing, 3, rng) if classes is None else np.eye(3)[:, classes] / count
    labels = rng.choice(3, 4_000, p=weights.sum(axis=1) / weights.sum())
    sources = np.array([rng.choice(count, p=weights[label] / weights[label].sum()) for label in labels])
    shares = posterior(smoothing, smoothing.draw(sources, rng), weights)
    hit = shares.argmax(axis=1) == labels
    assert hit.mean() == pytest.approx(shares.max(axis=1).mean(), abs=0.02)
    # Weights of other personas, in another order, are right less often.
    other = posterior(smoothing, smoothing.draw(sources, rng), np.roll(weights, 1, axis=0))
    assert (other.argmax(axis=1) == labels).mean() < hit.mean() - 0.2


def test_density_of_missing_and_other_answers_is_that_of_the_formula() -> None:
    smoothing = Smoothing(typed_table(mixed_frame(60), None))
    rng = np.random.default_rng(0)
    sources = rng.integers(60, size=3_000)
    logs = smoothing.log_density(smoothing.draw(sources, rng))
    shares = np.exp(logs - logs.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    assert shares[np.arange(3_000), sources].mean() == pytest.approx((shares**2).sum(axis=1).mean(), abs=0.02)


def test_tilted_personas_have_unequal_sizes_and_enough_rows() -> None:
    smoothing = Smoothing(real_table("diabetes"))
    weights = tilted_weights(smoothing, 4, np.random.default_rng(0))
    assert weights.sum(axis=1) == pytest.approx(0.8 ** np.arange(4))
    effective = weights.sum(axis=1) ** 2 / (weights**2).sum(axis=1)
    assert effective.min() > 50


def test_missing_file_is_refused_by_name() -> None:
    with pytest.raises(UnusableInput, match=r"no_such\.csv"):
        real_table("no_such.csv")


@pytest.mark.parametrize("name", ["young_people", "volunteers", "mall_customers"])
def test_table_of_a_file_can_be_planted(name: str) -> None:
    path = Path(os.environ.get(REAL_TABLES, "")) / f"{name}.csv"
    if not path.exists():
        pytest.skip(f"{name}.csv is not in the folder that the variable {REAL_TABLES} names")
    drawn = PlantedTables().draw(str(path), 300, 4, 1)
    assert len(drawn.dataset) == 300
    assert 0.1 < drawn.ceiling < 1
