"""Artifacts: one folder a version, written atomically and verified before use.

    <version>/
      manifest.json      what it is (`models.storage.manifest`), with the sha256 of the files below
      arrays.npz         encoder, tables, centroids and imputation: plain float64, no pickle
      pipeline.joblib    the scikit-learn pipeline, for analysts; never opened here
      report.json        the analysis
      affinities.json    counts of persona × value (`models.affinities.counts`); older versions have none
      comparison.json    what changed against the model that was active then; not of a first model
      SHA256SUMS         the checksums of all of these; `sha256sum -c SHA256SUMS` verifies them
      SIGNATURE          the signature of SHA256SUMS where the deployment has a key (`models.storage.signature`)

`models.storage.writing` writes one, `models.storage.reading` verifies and reads one. Reading never runs code
from the folder: pydantic reads JSON, numpy reads arrays with pickles off, and sizes and shapes are bounded
before memory is allocated.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from models.affinities.counts import AffinityCounts
from models.segment_model import SegmentModel
from models.storage.manifest import Manifest

MANIFEST: Final = "manifest.json"
ARRAYS: Final = "arrays.npz"
SUMS: Final = "SHA256SUMS"
PIPELINE: Final = "pipeline.joblib"
REPORT: Final = "report.json"
COMPARISON: Final = "comparison.json"
AFFINITIES: Final = "affinities.json"


@dataclass(frozen=True)
class LoadedArtifact:
    """A verified version: its model, and its manifest. `affinities`: None in a version that has no such counts."""

    manifest: Manifest
    model: SegmentModel
    affinities: AffinityCounts | None = None


def sums_file(sums: Mapping[str, str]) -> bytes:
    """The content of SHA256SUMS, from file name → hex digest."""
    lines = [f"{digest}  {name}\n" for name, digest in sorted(sums.items())]
    return "".join(lines).encode()


def sha256(path: Path) -> str:
    """The SHA-256 of a file, in hex. Raises `OSError`."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
