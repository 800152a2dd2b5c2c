"""The counts of an artifact: recounted one by one, bounded in number, and without small groups."""

from collections import Counter
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import pytest

from models.affinities.counts import MIN_GROUP, AffinityCounts
from models.profile import Profile
from models.scoring.columns import IntArray
from training.data.dataset import Dataset, from_frame
from training.personas.affinity_counts import MOST_CROSSED, MOST_VALUES, affinity_counts
from training.personas.describing import describe
from training.simulation.simulate import SimulationConfig, simulate

K = 4


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return from_frame(simulate(SimulationConfig(rows=700, seed=11, missing=0.2)).frame, Profile)


@pytest.fixture(scope="module")
def clusters(dataset: Dataset) -> IntArray:
    """Related to the answers, and of very different sizes."""
    ages = np.nan_to_num(dataset.columns["age"].values, nan=30)  # type: ignore[union-attr]
    return np.searchsorted([20, 35, 70], ages)


@pytest.fixture(scope="module")
def counts(dataset: Dataset, clusters: IntArray) -> AffinityCounts:
    return affinity_counts(dataset, clusters, K)


def answers(dataset: Dataset, field: str | None) -> list[set[str] | None]:
    """What each profile answered, as a set; None for no answer."""
    profiles = dataset.profiles(np.arange(len(dataset)))
    if field is None:
        fields = [answers(dataset, name) for name in ("last_gift_category", "gift_history")]
        pairs = zip(*fields, strict=True)
        return [None if a is None and b is None else (a or set()) | (b or set()) for a, b in pairs]
    values = [getattr(profile, field) for profile in profiles]
    return [None if v is None else set(v) if isinstance(v, tuple) else {str(v)} for v in values]


FIELDS = (None, "gift_history", "last_gift_category", "hobbies", "store_preference", "budget_range", "occupation")


@pytest.mark.parametrize("field", FIELDS)
def test_counts_are_those_of_the_rows(
    dataset: Dataset, clusters: IntArray, counts: AffinityCounts, field: str | None
) -> None:
    counted, by_row = counts.by_field[field], answers(dataset, field)
    tally = Counter(
        (cluster, v) for cluster, row in zip(clusters.tolist(), by_row, strict=True) for v in row or ()
    )
    answered = Counter(cluster for cluster, row in zip(clusters.tolist(), by_row, strict=True) if row is not None)
    exact = field in (None, "gift_history", "hobbies")
    for cluster in range(K):
        stated = counted.answered[cluster]
        assert stated is not None
        assert abs(stated - answered[cluster]) <= (0 if exact else 3)
        for value, count in zip(counted.values, counted.counts[cluster], strict=True):
            if count is not None:
                assert count == tally[cluster, value] >= MIN_GROUP
            elif field not in ("gift_history", "last_gift_category"):
                assert tally[cluster, value] < MIN_GROUP
    for index, value in enumerate(counted.values):
        everyone = sum(tally[cluster, value] for cluster in range(K))
        assert abs(counted.everyone[index] - everyone) <= 4


@pytest.mark.parametrize(
    ("field", "by"),
    [("store_preference", None), ("store_preference", "occasion"), ("budget_range", "gift_history")],
)
def test_crossed_counts_are_those_of_the_rows(
    dataset: Dataset, clusters: IntArray, counts: AffinityCounts, field: str, by: str | None
) -> None:
    pair = counts.by_pair[frozenset((field, by))]
    first, second = answers(dataset, pair.field), answers(dataset, pair.by)
    tally: Counter[Any] = Counter()
    answered: Counter[int] = Counter()
    for cluster, one, other in zip(clusters.tolist(), first, second, strict=True):
        if one is not None and other is not None:
            answered[cluster] += 1
            tally.update((cluster, *values) for values in product(one, other))
    assert [count or 0 for count in pair.answered] == [answered[cluster] for cluster in range(K)]
    assert len(pair.count) > 10
    for cluster, value, by_value, count in zip(pair.persona, pair.value, pair.by_value, pair.count, strict=True):
        assert count == tally[cluster, pair.values[value], pair.by_values[by_value]] >= MIN_GROUP


def test_no_line_of_crossed_fields_gives_a_single_withheld_count_away(
    dataset: Dataset, clusters: IntArray, counts: AffinityCounts
) -> None:
    """Both fields have one answer: cells of one store add up to the members with that store."""
    pair = counts.by_pair[frozenset(("store_preference", "budget_range"))]
    first, second = answers(dataset, pair.field), answers(dataset, pair.by)
    cells = set(zip(pair.persona, pair.value, pair.by_value, strict=True))
    tally = Counter(
        (cluster, *one, *other)
        for cluster, one, other in zip(clusters.tolist(), first, second, strict=True)
        if one and other
    )
    for cluster, (index, value) in product(range(K), enumerate(pair.values)):
        line = {by: tally[cluster, value, by_value] for by, by_value in enumerate(pair.by_values)}
        hidden = [count for by, count in line.items() if (cluster, index, by) not in cells]
        assert len(hidden) != 1 or sum(hidden) == 0 or len(line) == 1


def test_no_count_of_a_small_group_stands_in_the_document(counts: AffinityCounts) -> None:
    of_fields = [count for field in counts.fields for row in field.counts for count in row if count is not None]
    of_pairs = [count for pair in counts.pairs for count in pair.count]
    assert min(of_fields + of_pairs) >= MIN_GROUP == counts.minimum
    assert any(count is None for field in counts.fields for row in field.counts for count in row)


def test_numbers_are_counted_by_their_quintiles(dataset: Dataset, counts: AffinityCounts) -> None:
    ages = counts.by_field["age"]
    assert ages.values[0].startswith("up to ")
    assert ages.values[-1].startswith("more than ")
    totals = np.array(ages.everyone)
    assert abs(totals - totals.mean()).max() < 0.35 * totals.mean()


def test_two_gift_fields_are_not_crossed(counts: AffinityCounts) -> None:
    gifts = {None, "gift_history", "last_gift_category"}
    assert all(len(pair & gifts) < 2 for pair in counts.by_pair)


def test_values_and_pairs_are_bounded() -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "occupation": [f"job {number}" for number in rng.integers(0, 300, 9_000)],
            "store_preference": [f"shop {number}" for number in rng.integers(0, 300, 9_000)],
        }
    )
    counts = affinity_counts(from_frame(frame, Profile), np.zeros(9_000, np.int64), 1)
    assert len(counts.by_field["occupation"].values) == MOST_VALUES
    for pair in counts.pairs:
        assert max(len(pair.values), len(pair.by_values)) <= MOST_CROSSED


def test_lift_of_gifts_is_that_of_the_personas(
    dataset: Dataset, clusters: IntArray, counts: AffinityCounts
) -> None:
    gifts, personas = counts.by_field[None], describe(dataset, clusters, ("a", "b", "c", "d")).personas
    compared = 0
    for cluster, persona in enumerate(personas):
        lifts = {affinity.category: affinity.lift for affinity in persona.gift_affinities}
        for index, (value, count) in enumerate(zip(gifts.values, gifts.counts[cluster], strict=True)):
            answered, prior = gifts.answered[cluster], gifts.prior
            if count is not None and answered is not None and prior is not None:
                expected = answered * gifts.everyone[index] / gifts.everyone_answered
                assert (count + prior) / (expected + prior) == pytest.approx(lifts[value], abs=1e-4)
                compared += 1
    assert compared > 10


def test_data_without_answers_have_no_counts() -> None:
    empty = from_frame(pd.DataFrame({"age": [None] * 9}), Profile)
    counts = affinity_counts(empty, np.zeros(9, np.int64), 1)
    assert (counts.fields, counts.pairs) == ((), ())


def test_document_is_read_as_it_was_written(counts: AffinityCounts) -> None:
    assert AffinityCounts.model_validate_json(counts.model_dump_json()) == counts
    assert counts.fits(K)
    assert not counts.fits(K + 1)
