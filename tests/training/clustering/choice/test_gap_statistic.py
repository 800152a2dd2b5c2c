"""The gap statistic rises to the number of groups, and halves and reference draws say how sure that is."""

from collections.abc import Iterator

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from models.scoring.columns import FloatArray
from training.clustering.choice.gap_statistic import GapCurve, gap_curve, on_plateau
from training.config import TrainingConfig

KS = (1, 2, 3, 4, 5)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """As in a fit: K-Means alone would use every core."""
    with threadpool_limits(1):
        yield


def groups(count: int, rows: int = 300, apart: float = 10.0) -> FloatArray:
    rng = np.random.default_rng(count)
    angles = 2 * np.pi * np.arange(count) / count
    centres = apart * np.column_stack([np.cos(angles), np.sin(angles)])
    return np.asarray(np.repeat(centres, rows // count, axis=0) + rng.normal(size=(rows // count * count, 2)))


def curve_of(scores: FloatArray, references: int = 4, halves: int = 3, plateau: float = 0.2) -> GapCurve:
    config = TrainingConfig(references=references, plateau=plateau)
    return gap_curve(scores, KS, halves, config, np.random.default_rng(0), lambda _: None)


def test_plateau_begins_where_little_of_the_rise_is_left() -> None:
    gaps = np.array([0.0, 0.5, 0.85, 1.0, 0.9])
    assert on_plateau(gaps, 0.0) == 3
    assert on_plateau(gaps, 0.2) == 2
    assert on_plateau(gaps, 0.5) == 1


def test_falling_gap_means_one_segment() -> None:
    assert on_plateau(np.array([1.0, 0.9, 0.95]), 0.2) == 0


def test_gap_rises_to_the_number_of_groups() -> None:
    curve = curve_of(groups(3))
    assert on_plateau(curve.gaps, 0.2) == 2
    assert curve.gaps.argmax() == 2
    assert curve.inertias.tolist() == sorted(curve.inertias, reverse=True)
    assert curve.errors.shape == (5,)


def test_halves_have_gaps_like_those_of_all_profiles() -> None:
    curve = curve_of(groups(3), halves=6)
    assert curve.halves.shape == (6, 5)
    assert np.abs(curve.halves - curve.gaps).max() < 0.25


def test_clear_choice_needs_no_more_references() -> None:
    assert len(curve_of(groups(3)).references) == 4


def test_more_references_are_drawn_where_the_choice_is_near() -> None:
    scores = groups(3)
    gaps = curve_of(scores, references=40).gaps
    # A plateau that begins at what two groups reach.
    plateau = (gaps.max() - gaps[1]) / (gaps.max() - gaps[0])
    assert len(curve_of(scores, plateau=plateau).references) > 4


def test_references_of_many_rows_are_a_smaller_draw() -> None:
    # Twice as many rows of the same distribution: a gap does not depend on how many there are.
    rng = np.random.default_rng(0)
    scores = rng.normal(size=(6_000, 2)).clip(-3, 3)
    small, large = curve_of(scores[:2_400]), curve_of(scores)
    assert small.gaps == pytest.approx(large.gaps, abs=0.05)


def test_gaps_of_a_few_profiles_are_finite() -> None:
    curve = curve_of(np.arange(12.0).reshape(6, 2))
    assert np.isfinite(curve.gaps).all()
    assert np.isfinite(curve.halves).all()


def test_progress_is_reported_from_none_to_most() -> None:
    shares: list[float] = []
    gap_curve(groups(2), KS, 1, TrainingConfig(references=2), np.random.default_rng(0), shares.append)
    assert shares == sorted(shares)
    assert shares[0] == 0.0
    assert shares[-1] <= 1.0
