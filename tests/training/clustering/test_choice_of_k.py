"""The number of personas comes from the gap statistic, and is one where there are no groups."""

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from models.scoring.columns import FloatArray
from training.clustering.choice_of_k import choose_k
from training.clustering.components import Components
from training.config import TrainingConfig
from training.progress import Silent

QUICK = TrainingConfig(references=5)
STRUCTURED = Components(eigenvalues=np.ones(2), chance=np.zeros(2), beat_chance=2, retained=2, clear=2)
CHANCE = Components(eigenvalues=np.ones(2), chance=np.ones(2), beat_chance=0, retained=1, clear=0)


def blobs(k: int) -> FloatArray:
    rng = np.random.default_rng(k)
    angles = 2 * np.pi * np.arange(k) / k
    centres = 6 * np.column_stack([np.cos(angles), np.sin(angles)]) if k > 1 else np.zeros((1, 2))
    return np.asarray(np.repeat(centres, 600 // k, axis=0) + rng.normal(size=(600 // k * k, 2)))


@pytest.mark.parametrize("planted", [1, 2, 3, 5])
def test_k_is_the_number_of_planted_groups(planted: int) -> None:
    choice = choose_k(blobs(planted), STRUCTURED, QUICK, np.random.default_rng(0), Silent())
    assert choice.k == planted
    assert len(choice.curve) == 10


def test_k_is_one_without_structure() -> None:
    choice = choose_k(blobs(3), CHANCE, QUICK, np.random.default_rng(0), Silent())
    assert choice.k == 1
    assert "beats chance" in choice.sentence


def test_k_is_one_for_independent_fields() -> None:
    components = Components(
        eigenvalues=np.ones(2), chance=np.zeros(2), beat_chance=0, retained=1, clear=0, linked=False
    )
    choice = choose_k(blobs(3), components, QUICK, np.random.default_rng(0), Silent())
    assert choice.k == 1
    assert "do not depend on each other" in choice.sentence


def test_configured_k_is_used() -> None:
    config = TrainingConfig(k=4)
    choice = choose_k(blobs(2), STRUCTURED, config, np.random.default_rng(0), Silent())
    assert choice.k == 4
    assert choice.sentence == "4 personas were asked for."


def test_k_is_at_most_the_number_of_distinct_points() -> None:
    scores = np.repeat([[0.0, 0.0], [9.0, 9.0]], 20, axis=0)
    choice = choose_k(scores, STRUCTURED, QUICK, np.random.default_rng(0), Silent())
    assert choice.k == 2


# --- the number in the model before ----------------------------------------------------------------


FEW = TrainingConfig(references=2, k_max=4)


def chosen(k: int, familiar: int | None, **changes: float) -> int:
    config = FEW.model_copy(update=changes)
    with threadpool_limits(1):
        return choose_k(blobs(k), STRUCTURED, config, np.random.default_rng(0), Silent(), familiar).k


@pytest.mark.parametrize("familiar", [2, 4, 30])
def test_clear_groups_override_the_previous_k(familiar: int) -> None:
    assert chosen(3, familiar) == 3


def test_previous_k_stays_where_the_gap_is_undecided() -> None:
    with threadpool_limits(1):
        undecided = choose_k(blobs(3), STRUCTURED, FEW, np.random.default_rng(0), Silent())
    shares = {point.k: point.gap for point in undecided.curve}
    rise = max(shares.values()) - shares[1]
    # A plateau that begins just above what two groups reach.
    plateau = (max(shares.values()) - shares[2]) / rise - 0.01
    assert chosen(3, None, plateau=plateau) == 3
    assert chosen(3, 2, plateau=plateau) == 2
    assert chosen(3, 2, plateau=plateau, familiar_plateau=0.0) == 3
