"""A calibrated scorer for all tests of calibration."""

import pytest

from training.calibration.calibration import Calibrated, calibrate
from training.clustering.fit import Fit


@pytest.fixture(scope="module")
def calibrated(fitted: Fit) -> Calibrated:
    return calibrate(fitted, 0)
