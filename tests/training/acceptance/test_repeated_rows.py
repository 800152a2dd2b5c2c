"""Repeated rows: coincidences of coarse answers are no copies, and copies are refused whatever the answers."""

import os
from itertools import combinations
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from pydantic import BaseModel, create_model
from sklearn.linear_model import PoissonRegressor

from models.acceptance import Thresholds
from models.profile import Profile
from models.profile.field_kinds import Categorical, Numeric
from models.storage.manifest import Verdict
from testkit import ROOT
from training.acceptance.repeated_rows import estimated_copies, extrapolated, repeated_rows
from training.data.dataset import from_frame
from training.simulation.simulate import SimulationConfig, simulate
from training.text import percent_tenths

VOLUNTEERS = Path(os.environ.get("VOLUNTEERS_CSV", ROOT.parent / "shared" / "data" / "volunteers.csv"))
Rating = Annotated[int | None, Numeric()]
Rows = NDArray[np.int64]


class Survey(BaseModel):
    """Six questions."""

    q1: Rating = None
    q2: Rating = None
    q3: Rating = None
    q4: Rating = None
    q5: Rating = None
    q6: Rating = None


class ShortSurvey(BaseModel):
    """Five questions, so that each is a group of its own."""

    q1: Rating = None
    q2: Rating = None
    q3: Rating = None
    q4: Rating = None
    q5: Rating = None


def survey(rows: int, questions: int, seed: int, loading: float = 0.6, levels: int = 5) -> Rows:
    """Ratings of one common factor and noise: they depend on each other."""
    rng = np.random.default_rng(seed)
    scores = loading * rng.normal(size=(rows, 1)) + np.sqrt(1 - loading**2) * rng.normal(size=(rows, questions))
    limits = np.quantile(scores, np.linspace(0, 1, levels + 1)[1:-1])
    ratings: Rows = np.searchsorted(limits, scores).astype(np.int64)
    return ratings


def types(rows: int, questions: int, seed: int, kinds: int = 5) -> Rows:
    """Ratings of a few kinds of people, each with its own shares of the answers to each question."""
    rng = np.random.default_rng(seed)
    shares = rng.dirichlet(np.full(5, 1.5), size=(kinds, questions))[rng.integers(kinds, size=rows)]
    drawn: Rows = (rng.random((rows, questions, 1)) > shares.cumsum(axis=2)).sum(axis=2).clip(0, 4)
    return drawn


def with_copies(answers: Rows, share: float, seed: int = 0) -> Rows:
    drawn = np.random.default_rng(seed).choice(len(answers), round(share * len(answers)), replace=False)
    return np.vstack([answers, answers[drawn]])


def verdict_on(answers: Rows, profile_class: type[BaseModel] = Survey) -> Verdict:
    frame = pd.DataFrame(answers, columns=list(profile_class.model_fields))
    return repeated_rows(from_frame(frame, profile_class), Thresholds())


# --- coincidences and copies -----------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("draw", [survey, types])
def test_coarse_survey_passes_and_five_percent_of_copies_in_it_fail(draw: object, seed: int) -> None:
    assert callable(draw)
    answers = draw(1_500, 6, seed)
    assert pd.DataFrame(answers).duplicated().mean() > 0.05
    assert verdict_on(answers).outcome == "passed"
    assert verdict_on(with_copies(answers, 0.05)).outcome == "failed"


def test_independent_answers_pass() -> None:
    assert verdict_on(survey(1_500, 6, seed=1, loading=0.0)).outcome == "passed"


def test_one_row_of_a_coarse_survey_repeated_fails() -> None:
    answers = survey(1_500, 6, seed=2)
    assert verdict_on(np.vstack([answers, answers[[7] * 75]])).outcome == "failed"


@pytest.mark.parametrize("rows", [[7] * 200, list(range(200))])
def test_copies_of_whole_profiles_fail_by_their_number(rows: list[int]) -> None:
    frame = simulate(SimulationConfig(rows=2_400, seed=31)).frame
    verdict = repeated_rows(from_frame(pd.concat([frame, frame.iloc[rows]]), Profile), Thresholds())
    assert verdict.outcome == "failed"
    assert "7.7 % of the rows repeat another one word for word" in verdict.sentence
    assert verdict.value == pytest.approx(200 / 2_600, abs=0.002)


@pytest.mark.skipif(not VOLUNTEERS.exists(), reason="The table is not part of the project.")
def test_real_table_of_motives_passes_and_copies_in_it_fail() -> None:
    table = pd.read_csv(VOLUNTEERS).astype(str)
    names = [str(name).lower().replace(".", "_") for name in table]
    table.columns = pd.Index(names)
    kinds: dict[str, Any] = dict.fromkeys(names, (Annotated[str | None, Categorical()], None))
    motives = create_model("Motives", **kinds)
    rng = np.random.default_rng(0)
    copied = pd.concat([table, table.iloc[rng.choice(len(table), len(table) // 20, replace=False)]])
    assert repeated_rows(from_frame(table, motives), Thresholds()).outcome == "passed"
    assert repeated_rows(from_frame(copied, motives), Thresholds()).outcome == "failed"


def test_a_few_copies_are_left_to_chance() -> None:
    frame = simulate(SimulationConfig(rows=400, seed=31)).frame
    few, more = (
        repeated_rows(from_frame(pd.concat([frame, frame.iloc[:count]]), Profile), Thresholds())
        for count in (5, 8)
    )
    assert (few.outcome, more.outcome) == ("passed", "failed")
    assert few.sentence.endswith(f"; at most {percent_tenths(5 / 405)} is wanted.")


# --- what cannot be judged -------------------------------------------------------------------------


def test_answers_that_nearly_always_coincide_are_not_judged() -> None:
    verdict = verdict_on(survey(1_500, 6, seed=1, levels=2))
    assert verdict.outcome == "not_judged"
    assert "copies of 5.0 % of the rows would not show" in verdict.sentence


def test_few_varying_fields_are_not_judged() -> None:
    answers = survey(1_500, 6, seed=1)
    answers[:, 3:] = 1
    assert "so few fields do not tell" in verdict_on(answers).sentence


def test_profiles_of_few_answers_are_not_judged() -> None:
    frame = pd.DataFrame({"age": [20, 20, 30], "budget_range": ["low", "low", "low"]})
    verdict = repeated_rows(from_frame(frame, Profile), Thresholds())
    assert verdict.sentence == "Not judged: repeated rows. No profile has 5 answers or more."


# --- the estimate ----------------------------------------------------------------------------------


def test_estimate_is_that_of_all_pairs_of_rows_compared_one_by_one() -> None:
    answers = with_copies(survey(400, 5, seed=4), 0.05)
    frame = pd.DataFrame(answers, columns=list(ShortSurvey.model_fields))
    copies = estimated_copies(from_frame(frame, ShortSurvey))
    differs = answers[:, None, :] != answers[None, :, :]
    distances = differs.sum(axis=2)
    near = (distances == 1).sum(axis=1)
    first, second = np.triu_indices(len(answers), 1)
    table = {}
    for size in (1, 2, 3):
        others = np.maximum(near - (size == 1), 0)
        weights = 1 / np.sqrt((1 + others[first]) * (1 + others[second]))
        for some in combinations(range(5), size):
            exactly = (differs[first, second] == np.isin(np.arange(5), some)).all(axis=1)
            table[some] = weights[exactly].sum()
    sizes = pd.DataFrame(answers).value_counts().reset_index()
    neighbours = [(row[:5] != answers).sum(axis=1) for row in sizes.to_numpy()]
    around = np.array([(distance == 1).sum() for distance in neighbours])
    count = sizes["count"].to_numpy()
    observed = np.minimum(count * (count - 1) / 2 / (1 + around), 1).sum()
    crowds = np.maximum(count - 2 - 2 * around, 0).sum()
    expected = (observed - regressed(table)) / np.mean(1 / (1 + near)) + crowds
    assert copies is not None
    assert copies.number == pytest.approx(expected, rel=1e-3)


def regressed(table: dict[tuple[int, ...], float]) -> float:
    """The prediction of scikit-learn's Poisson regression for pairs that differ in nothing."""
    design = [[*(float(group in some) for group in range(5)), len(some) * (len(some) - 1) / 2] for some in table]
    model = PoissonRegressor(alpha=0, tol=1e-10, max_iter=10_000, solver="newton-cholesky")
    return float(np.exp(model.fit(design, list(table.values())).intercept_))


def test_extrapolation_is_exact_where_the_model_holds() -> None:
    table = {
        some: 7.0 * np.prod([1.5 + group for group in some]) * 1.2 ** (len(some) * (len(some) - 1) / 2)
        for size in (1, 2, 3)
        for some in combinations(range(5), size)
    }
    predicted, error = extrapolated(table, 5)
    assert predicted == pytest.approx(7.0, rel=1e-4)
    assert predicted == pytest.approx(regressed(table), rel=1e-4)
    assert 0 < error < 1


def test_nothing_alike_predicts_no_coincidence() -> None:
    assert extrapolated({(0,): 0.0, (1,): 0.0, (0, 1): 0.0}, 2) == (0.0, 0.0)


def test_share_of_repeated_rows_is_that_of_the_data() -> None:
    answers = with_copies(survey(1_500, 6, seed=3), 0.05)
    share = pd.DataFrame(answers).duplicated().mean()
    verdict = verdict_on(answers)
    assert verdict.sentence.startswith(
        f"{percent_tenths(share)} of the rows repeat another one word for word, in 5 answers or "
    )
    assert f"{percent_tenths(verdict.value or 0)} for certain; at most 0.5 % is wanted." in verdict.sentence
