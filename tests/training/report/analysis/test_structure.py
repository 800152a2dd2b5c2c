"""Natural, reproducible or constructive: the kind follows from two numbers, and the sentence holds them."""

import statistics
from typing import Annotated

import numpy as np
import pandas as pd
import pytest
from pydantic import BaseModel

from models.profile.field_kinds import Numeric
from models.scoring.columns import FloatArray
from tests.training.report.conftest import report_of
from training.clustering.fit import fit
from training.config import TrainingConfig
from training.data.dataset import from_frame
from training.progress import Silent
from training.report.analysis.structure import structure
from training.report.content.stability import Solution, WholeStability
from training.report.document import Density, DensityFinding, Report
from training.report.settings import AnalysisConfig


def stability(agreements: tuple[float, ...], k: int = 3) -> WholeStability:
    return WholeStability(
        rows=100,
        refits=3,
        agreement=0.5,
        agreements=(0.5,),
        least=0.5,
        segments=(),
        solutions=(Solution(k=k, agreements=agreements, segments=()),),
        sentence="",
        by_k="",
        across="",
    )


def density(apart: bool, agreement: float | None) -> Density:
    findings = (
        DensityFinding(
            method="DBSCAN", settings={}, clusters=1, noise_share=0.1, agreement=0.0, apart=False, sentence=""
        ),
        DensityFinding(
            method="HDBSCAN",
            settings={},
            clusters=3,
            noise_share=0.2,
            agreement=agreement,
            apart=apart,
            sentence="",
        ),
    )
    return Density(rows=100, k_distances=(), knee=1.0, findings=findings, sentence="")


@pytest.mark.parametrize(
    ("agreements", "apart", "same", "kind"),
    [
        ((0.9, 0.85, 0.8), True, 0.7, "natural"),
        ((0.9, 0.85, 0.8), True, 0.6, "reproducible"),
        ((0.9, 0.85, 0.8), False, 0.9, "reproducible"),
        ((0.9, 0.79, 0.7), True, 0.9, "constructive"),
        ((0.3, 0.4, 0.5), False, None, "constructive"),
    ],
)
def test_kind_follows_from_stability_and_density(
    agreements: tuple[float, ...], apart: bool, same: float | None, kind: str
) -> None:
    result = structure(stability(agreements), density(apart, same), 3)
    assert result is not None
    assert result.kind == kind
    assert result.agreement == pytest.approx(statistics.median(agreements))
    assert result.seen == (("HDBSCAN",) if apart and same is not None and same >= 0.65 else ())


def test_sentence_holds_the_numbers_and_what_is_wanted() -> None:
    result = structure(stability((0.9, 0.85, 0.81)), density(True, 0.7), 3)
    assert result is not None
    assert result.sentence.startswith("The segmentation is natural: ")
    assert "median adjusted Rand index of 0.85 over 3 pairs (0.80 is wanted)" in result.sentence
    assert "HDBSCAN sees the personas as separate groups (agreement 0.70 for HDBSCAN; 0.65" in result.sentence


def test_sentence_says_that_no_method_sees_groups() -> None:
    result = structure(stability((0.9,)), density(False, 0.7), 3)
    assert result is not None
    assert "neither DBSCAN nor HDBSCAN sees the personas as separate groups" in result.sentence


def test_without_both_numbers_nothing_is_judged() -> None:
    dense, stable = density(True, 0.9), stability((0.9,))
    assert structure(None, dense, 3) is None
    assert structure(stable, None, 3) is None
    assert structure(stability(()), dense, 3) is None
    assert structure(stable, dense, 4) is None
    assert structure(stable, dense, 1) is None


Number = Annotated[float | None, Numeric()]


class Space(BaseModel):
    """A point in three dimensions."""

    x: Number = None
    y: Number = None
    z: Number = None


def analysed(points: FloatArray, k: int) -> Report:
    dataset = from_frame(pd.DataFrame(points, columns=list("xyz")), Space)
    config = TrainingConfig(k=k, permutations=5, seed=1)
    return report_of(
        dataset, fit(dataset, config, Silent()), AnalysisConfig(bootstraps=5, splits=0, map_rows=0), k
    )


def test_separate_groups_are_natural_an_oblong_cloud_reproducible_and_a_round_one_constructive() -> None:
    rng = np.random.default_rng(0)
    groups = np.repeat([[0, 0, 0], [9, 0, 0], [0, 9, 0]], 100, axis=0) + rng.normal(size=(300, 3))
    oblong = rng.normal(size=(300, 3)) @ np.array([[4, 4, 4], [1, -1, 0], [1, 1, -2]])
    round_cloud = rng.normal(size=(300, 3))
    kinds = [analysed(points, k).structure for points, k in ((groups, 3), (oblong, 2), (round_cloud, 4))]
    assert [None if kind is None else kind.kind for kind in kinds] == ["natural", "reproducible", "constructive"]
