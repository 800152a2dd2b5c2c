"""A small fitted scorer with random numbers for every field of `Profile`: quick and deterministic."""

from dataclasses import replace

import numpy as np

from models.profile import Profile
from models.profile.field_kinds import FieldSpec, declared_fields
from models.scoring.coordinates import FieldTable, ProfileMap
from models.scoring.encoder import Encoder, FieldEncoding
from models.scoring.evidence import PERCENTILES, Classifier, Evidence, FieldEvidence
from models.scoring.known_answers.single import LONGEST_LIST
from models.scoring.scorer import Scorer
from models.scoring.typicality import DIGITS

# A list of all of these is longer than the lists that are looked up.
KNOWN = tuple(f"value_{number}" for number in range(LONGEST_LIST + 2))
RANK, PERSONAS = 4, 3


def small_scorer(seed: int = 0) -> Scorer:
    """A scorer with random numbers for every field of `Profile`; two values share a column of the map."""
    rng = np.random.default_rng(seed)
    encodings = tuple(_encoding(spec, rng) for spec in declared_fields(Profile))
    tables = tuple(_table(encoding, rng) for encoding in encodings)
    profile_map = ProfileMap(
        base=rng.normal(size=RANK), tables=tables, centroids=rng.normal(size=(PERSONAS, RANK))
    )
    return Scorer(encoder=Encoder(encodings), classifier=_classifier(encodings, rng), map=profile_map)


def _classifier(encodings: tuple[FieldEncoding, ...], rng: np.random.Generator) -> Classifier:
    """Every field says something, except the last."""
    fields = [_field(encoding, rng) for encoding in encodings]
    last = fields[-1]
    nothing = Evidence(np.zeros(PERSONAS + 1), np.zeros_like(last.evidence.rows), last.evidence.limits)
    fields[-1] = replace(
        last,
        evidence=nothing,
        likelihood_variance=np.zeros(PERSONAS),
        reach=np.zeros(1),
        kind_shares=np.ones((1, PERSONAS)),
    )
    return Classifier(
        prior=np.array([0.5, 0.3, 0.2]),
        exponent=0.8,
        fields=tuple(fields),
        settled_curve=np.array([np.linspace(0, 4, 9), np.linspace(0.4, 1, 9)]),
        likelihood_percentiles=np.sort(rng.normal(size=(PERSONAS, PERCENTILES)), axis=1).round(DIGITS),
    )


def _field(encoding: FieldEncoding, rng: np.random.Generator) -> FieldEvidence:
    number, terms = encoding.is_number, 2 if encoding.is_number else len(encoding.values)
    unlevelled = number and not encoding.spec.levels
    shares = rng.random((4, PERSONAS))
    are = "is" if encoding.spec.subject == "recipient" else "are"
    return FieldEvidence(
        evidence=Evidence(
            rng.normal(size=PERSONAS + 1), rng.normal(size=(terms, PERSONAS + 1)), np.array([1.0, 90.0])
        ),
        likelihood_mean=rng.normal(size=PERSONAS),
        likelihood_variance=rng.uniform(0.5, 2.0, PERSONAS),
        reach=rng.uniform(0.2, 1.5, 1),
        kind_shares=shares / shares.sum(axis=0),
        means=rng.uniform(20, 60, (int(unlevelled), PERSONAS)),
        phrases=(f"{are} {{value}} of it",) if unlevelled else tuple(f"{are} into {v}" for v in encoding.values),
        subject=encoding.spec.subject,
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
