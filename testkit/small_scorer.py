"""A small fitted scorer with random numbers for every field of `Profile`: quick and deterministic."""

import numpy as np

from models.profile import Profile
from models.profile.field_kinds import FieldSpec, declared_fields
from models.scoring.answer_rows import CACHED_LENGTHS
from models.scoring.encoder import Encoder, FieldEncoding
from models.scoring.imputation import PERCENTILES, Evidence, FieldImputation, Imputation
from models.scoring.scorer import Scorer
from models.scoring.single import FieldTable
from models.scoring.typicality import QUANTILE_DIGITS

# A list of all of these is longer than the lists whose rows are cached.
KNOWN = tuple(f"value_{number}" for number in range(CACHED_LENGTHS + 2))
RANK, CENTROIDS = 4, 3


def small_scorer(seed: int = 0, imputes: bool = True) -> Scorer:
    """A scorer with random numbers for every field of `Profile`; two values share a column.

    `imputes=False`: it does not impute hidden fields, like a model of format 1.
    """
    rng = np.random.default_rng(seed)
    encodings = tuple(_encoding(spec, rng) for spec in declared_fields(Profile))
    tables = tuple(_table(encoding, rng) for encoding in encodings)
    base, centroids = rng.normal(size=RANK), rng.normal(size=(CENTROIDS, RANK))
    imputation = _imputation(encodings, rng) if imputes else None
    return Scorer(encoder=Encoder(encodings), base=base, tables=tables, centroids=centroids, imputation=imputation)


def _imputation(encodings: tuple[FieldEncoding, ...], rng: np.random.Generator) -> Imputation:
    """Every field can be hidden except the last, which counts as one without influence."""
    fields = tuple(_field_imputation(encoding, rng) for encoding in encodings[:-1])
    quantiles = np.sort(rng.uniform(0, 6, (len(fields) * CENTROIDS, PERCENTILES)), axis=1).round(QUANTILE_DIGITS)
    temperatures = np.linspace(0.5, 3, len(fields) + 1)
    return Imputation(np.array([0.5, 0.3, 0.2]), (*fields, None), temperatures, quantiles)


def _field_imputation(encoding: FieldEncoding, rng: np.random.Generator) -> FieldImputation:
    number, terms = encoding.is_number, 2 if encoding.is_number else len(encoding.values)
    phrased = ("are {value} of it",) if number and not encoding.spec.levels else encoding.values
    shares = rng.random((4, CENTROIDS))
    return FieldImputation(
        evidence=Evidence(
            rng.normal(size=CENTROIDS),
            rng.normal(size=(terms, CENTROIDS)) * (1e-3 if number else 1.0),
            np.array([1.0, 90.0]),
        ),
        scatter=rng.uniform(0.2, 1.5, 1),
        fill=rng.normal(size=(CENTROIDS, RANK)),
        kinds=rng.normal(size=(4, RANK)),
        kind_shares=shares / shares.sum(axis=0),
        typical=rng.uniform(0.2, 3.0, (len(phrased), CENTROIDS)),
        phrases=phrased if len(phrased) == 1 else tuple(f"are into {value}" for value in phrased),
    )


def _encoding(spec: FieldSpec, rng: np.random.Generator) -> FieldEncoding:
    number = spec.kind.name in ("numeric", "ordinal")
    values = spec.levels if number else KNOWN
    column_of = np.zeros(0, np.int64) if number else np.minimum(np.arange(len(KNOWN)), len(KNOWN) - 2)
    width = 1 if number else len(KNOWN) - 1
    centre = np.array([3.4 if getattr(spec.kind, "log", False) else 30.0])
    centre = centre if spec.kind.name == "numeric" else rng.random(width)
    return FieldEncoding(spec=spec, values=values, column_of=column_of, centre=centre, weight=rng.random(width))


def _table(encoding: FieldEncoding, rng: np.random.Generator) -> FieldTable:
    slopes = rng.normal(size=(encoding.width, RANK)) * encoding.weight[:, None]
    rows = slopes if encoding.is_number else slopes[encoding.column_of]
    return FieldTable(-encoding.centre @ slopes, rows)
