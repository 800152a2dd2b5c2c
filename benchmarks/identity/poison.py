"""Data that the acceptance checks have to refuse, made from a good sample."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.identity.populations import Population
from benchmarks.identity.refits import failed, fitted, ids
from models.storage.artifact import LoadedArtifact
from training.data.dataset import from_frame


def poisons(clean: pd.DataFrame, personas: "pd.Series[str]") -> Iterator[tuple[str, pd.DataFrame]]:
    """The name of each poison, and the poisoned profiles. `personas`: whom the model before gives each row to."""
    rng, rows = np.random.default_rng(0), len(clean)
    yield "clean", clean
    yield "19 in 20 of one persona", clean[_nearly_all_of_one(personas, rng)]
    for name in clean:
        shuffled = clean[name].to_numpy(dtype=object)[rng.permutation(rows)]
        yield f"{name} shuffled", clean.assign(**{str(name): pd.Series(shuffled, dtype=object)})
        answer = clean[name].dropna().iloc[0]
        if not isinstance(answer, list):
            filled = clean[name].astype(object).where(rng.random(rows) >= 0.9, answer)
            yield f"90 % of {name} one value", clean.assign(**{str(name): filled})
        yield f"{name} left out", clean.drop(columns=name)
    few = max(rows // 20, 6)
    yield "one row again and again", pd.concat([clean, clean.iloc[[7] * few]], ignore_index=True)
    yield "1 in 20 rows twice", pd.concat([clean, clean.iloc[:few]], ignore_index=True)


def _nearly_all_of_one(personas: "pd.Series[str]", rng: np.random.Generator) -> "pd.Series[bool]":
    of_one = personas == personas.value_counts().idxmax()
    others = np.flatnonzero(~of_one)
    chosen = of_one.copy()
    chosen.iloc[rng.choice(others, min(len(others), of_one.sum() // 19), replace=False)] = True
    return chosen


def refused(population: Population, rows: int, k: int | str, out: Path) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The name of each poison, and the checks that it fails beside a model of other people."""
    first, clean = population.samples([rows, rows], 1)
    before = fitted(from_frame(first, population.profile_class), k, 1, None, out)
    for name, frame in poisons(clean, _personas(before, clean, population)):
        dataset = from_frame(frame.reset_index(drop=True), population.profile_class)
        yield name, failed(fitted(dataset, k, 2, before, out).manifest)


def _personas(before: LoadedArtifact, clean: pd.DataFrame, population: Population) -> "pd.Series[str]":
    return pd.Series(ids(before, from_frame(clean, population.profile_class)), index=clean.index)
