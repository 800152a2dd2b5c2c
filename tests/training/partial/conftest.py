"""A compiled and a calibrated scorer for all tests of partial profiles."""

import pytest

from models.scoring.scorer import Scorer
from training.clustering.compile import compile_scorer
from training.clustering.fit import Fit
from training.partial.calibration import Calibrated, calibrate


@pytest.fixture(scope="module")
def scorer(fitted: Fit) -> Scorer:
    return compile_scorer(fitted.pipeline)


@pytest.fixture(scope="module")
def calibrated(fitted: Fit, scorer: Scorer) -> Calibrated:
    return calibrate(fitted.encoded, fitted.clusters, scorer, 0)
