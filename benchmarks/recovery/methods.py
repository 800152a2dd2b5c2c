"""The compared methods by name, and the fingerprints under which their results are stored."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import ClassVar, Final, Protocol

import pandas as pd
from pydantic import BaseModel

import models
import training
from benchmarks.recovery.generators.registry import GENERATORS
from benchmarks.recovery.generators.tables.planted_tables import is_csv
from benchmarks.recovery.peers import FactorAnalysis, KPrototypes, LatentClass, Plain, require
from models.profile import Profile
from models.scoring.columns import IntArray
from training.clustering.fit import fit
from training.config import TrainingConfig
from training.data.dataset import from_frame
from training.errors import UnusableInput
from training.progress import Silent

_ROOT: Final = Path(training.__file__).parent
# Folders that do not affect a fit.
_EXCLUDED: Final = ("simulation", "report", "commands", "acceptance")


class Method(Protocol):
    """A method that clusters profiles into a given number of clusters. Its `repr` shows its settings."""

    name: ClassVar[str]
    title: ClassVar[str]
    packages: ClassVar[tuple[str, ...]]

    @property
    def note(self) -> str:
        """The settings in words."""

    def clusters(self, frame: pd.DataFrame, k: int, profile_class: type[BaseModel] = Profile) -> IntArray:
        """Clusters of all profiles, (n,)."""


@dataclass(frozen=True, slots=True)
class Ours:
    """The project's own fit, as `python -m training fit` runs it."""

    name: ClassVar[str] = "ours"
    title: ClassVar[str] = "ours"
    packages: ClassVar[tuple[str, ...]] = ()
    config: TrainingConfig = field(default_factory=TrainingConfig)

    @property
    def note(self) -> str:
        """The settings in words."""
        return "`training.clustering.fit` with the settings of `python -m training fit`"

    def clusters(self, frame: pd.DataFrame, k: int, profile_class: type[BaseModel] = Profile) -> IntArray:
        """Clusters of all profiles, (n,)."""
        return fit(from_frame(frame, profile_class), self.config.model_copy(update={"k": k}), Silent()).clusters

    def chosen(self, frame: pd.DataFrame, profile_class: type[BaseModel] = Profile) -> int:
        """The number of personas that `--k auto` chooses."""
        return fit(from_frame(frame, profile_class), self.config, Silent()).k


METHODS: Final[dict[str, Method]] = {
    method.name: method for method in (Ours(), KPrototypes(), LatentClass(), FactorAnalysis(), Plain())
}


def chosen_methods(names: Sequence[str]) -> tuple[Method, ...]:
    """The methods of these names. Raises `UnusableInput` for an unknown name or a missing package."""
    unknown = [name for name in names if name not in METHODS]
    if unknown:
        raise UnusableInput(f"There is no method {', '.join(unknown)}: use some of {', '.join(METHODS)}.")
    methods = tuple(METHODS[name] for name in dict.fromkeys(names))
    require(tuple(package for method in methods for package in method.packages))
    return methods


def fingerprint(method: Method, generator: str = "ours", variant: str = "") -> str:
    """Twelve digits that change with a method's settings, its libraries, the generator and, if ours, our code.

    If the variant is a file they change with its content; raises `UnusableInput` if it cannot be read.
    """
    versions = [f"{package} {version(package)}" for package in ("numpy", "scikit-learn", *method.packages)]
    drawn = _generator(GENERATORS[generator].code)
    code = [drawn, _own_code()] if isinstance(method, Ours) else [drawn]
    code += [_content(Path(variant))] if is_csv(variant) else []
    return hashlib.sha256("\n".join([repr(method), *versions, *code]).encode()).hexdigest()[:12]


@lru_cache
def _generator(folder: Path) -> str:
    return _digest(folder.rglob("*.py"))


@lru_cache
def _own_code() -> str:
    """A digest of all code that can affect a fit; rather too much than too little, as our fits are quick."""
    ours = [path for path in _ROOT.rglob("*.py") if path.relative_to(_ROOT).parts[0] not in _EXCLUDED]
    return _digest([*ours, *Path(models.__file__).parent.rglob("*.py")])


def _content(path: Path) -> str:
    try:
        return _digest([path])
    except OSError as error:
        raise UnusableInput(f"Cannot read the table {path}: {error.strerror}.") from error


def _digest(paths: Iterable[Path]) -> str:
    return hashlib.sha256(b"".join(path.read_bytes() for path in sorted(paths))).hexdigest()
