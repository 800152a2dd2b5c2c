"""Versions by the names that a command line gives them."""

from contextlib import suppress
from pathlib import Path
from typing import Final

from models.errors import ModelNotFound
from models.storage.artifact import MANIFEST
from models.storage.registry import Registry

# Versions that an error lists.
_FEW: Final = 5


def version_folder(name: str, registry: Registry) -> Path:
    """The folder of a version, named by the version, by "active", or by a path to it.

    Raises `NoActiveModel`, or `ModelNotFound` with the versions that there are.
    """
    if name == "active":
        return registry.folder(registry.required())
    if name in registry.versions():
        return registry.folder(name)
    with suppress(OSError, ValueError):  # of a name that no file could have
        if (Path(name) / MANIFEST).is_file():
            return Path(name).resolve()
    raise ModelNotFound(f"There is no model version '{name[:80]}': {_choices(registry)}")


def _choices(registry: Registry) -> str:
    versions = registry.versions()
    if not versions:
        return f"{registry.root} holds none. Name another folder with --artifacts, or give the path to a version."
    older = f" and {len(versions) - _FEW} older ones" if len(versions) > _FEW else ""
    return f"{registry.root} holds {', '.join(versions[-_FEW:])}{older}. Name one, or give the path to a version."
