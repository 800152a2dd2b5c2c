"""Simulated profiles for all tests of the simulator."""

import pytest

from training.simulation.simulate import (
    Simulated,
    SimulationConfig,
    simulate,
)


@pytest.fixture(scope="session")
def many() -> Simulated:
    return simulate(SimulationConfig(rows=20_000, seed=7))


@pytest.fixture(scope="session")
def few() -> Simulated:
    return simulate(SimulationConfig(rows=300, seed=7))
