"""What is counted for partial profiles, and how sure they may be."""

import numpy as np
import pytest

from models.scoring.columns import CodeListColumn
from models.scoring.encoder import FieldEncoding
from models.scoring.imputation import known_rows
from models.scoring.scorer import Scorer
from training.clustering.fit import Fit
from training.partial.calibration import Calibrated
from training.partial.field_evidence import contributions, count_field, evidence, fill


def field(scorer: Scorer, name: str) -> tuple[int, FieldEncoding]:
    return next((index, encoding) for index, encoding in enumerate(scorer.encoder.fields) if encoding.name == name)


@pytest.mark.parametrize("name", ["age", "budget_range", "occupation", "hobbies"])
def test_fill_is_close_to_the_personas_mean_contribution(name: str, fitted: Fit, scorer: Scorer) -> None:
    index, encoding = field(scorer, name)
    column = fitted.encoded.columns[name]
    filled = fill(scorer.tables[index], count_field(encoding, column, fitted.clusters, fitted.k))
    moves, answered = contributions(encoding, scorer.tables[index], column), known_rows(column)
    for persona in range(fitted.k):
        mean = moves[answered & (fitted.clusters == persona)].mean(axis=0)
        np.testing.assert_allclose(filled[persona], mean, atol=0.03 * np.abs(mean).max() + 0.01)


@pytest.mark.parametrize("name", ["age", "budget_range", "occupation", "hobbies"])
def test_counts_subtract(name: str, fitted: Fit, scorer: Scorer) -> None:
    _, encoding = field(scorer, name)
    column, rows = fitted.encoded.columns[name], np.arange(len(fitted.encoded))
    some, others = rows[::3], np.setdiff1d(rows, rows[::3])
    whole, third, rest = (
        count_field(encoding, column.take(subset), fitted.clusters[subset], fitted.k)
        for subset in (rows, some, others)
    )
    np.testing.assert_allclose((whole - third).held, rest.held, atol=1e-6)
    np.testing.assert_allclose((whole - third).sizes, rest.sizes, atol=1e-6)


def test_list_length_is_no_evidence(scorer: Scorer) -> None:
    """Two personas tick the same boxes, one of them twice as many."""
    _, encoding = field(scorer, "hobbies")
    rng, values = np.random.default_rng(0), 12
    ticked = [rng.choice(values, 2 + 2 * (row % 2), replace=False) for row in range(4_000)]
    offsets = np.cumsum([0, *map(len, ticked)])
    column = CodeListColumn(np.concatenate(ticked).astype(np.int64), offsets, np.ones(4_000, np.bool_))
    log_evidence = evidence(encoding, count_field(encoding, column, np.arange(4_000) % 2, 2))
    gap = log_evidence.rows[:, 0] - log_evidence.rows[:, 1]
    constant = float(log_evidence.constant[0] - log_evidence.constant[1])
    assert abs(constant) < 0.05
    assert abs(gap[:values].mean()) < 0.05


def test_answer_kinds_hold_several_profiles(calibrated: Calibrated) -> None:
    imputation = calibrated.scorer.imputation
    assert imputation is not None
    for table in imputation.fields:
        assert table is not None
        np.testing.assert_allclose(table.kind_shares.sum(axis=0), 1.0)
        assert len(table.kinds) <= 16
