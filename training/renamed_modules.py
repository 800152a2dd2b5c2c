"""Modules under the names that they had in version 0.1.0, for pickles that hold those names.

`pipeline.joblib` of a version that 0.1.0 wrote names its classes by their old modules. While this module is
installed (by `training/__init__.py`) `joblib.load` reads such a file. Remove it one release after 0.2.0: a
pipeline that is needed after that has to be trained again.
"""

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_loader
from types import ModuleType
from typing import Final

RENAMED: Final = {
    "models.encoder": "models.scoring.encoder",
    "models.fields": "models.profile.field_kinds",
    "models.vocabulary": "models.profile.vocabulary",
    "training.encoding": "training.clustering.encoding",
    "training.evening": "training.clustering.partial_whitening",
    "training.lengths": "training.clustering.list_length",
}
# Classes that have another name now: module, old name → new name.
RENAMED_CLASSES: Final = {
    ("training.clustering.list_length", "LengthRemover"): "ListLengthRemover",
    ("training.clustering.partial_whitening", "ScoreEvener"): "PartialWhitener",
}


class _Alias(Loader):
    """Gives a module under its old name."""

    def __init__(self, name: str) -> None:
        self._module = import_module(name)
        self._spec = self._module.__spec__

    def create_module(self, spec: ModuleSpec) -> ModuleType:  # noqa: ARG002  # importlib's own signature
        """The module of the new name, itself: its classes stay the same objects."""
        return self._module

    def exec_module(self, module: ModuleType) -> None:
        """Restore the spec of the new name, which importlib has replaced, and add classes by their old names."""
        module.__spec__ = self._spec
        for (name, old), new in RENAMED_CLASSES.items():
            if name == module.__name__:
                setattr(module, old, getattr(module, new))


class _Finder(MetaPathFinder):
    """Finds modules by their old names, after every other finder has failed."""

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,  # noqa: ARG002
        target: ModuleType | None = None,  # noqa: ARG002
    ) -> ModuleSpec | None:
        """The spec of a renamed module; None for every other name."""
        return spec_from_loader(fullname, _Alias(RENAMED[fullname])) if fullname in RENAMED else None


def install() -> None:
    """Let imports find renamed modules."""
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.append(_Finder())
