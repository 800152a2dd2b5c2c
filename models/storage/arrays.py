"""The arrays of a scorer by their names in `arrays.npz`, and the scorer rebuilt from them."""

from collections.abc import Mapping

import numpy as np

from models.errors import ArtifactDamaged
from models.profile.field_kinds import FieldSpec
from models.scoring.columns import FloatArray
from models.scoring.coordinates import ProfileMap
from models.scoring.encoder import Encoder, FieldEncoding
from models.scoring.evidence import Classifier, FieldEvidence
from models.scoring.nearest_centroid import Imputation, NearestCentroidScorer
from models.scoring.scorer import AnyScorer, Scorer
from models.storage.artifact import ARRAYS, MANIFEST
from models.storage.manifest import CLASSIFIER_FORMAT, FieldManifest, Manifest


def arrays_of(scorer: Scorer) -> dict[str, FloatArray]:
    """The arrays of a scorer by their names in the artifact."""
    arrays = scorer.map.arrays() | scorer.classifier.arrays()
    fields = zip(scorer.encoder.fields, scorer.map.tables, scorer.classifier.fields, strict=True)
    for encoding, table, field in fields:
        own = {
            "centre": encoding.centre,
            "weight": encoding.weight,
            "constant": table.constant,
            "rows": table.rows,
            **field.arrays(),
        }
        arrays |= {f"{encoding.name}.{name}": array for name, array in own.items()}
    return arrays


def field_manifests(scorer: Scorer) -> tuple[FieldManifest, ...]:
    """The encoder's fields as the manifest describes them."""
    return tuple(
        FieldManifest(
            name=encoding.name,
            kind=encoding.spec.kind.name,
            levels=encoding.spec.levels,
            values=encoding.values,
            column_of=tuple(encoding.column_of.tolist()),
            phrases=field.phrases,
            subject=field.subject,
        )
        for encoding, field in zip(scorer.encoder.fields, scorer.classifier.fields, strict=True)
    )


def build_scorer(
    manifest: Manifest, arrays: Mapping[str, FloatArray], specs: Mapping[str, FieldSpec]
) -> AnyScorer:
    """Rebuild a scorer. Raises `ArtifactDamaged` where arrays are missing or do not fit the manifest."""
    try:
        encoder = Encoder(tuple(_encoding(field, specs[field.name], arrays) for field in manifest.fields))
        profile_map = ProfileMap.of(arrays, tuple(field.name for field in manifest.fields))
        _check(manifest, _is_sound(encoder, profile_map, arrays))
        if manifest.format < CLASSIFIER_FORMAT:
            return _build_nearest_centroid(manifest, encoder, profile_map, arrays)
        return _build_classifier(manifest, encoder, profile_map, arrays)
    except KeyError as error:
        raise ArtifactDamaged(f"{ARRAYS} of {manifest.version} lacks {error}.") from error
    except OverflowError as error:
        raise ArtifactDamaged(f"{MANIFEST} of {manifest.version} names a column that no table has.") from error


def _build_classifier(
    manifest: Manifest, encoder: Encoder, profile_map: ProfileMap, arrays: Mapping[str, FloatArray]
) -> Scorer:
    exponent = arrays["exponent"]
    _check(manifest, exponent.shape == (1,))
    classifier = Classifier(
        prior=arrays["prior"],
        exponent=float(exponent[0]),
        fields=tuple(
            FieldEvidence.of(arrays, field.name, field.phrases, field.subject) for field in manifest.fields
        ),
        settled_curve=arrays["settled_curve"],
        likelihood_percentiles=arrays["likelihood_percentiles"],
    )
    _check(manifest, classifier.fits(encoder.fields, len(profile_map.centroids)))
    return Scorer(encoder=encoder, classifier=classifier, map=profile_map)


def _build_nearest_centroid(
    manifest: Manifest, encoder: Encoder, profile_map: ProfileMap, arrays: Mapping[str, FloatArray]
) -> NearestCentroidScorer:
    imputation = Imputation.of(arrays, {field.name: field.completed for field in manifest.fields})
    _check(manifest, imputation is None or imputation.fits(encoder, *profile_map.centroids.shape))
    return NearestCentroidScorer(encoder=encoder, map=profile_map, imputation=imputation)


def _encoding(written: FieldManifest, spec: FieldSpec, arrays: Mapping[str, FloatArray]) -> FieldEncoding:
    centre, weight = arrays[f"{written.name}.centre"], arrays[f"{written.name}.weight"]
    column_of = np.array(written.column_of, np.int64)
    return FieldEncoding(spec=spec, values=written.values, column_of=column_of, centre=centre, weight=weight)


def _is_sound(encoder: Encoder, profile_map: ProfileMap, arrays: Mapping[str, FloatArray]) -> bool:
    """Whether every shape follows from the manifest's fields and the number of dimensions and centroids."""
    dimensions = profile_map.base.size
    sound = profile_map.base.ndim == 1 and dimensions > 0
    sound &= profile_map.centroids.ndim == 2 and profile_map.centroids.shape[1] == dimensions
    sound &= all(bool(np.isfinite(array).all()) for array in arrays.values())
    for encoding, table in zip(encoder.fields, profile_map.tables, strict=True):
        terms = 1 if encoding.is_number else len(encoding.column_of)
        sound &= encoding.centre.ndim == 1 and encoding.weight.shape == encoding.centre.shape
        sound &= table.constant.shape == (dimensions,) and table.rows.shape == (terms, dimensions)
        sound &= encoding.is_number or len(encoding.values) == len(encoding.column_of)
        sound &= not encoding.is_number or encoding.width == 1
        sound &= bool(((encoding.column_of >= 0) & (encoding.column_of < encoding.width)).all())
    return sound


def _check(manifest: Manifest, sound: bool) -> None:
    if not sound:
        raise ArtifactDamaged(f"{ARRAYS} of {manifest.version} does not have the shapes that its manifest says.")
