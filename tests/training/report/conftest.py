"""A report for all tests of the analysis, and made-up points."""

from collections.abc import Iterator
from datetime import UTC, datetime

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from models.scoring.columns import FloatArray, IntArray
from models.storage.manifest import Manifest
from tests.training.conftest import origin_of
from training.clustering.fit import Fit
from training.data.dataset import Dataset
from training.personas.describing import describe
from training.progress import Silent
from training.report.analysis.analyse import analyse
from training.report.document import Report
from training.report.settings import AnalysisConfig

QUICK = AnalysisConfig(rows=1_000, bootstraps=5, splits=2, n_init=2, map_rows=300)


def manifest_of(dataset: Dataset, fitted: Fit, k: int | str = "auto") -> Manifest:
    """What an artifact would say of a fit, as far as the analysis reads it."""
    return Manifest(
        version="20261101-120000-00000000",
        created_at=datetime(2026, 11, 1, 12, tzinfo=UTC),
        origin=origin_of(dataset),
        configuration={"k": k},
        libraries={},
        metrics={},
        choice_of_k=fitted.choice.sentence,
        fields=(),
        personas=describe(dataset, fitted.clusters, [f"p_{number}" for number in range(fitted.k)]).personas,
        golden=(),
    )


def report_of(dataset: Dataset, fitted: Fit, settings: AnalysisConfig = QUICK, k: int | str = "auto") -> Report:
    return analyse(fitted, manifest_of(dataset, fitted, k), settings, 0, Silent())


def blobs(k: int, apart: float = 8.0, rows: int = 600) -> tuple[FloatArray, IntArray]:
    """Round groups of one spread in a plane, and which row is of which."""
    angles = 2 * np.pi * np.arange(k) / k
    centres = apart * np.column_stack([np.cos(angles), np.sin(angles)]) if k > 1 else np.zeros((1, 2))
    groups = np.repeat(np.arange(k), rows // k)
    return centres[groups] + np.random.default_rng(k).normal(size=(len(groups), 2)), groups


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """As in `analyse`: the criteria alone would use every core."""
    with threadpool_limits(1):
        yield


@pytest.fixture(scope="session")
def report(dataset: Dataset, fitted: Fit) -> Report:
    return report_of(dataset, fitted)
