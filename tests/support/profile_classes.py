"""Profile classes other than ours: dogs, and random ones with rows to fit."""

from collections.abc import Callable
from typing import Annotated, Any, Literal, TypeVar

import numpy as np
import pandas as pd
from hypothesis import reject
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, create_model

from models.profile.field_kinds import Categorical, MultiLabel, Numeric, Ordinal
from training.errors import UnusableInput

Result = TypeVar("Result")

# Why random rows may be too few, or too much alike, to fit.
REFUSALS = ("differ in nothing that a model may learn", "cannot be told apart", "cannot be made of")


class Dog(BaseModel):
    """Limits and closed choices that made-up answers easily miss."""

    model_config = ConfigDict(frozen=True)
    weight: Annotated[float | None, Numeric(), Field(gt=0.5, lt=0.9)] = None
    barks: Annotated[int | None, Numeric(log=True), Field(ge=0)] = None
    teeth: Annotated[int | None, Numeric(), Field(ge=10)] = None
    size: Annotated[Literal["S", "M", "L"] | None, Ordinal()] = None
    breed: Annotated[Literal["Poodle", "Great Dane"] | None, Categorical()] = None
    toys: Annotated[list[str] | None, MultiLabel()] = None
    tricks: Annotated[frozenset[str] | None, MultiLabel()] = None


def dogs(count: int = 120) -> pd.DataFrame:
    """Small dogs and large dogs; nobody answers `teeth`."""
    rng = np.random.default_rng(0)
    large = rng.random(count) < 0.5
    return pd.DataFrame(
        {
            "weight": np.where(large, 0.8, 0.6) + 0.01 * rng.random(count),
            "barks": rng.integers(0, 200, count),
            "size": np.where(large, "L", "S"),
            "breed": np.where(large, "Great Dane", "Poodle"),
            "toys": [["ball", "Rope"] if is_large else ["squeaky duck"] for is_large in large],
            "tricks": [["sit"] if is_large else None for is_large in large],
        }
    )


def fitted_or_rejected(fit: Callable[[], Result]) -> Result:
    """The result of a fit. Random rows that cannot be fitted are refused for a known reason, and drawn anew:
    hypothesis fails the test where that happens too often.
    """
    try:
        return fit()
    except UnusableInput as error:
        refusal = str(error)
    assert any(reason in refusal for reason in REFUSALS), refusal
    return reject()


_ANNOTATIONS: dict[str, object] = {
    "number": Annotated[float | None, Numeric()],
    "count": Annotated[int | None, Numeric(log=True), Field(ge=0)],
    "level": Annotated[Literal["low", "middle", "high"] | None, Ordinal()],
    "choice": Annotated[str | None, Categorical()],
    "labels": Annotated[tuple[str, ...] | None, MultiLabel()],
    "set": Annotated[frozenset[str] | None, MultiLabel()],
}
_WORDS = [f"word {number}" for number in range(300)]
_words = st.sampled_from(_WORDS[:4]) | st.sampled_from([*_WORDS, "Word-1", "", " "])
_ANSWERS: dict[str, st.SearchStrategy[Any]] = {
    "number": st.floats(-1e6, 1e6, allow_subnormal=False) | st.integers(-3, 3).map(float),
    "count": st.integers(0, 10_000),
    "level": st.sampled_from(["low", "middle", "high"]),
    "choice": _words,
    "labels": st.lists(_words, max_size=5) | st.just(_WORDS[:250]),
    "set": st.lists(_words, max_size=5),
}


@st.composite
def profile_classes(draw: st.DrawFn) -> tuple[type[BaseModel], pd.DataFrame]:
    """A random profile class of one to six fields, and some rows of it."""
    kinds = draw(st.lists(st.sampled_from(sorted(_ANNOTATIONS)), min_size=1, max_size=6))
    named = {f"{kind}_{index}": kind for index, kind in enumerate(kinds)}
    fields: dict[str, Any] = {name: (_ANNOTATIONS[kind], None) for name, kind in named.items()}
    count = draw(st.integers(2, 30))
    rows = {
        name: draw(st.lists(st.none() | _ANSWERS[kind], min_size=count, max_size=count))
        for name, kind in named.items()
    }
    frame = pd.DataFrame({name: pd.Series(cells, dtype=object) for name, cells in rows.items()})
    return create_model("Shape", **fields), frame
