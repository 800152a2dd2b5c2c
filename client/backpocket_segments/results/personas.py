"""The personas of the active model, and its vocabulary."""

# The service's own fields, which this distribution cannot import.
# pylint: disable=duplicate-code

from dataclasses import dataclass
from typing import Literal

from backpocket_segments.results.assignment import FieldKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Trait:
    """A difference between a persona's members and everyone."""

    field: str
    sentence: str
    value: str | None = None
    share: float | None = None
    lift: float | None = None
    mean: float | None = None
    mean_everyone: float | None = None


@dataclass(frozen=True, slots=True)
class GiftAffinity:
    """How common gifts of one category are in a persona: their share, and that over everyone's."""

    category: str
    share: float
    lift: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Persona:
    """A segment as people see it. `id` never changes and is never used again."""

    id: str
    name: str
    sentence: str
    size: int
    share: float
    traits: tuple[Trait, ...]
    gift_affinities: tuple[GiftAffinity, ...]
    note: str | None = None
    edited: tuple[str, ...] = ()
    users: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RetiredPersona:
    """A persona that is no more, and the one that it went into."""

    id: str
    name: str
    sentence: str
    retired_in: str
    merged_into: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonaPage:
    """The personas of one model, the largest first."""

    items: tuple[Persona, ...]
    next_cursor: str | None
    model_version: str
    simulated: bool
    origin: str
    retired: tuple[RetiredPersona, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldVocabulary:
    """One field of the profile: whom it is about, which answers are valid, which values the model knows."""

    name: str
    title: str
    kind: FieldKind
    about: Literal["giver", "recipient", "gift"]
    description: str
    values: tuple[str, ...]
    levels: tuple[str, ...]
    minimum: int | float | None
    maximum: int | float | None
    max_items: int | None
    max_length: int | None


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The fields of a profile, in the order that suits a form."""

    fields: tuple[FieldVocabulary, ...]
    model_version: str
    simulated: bool


@dataclass(frozen=True, slots=True)
class Interval:
    """A 95 % interval."""

    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BlendedAffinity:
    """One value of a field: how common it is.

    `interval` is that of the share (Wilson); `lift` is the share over everyone's, shrunk toward 1 where few do.
    """

    value: str
    share: float
    interval: Interval
    everyone_share: float
    lift: float
    lift_interval: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Affinity(BlendedAffinity):
    """One value of a field, or with `by_value` of two: `n` of the `answered` members of a persona have it."""

    n: int
    answered: int
    by_value: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonaAffinities:
    """What the members of a persona choose more often than everyone, the surest first.

    `withheld`: values that fewer members than `minimum` chose.
    """

    persona_id: str
    field: str | None
    by: str | None
    items: tuple[Affinity, ...]
    minimum: int
    withheld: int
    model_version: str
    simulated: bool
