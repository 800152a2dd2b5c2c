"""The rule of artifact formats 1 and 2: the nearest centroid, once missing answers are imputed.

Only for serving models that older releases wrote, until they are trained again; remove it with format 2
(docs/decisions/0027). It favours brevity: about 200 µs a profile.

    weights w   = softmax( log prior + Σ over known fields  evidence )             (k,)
    position z  = sum of the known fields' rows + Σ over hidden fields  w · fill       (r,)
    probability = softmax( −d² / (T[number hidden] · √Σ over hidden fields scatter) ),  d the distances from z

With nothing hidden the nearest centroid has probability 1; with everything hidden the probabilities are the prior.
Format 1 has no imputation: missing answers are average ones, and there are no probabilities.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from pydantic import BaseModel

from models.profile.missing_words import is_missing_word
from models.scoring.answer_rows import UnknownValue
from models.scoring.columns import Columns, FloatArray, IntArray, blocks, known_rows
from models.scoring.coordinates import ProfileMap, squared_distances
from models.scoring.encoder import Encoder, FieldEncoding, has_values
from models.scoring.evidence import PERCENTILES, Evidence, evidence_of_column, softmax
from models.scoring.scorer import Scores, two_largest
from models.scoring.single import Score
from models.scoring.typicality import DIGITS

_MIN_SCATTER: Final = 1e-12
_FIELD_ARRAYS: Final = ("evidence_constant", "evidence_rows", "evidence_bounds", "scatter", "fill")


@dataclass(frozen=True)
class Imputation:
    """The arrays of format 2. `fields`: by field, those of `_FIELD_ARRAYS`; None for one that is never hidden."""

    prior: FloatArray
    temperatures: FloatArray
    distance_percentiles: FloatArray
    fields: tuple[Mapping[str, FloatArray] | None, ...]

    @classmethod
    def of(cls, arrays: Mapping[str, FloatArray], completed: Mapping[str, bool]) -> "Imputation | None":
        """Build it from an artifact's arrays, given which fields can be hidden; None in format 1.

        Raises `KeyError` where an array is missing.
        """
        if "prior" not in arrays and not any(completed.values()):
            return None
        fields = (
            {array: arrays[f"{name}.{array}"] for array in _FIELD_ARRAYS} if can_hide else None
            for name, can_hide in completed.items()
        )
        return cls(arrays["prior"], arrays["temperatures"], arrays["spread"], tuple(fields))

    def fits(self, encoder: Encoder, k: int, r: int) -> bool:
        """Whether every shape agrees with the encoder, k and r."""
        hideable = [
            (encoding, field) for encoding, field in zip(encoder.fields, self.fields, strict=True) if field
        ]
        return (
            self.prior.shape == (k,)
            and bool((self.prior > 0).all())
            and self.temperatures.shape == (len(hideable) + 1,)
            and bool((self.temperatures > 0).all())
            and self.distance_percentiles.shape == (len(hideable) * k, PERCENTILES)
            and all(
                field["evidence_constant"].shape == (k,)
                and field["evidence_rows"].shape == (2 if encoding.is_number else len(encoding.values), k)
                and field["evidence_bounds"].shape == (2,)
                and field["scatter"].shape == (1,)
                and field["fill"].shape == (k, r)
                for encoding, field in hideable
            )
        )


@dataclass(frozen=True, kw_only=True)
class NearestCentroidScorer:
    """Assigns by the rule of formats 1 (without `imputation`) and 2."""

    encoder: Encoder
    map: ProfileMap
    imputation: Imputation | None

    @property
    def personas(self) -> int:
        """The number of personas, k."""
        return len(self.map.centroids)

    @property
    def has_probabilities(self) -> bool:
        """Whether scores have probabilities."""
        return self.imputation is not None

    def score(self, profile: BaseModel) -> Score:
        """Score one profile, as `scores` does."""
        columns = self.encoder.code([profile])
        scores = self.scores(columns)
        runner_up = int(scores.runners_up[0])
        typicality = None if scores.typicality is None else float(scores.typicality[0])
        missing, unknown = _missing_and_unknown(self.encoder, profile)
        return Score(
            cluster=int(scores.clusters[0]),
            runner_up=None if runner_up < 0 else runner_up,
            probabilities=None if scores.probabilities is None else scores.probabilities[0].tolist(),
            settled=None if scores.settled is None else float(scores.settled[0]),
            typicality=None if typicality is None or np.isnan(typicality) else typicality,
            # A field without weight has no influence.
            is_fallback=not any(
                encoding.weight.any() and known_rows(columns[encoding.name]).any()
                for encoding in self.encoder.fields
            ),
            missing_fields=missing,
            unknown_values=unknown,
        )

    def scores(self, columns: Columns) -> Scores:
        """Score many profiles."""
        return Scores.joined([self._scores(block) for block in blocks(columns)])

    def distances(self, columns: Columns) -> FloatArray:
        """Euclidean distances of many profiles to every centroid, (n, k), hidden fields imputed."""
        return np.concatenate([np.sqrt(self._squares(block)[0]) for block in blocks(columns)])

    def coordinates(self, columns: Columns) -> FloatArray:
        """PCA coordinates of many profiles, (n, r); hidden fields count as average answers."""
        return self.map.coordinates(self.encoder, columns)

    def _scores(self, columns: Columns) -> Scores:
        squares, hidden, scatter = self._squares(columns)
        if self.imputation is None:
            clusters, runners_up, *_ = two_largest(-squares)
            return Scores(clusters, runners_up, None, None, None)
        hideable = sum(field is not None for field in self.imputation.fields)
        heat = self.imputation.temperatures[hidden] * np.sqrt(np.maximum(scatter, _MIN_SCATTER))
        chances = softmax(-squares / heat[:, None])
        complete, empty = hidden == 0, (hidden == hideable) & (hidden > 0)
        chances[complete] = np.eye(self.personas)[squares[complete].argmin(axis=1)]
        chances[empty] = self.imputation.prior
        clusters, runners_up, *_ = two_largest(np.where(empty[:, None], chances, -squares))
        own = np.arange(len(clusters)), clusters
        typicality = _typicality(self.imputation, np.sqrt(squares[own]), clusters, hidden)
        # What these formats call the confidence is the chance that the complete profile has the same persona.
        return Scores(clusters, runners_up, chances, chances[own], typicality)

    def _squares(self, columns: Columns) -> tuple[FloatArray, IntArray, FloatArray]:
        """Squared distances (n, k), the number of hidden fields (n,), and their scatter, added up (n,)."""
        z = self.map.coordinates(self.encoder, columns)
        hidden, scatter = np.zeros(len(z), np.int64), np.zeros(len(z))
        if self.imputation is not None:
            evidence = np.tile(np.log(self.imputation.prior), (len(z), 1))
            fill = np.zeros((len(z), *self.map.centroids.shape))
            for encoding, field in zip(self.encoder.fields, self.imputation.fields, strict=True):
                if field is None:
                    continue
                answered = known_rows(columns[encoding.name])
                evidence += evidence_of_column(_evidence_of(field, encoding), encoding, columns[encoding.name])
                hidden += ~answered
                scatter += ~answered * field["scatter"][0]
                fill[~answered] += field["fill"]
            z = z + np.einsum("nk,nkr->nr", softmax(evidence), fill)
        return squared_distances(z, self.map.centroids), hidden, scatter


def _evidence_of(arrays: Mapping[str, FloatArray], encoding: FieldEncoding) -> Evidence:
    """The evidence as `models.scoring.evidence` has it: a quadratic in y, and no column for everyone."""
    constant, rows, limits = (arrays[name] for name in _FIELD_ARRAYS[:3])
    if not encoding.is_number:
        return Evidence(constant, rows, limits)
    (linear, square), (low, high) = rows, limits
    middle, half = (low + high) / 2, (high - low) / 2
    return Evidence(
        constant + middle * linear + middle**2 * square,
        np.array([half * (linear + 2 * middle * square), half**2 * square]),
        limits,
    )


def _typicality(imputation: Imputation, distance: FloatArray, clusters: IntArray, hidden: IntArray) -> FloatArray:
    """The share of each persona's profiles with as many hidden fields that lie as far out; NaN if all are."""
    k, levels = len(imputation.prior), np.linspace(1.0, 0.0, PERCENTILES)
    shares = np.full(len(clusters), np.nan)
    for index, (own, count) in enumerate(zip(clusters, hidden, strict=True)):
        if (count + 1) * k <= len(imputation.distance_percentiles):
            points = imputation.distance_percentiles[count * k + own]
            shares[index] = np.interp(round(float(distance[index]), DIGITS), points, levels)
    return shares


def _missing_and_unknown(encoder: Encoder, profile: BaseModel) -> tuple[tuple[str, ...], tuple[UnknownValue, ...]]:
    """The fields without an answer, and the values that the encoder does not know."""
    missing: list[str] = []
    unknown: list[UnknownValue] = []
    for encoding in encoder.fields:
        answer = getattr(profile, encoding.name, None)
        if answer is None or encoding.is_number:
            missing += [encoding.name] if answer is None else []
            continue
        values = [*answer] if encoding.is_list else [answer]
        codes = {str(value): encoding.vocabulary.code(str(value)) for value in values}
        unknown_here = [value for value, code in codes.items() if code < 0 and not is_missing_word(value)]
        unknown += [UnknownValue(encoding.name, value) for value in unknown_here]
        is_word = not unknown_here and max(codes.values(), default=0) < 0
        if is_word and (has_values(values) or not encoding.is_list):
            missing.append(encoding.name)
    return tuple(missing), tuple(unknown)
