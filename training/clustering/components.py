"""The number of principal components: those that exceed chance.

Horn's parallel analysis (Psychometrika 30, 1965) compares the eigenvalues of the data with those of the same data
after each field has been shuffled on its own, among the profiles that answered it. Shuffling preserves every
margin and the pattern of missing answers, and removes every dependence between answers. Single-choice fields are
shuffled whole, lists item by item. Leading components are retained while they exceed the stated quantile of
chance. Since one data set without structure in twenty would pass a 95 % quantile, the first component has to
exceed chance clearly: by `config.clearly` standard deviations of the shuffled draws' first eigenvalues; otherwise
none is retained. Components that exceed the largest eigenvalue of chance as clearly are those in which the number
of personas is chosen.

Items of one list depend on each other without any relation to the rest of a profile, and a persona is more than a
taste in films. So the fields have to be linked as well: the sum of the squared covariances between columns of
different fields (the numerator of Robert and Escoufier's RV coefficient, Applied Statistics 25, 1976) must clearly
exceed its value after every field has been shuffled as a whole.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.profile.field_kinds import MultiLabel
from models.scoring.columns import BoolArray, FloatArray, IntArray
from models.scoring.encoder import Encoder
from training.config import TrainingConfig

# The rows that answered a field (ascending), and some of its columns.
Block = tuple[IntArray, slice]


@dataclass(frozen=True, kw_only=True)
class Components:
    """The result of a parallel analysis.

    `eigenvalues`, `chance` (width,): of the data, and the quantile of the shuffled draws. `retained`: how many
    components are used. `beat_chance`: how many leading ones exceed chance; `clear`: how many of them clearly
    exceed the largest eigenvalue of chance; both are 0 without structure. `linked`: whether the fields depend on
    each other; otherwise there is no structure.
    """

    eigenvalues: FloatArray
    chance: FloatArray
    beat_chance: int
    retained: int
    clear: int
    linked: bool = True

    @property
    def structured(self) -> bool:
        """Whether any component beats chance."""
        return self.beat_chance > 0


def parallel_analysis(
    vectors: FloatArray, encoder: Encoder, config: TrainingConfig, rng: np.random.Generator
) -> Components:
    """Parallel analysis of encoded profiles, shape (n, width)."""
    # Column by column in memory, as they are shuffled: it takes half of the time.
    vectors = np.asfortranarray(vectors)
    blocks = shuffled_together(vectors, encoder)
    draws = np.array([_eigenvalues(_shuffle(vectors, blocks, rng)) for _ in range(config.permutations)])
    chance = np.quantile(draws, config.chance_quantile, axis=0)
    eigenvalues = _eigenvalues(vectors)
    # By more than rounding errors: shuffling a single field does not change its eigenvalues.
    rounding = 1e-9 * eigenvalues.max(initial=0.0)
    firsts = draws[:, 0]
    linked = _linked(vectors, whole_fields(vectors, encoder), config, rng)
    clear = _leading(eigenvalues > firsts.mean() + config.clearly * firsts.std() + rounding) if linked else 0
    leading = _leading(eigenvalues > chance + rounding) if clear else 0
    retained = _retained(leading, eigenvalues, config)
    few = len(eigenvalues) <= config.keep_all_columns
    wanted = retained if few and clear else min(clear, retained)
    return Components(
        eigenvalues=eigenvalues, chance=chance, beat_chance=leading, retained=retained, clear=wanted, linked=linked
    )


def _linked(
    vectors: FloatArray, fields: Sequence[Block], config: TrainingConfig, rng: np.random.Generator
) -> bool:
    """Whether the fields depend on each other more than by chance; True for a single field."""
    if len(fields) < 2:
        return True
    shuffled = (_shuffle(vectors, fields, rng) for _ in range(config.permutations))
    spans = [span for _, span in fields]
    draws = np.array([_between_fields(draw, spans) for draw in shuffled])
    statistics = _between_fields(vectors, spans)
    return bool(statistics > draws.mean() + config.clearly * draws.std() + 1e-9 * statistics)


def _between_fields(vectors: FloatArray, fields: Sequence[slice]) -> float:
    """The sum of the squared covariances between columns of different fields."""
    covariance = _covariance(vectors)
    within = sum(float(np.square(covariance[field, field]).sum()) for field in fields)
    return float(np.square(covariance).sum()) - within


def _leading(beaten: BoolArray) -> int:
    """The number of leading entries that are true."""
    return int(len(beaten) if beaten.all() else np.argmin(beaten))


def _retained(leading: int, eigenvalues: FloatArray, config: TrainingConfig) -> int:
    spread = int(np.count_nonzero(eigenvalues > 1e-9 * eigenvalues.max(initial=0.0)))
    wanted = spread if len(eigenvalues) <= config.keep_all_columns else leading
    return max(1, min(wanted, spread, config.max_components))


def shuffled_together(vectors: FloatArray, encoder: Encoder) -> list[Block]:
    """The columns that are shuffled together, with the rows that answered: those of a field, or each item of a
    list.
    """
    blocks: list[Block] = []
    for rows, span in whole_fields(vectors, encoder):
        blocks += [(rows, columns) for columns in _parts(encoder, span)]
    return blocks


def whole_fields(vectors: FloatArray, encoder: Encoder) -> list[Block]:
    """The columns of each field that varies, with the rows that answered it; in all other rows they are 0."""
    fields = ((np.flatnonzero(vectors[:, span].any(axis=1)), span) for span in encoder.spans.values())
    return [(rows, span) for rows, span in fields if len(rows)]


def _parts(encoder: Encoder, span: slice) -> list[slice]:
    encoding = next(field for field in encoder.fields if encoder.spans[field.name] == span)
    if isinstance(encoding.spec.kind, MultiLabel):
        return [slice(column, column + 1) for column in range(span.start, span.stop)]
    return [span]


def _shuffle(vectors: FloatArray, blocks: Sequence[Block], rng: np.random.Generator) -> FloatArray:
    """The vectors with each block of columns shuffled among the rows that answered its field."""
    shuffled = np.zeros_like(vectors)
    for rows, block in blocks:
        shuffled[rows, block] = vectors[rng.permutation(rows), block]
    return shuffled


def _eigenvalues(vectors: FloatArray) -> FloatArray:
    """Eigenvalues of the covariance, largest first, shape (width,)."""
    return np.asarray(np.linalg.eigvalsh(_covariance(vectors))[::-1], np.float64)


def _covariance(vectors: FloatArray) -> FloatArray:
    return np.asarray(np.atleast_2d(np.cov(vectors, rowvar=False)), np.float64)
