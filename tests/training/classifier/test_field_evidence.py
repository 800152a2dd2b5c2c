"""Field evidence: counts that subtract, and log ratios that follow from them."""

import numpy as np
import pytest
from scipy.stats import norm

from models.scoring.columns import CodeColumn, CodeListColumn, NumberColumn
from models.scoring.encoder import FieldEncoding
from models.scoring.evidence import evidence_of_column
from training.classifier.field_evidence import (
    PRIOR_ANSWERS,
    PRIOR_NUMBERS,
    FieldCounts,
    count_field,
    evidence,
    tempered,
)
from training.clustering.fit import Fit


def field(fitted: Fit, name: str) -> FieldEncoding:
    return next(encoding for encoding in fitted.encoder.fields if encoding.name == name)


@pytest.mark.parametrize("name", ["age", "budget_range", "occupation", "hobbies"])
def test_counts_subtract(name: str, fitted: Fit) -> None:
    encoding, column, rows = field(fitted, name), fitted.encoded.columns[name], np.arange(len(fitted.encoded))
    some, others = rows[::3], np.setdiff1d(rows, rows[::3])
    whole, third, rest = (
        count_field(encoding, column.take(subset), fitted.clusters[subset], fitted.k)
        for subset in (rows, some, others)
    )
    np.testing.assert_allclose((whole - third).held, rest.held, atol=1e-6)
    np.testing.assert_allclose((whole - third).answered, rest.answered)


def test_evidence_of_a_choice_is_the_log_ratio_of_smoothed_shares(fitted: Fit) -> None:
    encoding, rng = field(fitted, "occupation"), np.random.default_rng(0)
    codes, owners = rng.integers(0, 3, 300), rng.integers(0, 2, 300)
    ratios = evidence(encoding, count_field(encoding, CodeColumn(codes), owners, 2))
    values = len(encoding.values)
    everyone = ((codes == 1).sum() + 0.5) / (300 + 0.5 * values)
    for persona in (0, 1):
        held, size = ((codes == 1) & (owners == persona)).sum(), (owners == persona).sum()
        share = (held + PRIOR_ANSWERS * everyone) / (size + PRIOR_ANSWERS)
        assert ratios.constant[persona] + ratios.rows[1, persona] == pytest.approx(np.log(share / everyone))
    assert ratios.rows[1, 2] == pytest.approx(np.log(everyone))


def test_evidence_of_a_number_is_the_quotient_of_two_normal_densities(fitted: Fit) -> None:
    encoding, rng = field(fitted, "age"), np.random.default_rng(0)
    owners = np.arange(400) % 2
    x = rng.normal(40 + 12 * owners, 6 + 3 * owners)
    ratios = evidence(encoding, count_field(encoding, NumberColumn(x), owners, 2))
    numbers = evidence_of_column(ratios, encoding, NumberColumn(np.array([33.0, 60.0])))
    overall = norm(x.mean(), x.std())
    np.testing.assert_allclose(numbers[:, 2], overall.logpdf([33.0, 60.0]), atol=1e-9)
    for persona in (0, 1):
        own = x[owners == persona] - x.mean()
        mean = own.sum() / (len(own) + PRIOR_NUMBERS)
        variance = (((own - mean) ** 2).sum() + PRIOR_NUMBERS * x.var()) / (len(own) + PRIOR_NUMBERS)
        density = norm(x.mean() + mean, variance**0.5)
        expected = density.logpdf([33.0, 60.0]) - overall.logpdf([33.0, 60.0])
        np.testing.assert_allclose(numbers[:, persona], expected, atol=1e-9)


def test_list_length_is_no_evidence(fitted: Fit) -> None:
    """Two personas tick the same boxes, one of them twice as many."""
    rng, values = np.random.default_rng(0), 12
    ticked = [rng.choice(values, 2 + 2 * (row % 2), replace=False) for row in range(4_000)]
    ratios = evidence(field(fitted, "hobbies"), count_field(field(fitted, "hobbies"), lists(ticked), halves(), 2))
    gap = ratios.rows[:, 0] - ratios.rows[:, 1]
    assert abs(float(ratios.constant[0] - ratios.constant[1])) < 0.05
    assert abs(gap[:values].mean()) < 0.05


def test_list_length_is_evidence_where_it_counts(fitted: Fit) -> None:
    rng, values = np.random.default_rng(0), 12
    ticked = [rng.choice(values, 2 + 2 * (row % 2), replace=False) for row in range(4_000)]
    encoding = field(fitted, "hobbies")
    counts = count_field(encoding, lists(ticked), halves(), 2)
    ratios = evidence(encoding, counts, length_counts=True)
    odds = evidence_of_column(ratios, encoding, lists([np.array([0, 3]), np.array([0, 3, 5, 7])]))
    assert odds[0, 0] > odds[0, 1]
    assert odds[1, 1] > odds[1, 0]


def lists(ticked: list[np.ndarray]) -> CodeListColumn:
    offsets = np.cumsum([0, *map(len, ticked)])
    return CodeListColumn(np.concatenate(ticked).astype(np.int64), offsets, np.ones(len(ticked), np.bool_))


def halves() -> np.ndarray:
    return np.arange(4_000) % 2


@pytest.mark.parametrize("name", ["age", "occupation", "hobbies"])
def test_field_without_an_answer_is_no_evidence(name: str, fitted: Fit) -> None:
    encoding = field(fitted, name)
    terms = 2 if encoding.is_number else len(encoding.values)
    ratios = evidence(encoding, FieldCounts(np.zeros(3), np.zeros((terms, 3))))
    assert not ratios.rows.any()
    assert not ratios.constant.any()


def test_lists_that_are_all_empty_say_next_to_nothing(fitted: Fit) -> None:
    encoding = field(fitted, "hobbies")
    ratios = evidence(encoding, FieldCounts(np.array([7.0, 3.0]), np.zeros((len(encoding.values), 2))))
    assert np.isfinite(ratios.rows).all()
    np.testing.assert_allclose(ratios.constant, 0.0, atol=1e-6)


def test_exponent_multiplies_the_evidence_and_not_the_likelihood_among_everyone(fitted: Fit) -> None:
    encoding = field(fitted, "hobbies")
    whole = evidence(encoding, count_field(encoding, fitted.encoded.columns["hobbies"], fitted.clusters, fitted.k))
    half = tempered(whole, 0.5)
    np.testing.assert_allclose(half.rows[:, :-1], 0.5 * whole.rows[:, :-1])
    np.testing.assert_array_equal(half.rows[:, -1], whole.rows[:, -1])
    np.testing.assert_array_equal(half.constant[-1], whole.constant[-1])
