"""The number of principal components: those that exceed chance.

Horn's parallel analysis (Psychometrika 30, 1965) compares the eigenvalues of the data with those of the same data
after each field has been shuffled on its own, among the profiles that answered it. Shuffling preserves every
margin and the pattern of missing answers, and removes every dependence between answers. Single-choice fields are
shuffled whole, lists item by item. Leading components are retained while they exceed the stated quantile of
chance. Since one data set without structure in twenty would pass a 95 % quantile, the first component has to
exceed chance clearly: by `config.clearly` standard deviations of the shuffled draws' first eigenvalues; otherwise
none is retained. Components that exceed the largest eigenvalue of chance as clearly are those in which the number
of personas is chosen. Where an eigenvalue lies near that threshold more draws are made, so that the number does
not depend on the seed.

Items of one list depend on each other without any relation to the rest of a profile, and a persona is more than a
taste in films. So the fields have to depend on each other as well (`training.clustering.components.dependence`),
and a field that depends on no other is left out: personas that are cut along it say nothing about the rest of a
profile. With few columns all components are used, also where none beats chance: dependence that is not linear
shows in no eigenvalue.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from models.scoring.columns import BoolArray, FloatArray
from models.scoring.encoder import Encoder
from training.clustering.components.dependence import measure_dependence
from training.clustering.components.shuffling import shuffle, shuffled_together
from training.config import TrainingConfig
from training.text import count

# A limit on the cost of more draws: the cells of all shuffled copies together.
_CELLS: Final = 60_000_000


@dataclass(frozen=True, kw_only=True)
class Components:
    """The result of a parallel analysis.

    `eigenvalues`, `chance` (width,): of the data, and the quantile of the shuffled draws. `retained`: how many
    components are used. `beat_chance`: how many leading ones exceed chance; 0 where the first does not clearly.
    `clear`: how many are used to choose the number of personas; 0 without structure. `linked`: whether the fields
    depend on each other, with the permutation test's `p_value` (None for a single field); otherwise there is no
    structure. `independent`: names of the fields that depend on no other, whose columns are in no component.
    """

    eigenvalues: FloatArray
    chance: FloatArray
    beat_chance: int
    retained: int
    clear: int
    linked: bool = True
    p_value: float | None = None
    independent: tuple[str, ...] = ()

    @property
    def structured(self) -> bool:
        """Whether there is anything that personas could be made of."""
        return self.clear > 0

    @property
    def sentence(self) -> str:
        """What was found, in a sentence."""
        p_value = "" if self.p_value is None else f" (permutation p = {self.p_value:.2g})"
        if not self.linked:
            return f"No dependence between the fields was found{p_value}."
        if self.beat_chance:
            verb = "beats" if self.beat_chance == 1 else "beat"
            return f"{count(self.beat_chance, 'principal component')} {verb} chance."
        if self.structured:
            return "The fields depend on each other, though no principal component beats chance."
        return "No principal component beats chance."


def parallel_analysis(
    vectors: FloatArray, encoder: Encoder, config: TrainingConfig, rng: np.random.Generator
) -> Components:
    """Parallel analysis of encoded profiles, shape (n, width), after the test for dependence."""
    # Column by column in memory, as they are shuffled: it takes half of the time.
    vectors = np.asfortranarray(vectors)
    dependence = measure_dependence(vectors, encoder, config, rng)
    independent = dependence.independent if config.leave_out_independent else ()
    vectors = without_fields(vectors, encoder, independent)
    blocks = shuffled_together(vectors, encoder)
    eigenvalues = _eigenvalues(vectors)
    # By more than rounding errors: shuffling a single field does not change its eigenvalues.
    rounding = 1e-9 * eigenvalues.max(initial=0.0)
    most = min(config.most_permutations, _CELLS // vectors.size) if dependence.linked else 0
    draws = _chance_draws(eigenvalues, lambda: _eigenvalues(shuffle(vectors, blocks, rng)), most, config)
    chance = np.quantile(draws, config.chance_quantile, axis=0)
    clear = _leading(eigenvalues > _threshold(draws, config) + rounding) if dependence.linked else 0
    leading = _leading(eigenvalues > chance + rounding) if clear else 0
    retained = _retained(leading, eigenvalues, config)
    few = len(eigenvalues) <= config.keep_all_columns
    tested = dependence.linked and dependence.p_value is not None
    return Components(
        eigenvalues=eigenvalues,
        chance=chance,
        beat_chance=leading,
        retained=retained,
        clear=retained if few and (clear or tested) else min(clear, retained),
        linked=dependence.linked,
        p_value=dependence.p_value,
        independent=independent,
    )


def without_fields(vectors: FloatArray, encoder: Encoder, names: tuple[str, ...]) -> FloatArray:
    """The vectors (…, width) with zeros in the columns of these fields; the same array where there are none."""
    if not names:
        return vectors
    without = vectors.copy()
    for name in names:
        without[..., encoder.spans[name]] = 0.0
    return without


def _chance_draws(
    eigenvalues: FloatArray, draw: Callable[[], FloatArray], most: int, config: TrainingConfig
) -> FloatArray:
    """Eigenvalues of shuffled draws, (draws, width): more where the threshold is not known well enough."""
    draws = np.array([draw() for _ in range(config.permutations)])
    while len(draws) < most and _near(eigenvalues, draws, config):
        draws = np.concatenate([draws, [draw() for _ in range(config.permutations)]])
    return draws


def _threshold(draws: FloatArray, config: TrainingConfig) -> float:
    """What a component must exceed to beat chance clearly."""
    firsts = draws[:, 0]
    return float(firsts.mean() + config.clearly * firsts.std())


def _near(eigenvalues: FloatArray, draws: FloatArray, config: TrainingConfig) -> bool:
    """Whether an eigenvalue lies within two standard errors of the threshold."""
    # Of a mean and, about, of a standard deviation of normal draws.
    error = draws[:, 0].std() * np.sqrt((1 + config.clearly**2 / 2) / len(draws))
    return bool((np.abs(eigenvalues - _threshold(draws, config)) < 2 * error).any())


def _leading(beaten: BoolArray) -> int:
    """The number of leading entries that are true."""
    return int(len(beaten) if beaten.all() else np.argmin(beaten))


def _retained(leading: int, eigenvalues: FloatArray, config: TrainingConfig) -> int:
    spread = int(np.count_nonzero(eigenvalues > 1e-9 * eigenvalues.max(initial=0.0)))
    wanted = spread if len(eigenvalues) <= config.keep_all_columns else leading
    return max(1, min(wanted, spread, config.max_components))


def _eigenvalues(vectors: FloatArray) -> FloatArray:
    """Eigenvalues of the covariance, largest first, shape (width,)."""
    covariance = np.atleast_2d(np.cov(vectors, rowvar=False))
    return np.asarray(np.linalg.eigvalsh(covariance)[::-1], np.float64)
