"""The posterior of the planted personas."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import adjusted_rand_score

from models.scoring.columns import FloatArray
from training.simulation.planted import CATALOGUE, NOBODY
from training.simulation.simulate import (
    DIFFICULTIES,
    Simulated,
    SimulationConfig,
    simulate,
)
from training.simulation.world import VALUES


def test_posterior_rows_sum_to_one(few: Simulated) -> None:
    chances = few.posterior()
    assert chances.shape == (300, 6)
    assert few.kinds == (*(persona.key for persona in CATALOGUE[:5]), NOBODY)
    np.testing.assert_allclose(chances.sum(axis=1), 1)


@pytest.fixture(
    scope="module",
    params=[
        SimulationConfig(rows=10_000, seed=1),
        SimulationConfig(rows=10_000, seed=2, overlap=DIFFICULTIES["hard"], noise=0.3, missing=0.4),
    ],
    ids=["easy", "hard, noisy and patchy"],
)
def weighed(request: pytest.FixtureRequest) -> tuple[Simulated, FloatArray]:
    simulated = simulate(request.param)
    return simulated, simulated.posterior()


def test_posterior_is_calibrated(weighed: tuple[Simulated, FloatArray]) -> None:
    simulated, posterior = weighed
    for chances, kind in zip(posterior.T, simulated.kinds, strict=True):
        came_true = simulated.truth == kind
        for rows in np.array_split(np.argsort(chances, kind="stable"), 20):
            expected = chances[rows].sum()
            spread = np.sqrt((chances[rows] * (1 - chances[rows])).sum())
            assert abs(came_true[rows].sum() - expected) < 4 * spread + 1, kind


def test_answers_and_gaps_add_nothing_to_the_posterior(weighed: tuple[Simulated, FloatArray]) -> None:
    simulated, posterior = weighed
    truth = simulated.truth[:, None] == np.array(simulated.kinds, dtype=object)
    signs = _signs(simulated.frame)
    left_over = signs.T @ (truth - posterior)
    spread = np.sqrt(signs.T @ (posterior * (1 - posterior)) + 1)
    assert np.abs(left_over / spread).max() < 4.5


def _signs(frame: pd.DataFrame) -> FloatArray:
    """What a profile shows, 0 or 1: each missing answer, each value given."""
    values = [pd.get_dummies(frame[name].explode(), prefix=name).groupby(level=0).max() for name in VALUES]
    return pd.concat([frame.isna(), *values], axis=1).to_numpy(dtype=np.float64)


def test_empty_profiles_have_a_posterior_near_the_prior() -> None:
    simulated = simulate(SimulationConfig(rows=20_000, missing=0.9, noise=0))
    chances = simulated.posterior()[simulated.frame.isna().all(axis=1).to_numpy()]
    assert len(chances) > 50
    np.testing.assert_allclose(chances, np.tile(chances[0], (len(chances), 1)))
    np.testing.assert_allclose(chances[0], simulated.world.prior, atol=0.05)


def test_agreement_falls_with_overlap() -> None:
    overlaps = (0.0, *DIFFICULTIES.values(), 1.0)
    ceilings = [_ceiling(SimulationConfig(rows=2_000, overlap=overlap)) for overlap in overlaps]
    assert ceilings == sorted(ceilings, reverse=True)
    assert ceilings[0] > 0.95
    assert ceilings[-1] < 0.01


def test_named_difficulties_have_the_stated_ceilings() -> None:
    for overlap, stated in zip(DIFFICULTIES.values(), (0.89, 0.73, 0.55), strict=True):
        assert _ceiling(SimulationConfig(rows=5_000, overlap=overlap)) == pytest.approx(stated, abs=0.03)


def _ceiling(config: SimulationConfig) -> float:
    simulated = simulate(config)
    somebody = simulated.planted
    return float(adjusted_rand_score(simulated.truth[somebody], simulated.best_persona()[somebody]))
