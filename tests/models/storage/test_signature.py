"""Signatures: where there is a key, only versions that it signed are readable."""

from pathlib import Path

import numpy as np
import pytest

from models.errors import (
    ArtifactDamaged,
)
from models.profile import Profile
from models.storage.artifact import ARRAYS
from models.storage.reading import read_artifact
from models.storage.registry import Registry
from models.storage.signature import SIGNATURE
from tests.models.storage.tampering import KEY, OTHER_KEY, replace_arrays, signed


def test_version_signed_by_the_key_is_readable(tmp_path: Path) -> None:
    folder = signed(tmp_path)
    assert read_artifact(folder, Profile, KEY).manifest.version == folder.name
    assert read_artifact(folder, Profile).manifest.version == folder.name
    assert Registry(tmp_path, KEY).load(folder.name, Profile)


def test_unsigned_version_is_refused_where_there_is_a_key(tmp_path: Path) -> None:
    folder = signed(tmp_path, None)
    for read in (
        lambda: read_artifact(folder, Profile, KEY),
        lambda: Registry(tmp_path, KEY).manifest(folder.name),
    ):
        with pytest.raises(ArtifactDamaged, match=f"python -m service sign {folder.name}"):
            read()


def test_version_signed_by_another_key_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArtifactDamaged, match="signed by another key"):
        read_artifact(signed(tmp_path), Profile, OTHER_KEY)


def test_changed_version_with_new_checksums_is_refused(tmp_path: Path) -> None:
    folder = signed(tmp_path)
    with np.load(folder / ARRAYS) as file:
        arrays = dict(file)
    replace_arrays(folder, {**arrays, "base": arrays["base"] + 1e-12})
    read_artifact(folder, Profile)
    with pytest.raises(ArtifactDamaged, match="changed since"):
        read_artifact(folder, Profile, KEY)


@pytest.mark.parametrize("content", [b"", b"0" * 64, b"0" * 64 + b"\n", b"\xff" * 65])
def test_malformed_signature_is_refused(tmp_path: Path, content: bytes) -> None:
    folder = signed(tmp_path)
    (folder / SIGNATURE).write_bytes(content)
    with pytest.raises(ArtifactDamaged):
        read_artifact(folder, Profile, KEY)


def test_signature_with_trailing_bytes_is_refused(tmp_path: Path) -> None:
    folder = signed(tmp_path)
    with (folder / SIGNATURE).open("ab") as file:
        file.write(b"x")
    with pytest.raises(ArtifactDamaged):
        read_artifact(folder, Profile, KEY)
