"""The arrays of a scorer by their names in `arrays.npz`, and the scorer rebuilt from them."""

from collections.abc import Mapping

import numpy as np

from models.errors import ArtifactDamaged
from models.profile.field_kinds import FieldSpec
from models.scoring.columns import FloatArray
from models.scoring.encoder import Encoder, FieldEncoding
from models.scoring.imputation import FieldImputation, Imputation
from models.scoring.scorer import Scorer
from models.scoring.single import FieldTable
from models.storage.artifact import ARRAYS, MANIFEST
from models.storage.manifest import FieldManifest, Manifest


def arrays_of(scorer: Scorer) -> dict[str, FloatArray]:
    """The arrays of a scorer by their names in the artifact."""
    arrays = {"base": scorer.base, "centroids": scorer.centroids}
    for encoding, table in zip(scorer.encoder.fields, scorer.tables, strict=True):
        own = {
            "centre": encoding.centre,
            "weight": encoding.weight,
            "constant": table.constant,
            "rows": table.rows,
        }
        arrays |= {f"{encoding.name}.{name}": array for name, array in own.items()}
    return arrays | _imputation_arrays(scorer)


def _imputation_arrays(scorer: Scorer) -> dict[str, FloatArray]:
    arrays = {} if scorer.imputation is None else scorer.imputation.arrays()
    for encoding, field in zip(scorer.encoder.fields, scorer.field_imputations, strict=True):
        own = {} if field is None else field.arrays()
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
            completed=field is not None,
            phrases=() if field is None else field.phrases,
        )
        for encoding, field in zip(scorer.encoder.fields, scorer.field_imputations, strict=True)
    )


def build_scorer(manifest: Manifest, arrays: Mapping[str, FloatArray], specs: Mapping[str, FieldSpec]) -> Scorer:
    """Rebuild a scorer. Raises `ArtifactDamaged` where arrays are missing or do not fit the manifest."""
    try:
        base, centroids = arrays["base"], arrays["centroids"]
        fields = [_build_field(field, specs[field.name], arrays) for field in manifest.fields]
        imputation = _build_imputation(manifest, arrays)
    except KeyError as error:
        raise ArtifactDamaged(f"{ARRAYS} of {manifest.version} lacks {error}.") from error
    except OverflowError as error:
        raise ArtifactDamaged(f"{MANIFEST} of {manifest.version} names a column that no table has.") from error
    encodings = tuple(encoding for encoding, _ in fields)
    tables = tuple(table for _, table in fields)
    scorer = Scorer(
        encoder=Encoder(encodings), base=base, tables=tables, centroids=centroids, imputation=imputation
    )
    _check_shapes(manifest.version, scorer, arrays)
    return scorer


def _build_field(
    written: FieldManifest, spec: FieldSpec, arrays: Mapping[str, FloatArray]
) -> tuple[FieldEncoding, FieldTable]:
    centre, weight, constant, rows = (
        arrays[f"{written.name}.{name}"] for name in ("centre", "weight", "constant", "rows")
    )
    column_of = np.array(written.column_of, np.int64)
    encoding = FieldEncoding(spec=spec, values=written.values, column_of=column_of, centre=centre, weight=weight)
    return encoding, FieldTable(constant, rows)


def _build_imputation(manifest: Manifest, arrays: Mapping[str, FloatArray]) -> Imputation | None:
    """The imputation of hidden fields; None where training wrote none, as in format 1."""
    if "prior" not in arrays and not any(field.completed for field in manifest.fields):
        return None
    fields = tuple(
        FieldImputation.of(arrays, field.name, field.phrases) if field.completed else None
        for field in manifest.fields
    )
    return Imputation(arrays["prior"], fields, arrays["temperatures"], arrays["spread"])


def _check_shapes(version: str, scorer: Scorer, arrays: Mapping[str, FloatArray]) -> None:
    """Every shape follows from the manifest's fields and the number of dimensions and centroids."""
    dimensions = scorer.base.size
    sound = scorer.base.ndim == 1 and dimensions > 0
    sound &= scorer.centroids.ndim == 2 and scorer.centroids.shape[1] == dimensions
    sound &= all(bool(np.isfinite(array).all()) for array in arrays.values())
    for encoding, table in zip(scorer.encoder.fields, scorer.tables, strict=True):
        terms = 1 if encoding.is_number else len(encoding.column_of)
        sound &= encoding.centre.ndim == 1 and encoding.weight.shape == encoding.centre.shape
        sound &= table.constant.shape == (dimensions,) and table.rows.shape == (terms, dimensions)
        sound &= encoding.is_number or len(encoding.values) == len(encoding.column_of)
        sound &= not encoding.is_number or encoding.width == 1
        sound &= bool(((encoding.column_of >= 0) & (encoding.column_of < encoding.width)).all())
    imputation = scorer.imputation
    if sound and imputation is not None:
        sound &= imputation.fits(scorer.encoder.fields, len(scorer.centroids), dimensions)
    if not sound:
        raise ArtifactDamaged(f"{ARRAYS} of {version} does not have the shapes that its manifest says.")
