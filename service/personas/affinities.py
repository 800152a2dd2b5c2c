"""Use cases: what the members of a persona give and answer more often than everyone, with how sure that is.

Training counts (`training.personas.affinity_counts`); here the counts become shares and lifts. No figure is of
fewer members than `models.affinities.counts.MIN_GROUP`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final

from pydantic import Field

from models.affinities.counts import AffinityCounts, FieldCounts, PairCounts
from models.affinities.estimates import Estimate, Interval, blend, estimate
from models.errors import SegmentsError
from models.storage.artifact import LoadedArtifact
from service.personas.catalogue import PersonaNotFound, get_persona

# The middle of 0 to 4: what a withheld count is taken for where personas are blended.
_WITHHELD: Final = 2
MOST_GIFTS: Final = 5

Share = Annotated[float, Field(description="Share of those who answered, 0–1.")]
ShareInterval = Annotated[Interval, Field(description="95 % Wilson score interval of the share.")]
EveryoneShare = Annotated[float, Field(description="The share among the members of all personas, 0–1.")]
Lift = Annotated[
    float,
    Field(
        description="The share over everyone's share, shrunk toward 1 where few members are expected to have it."
    ),
]
LiftInterval = Annotated[Interval, Field(description="95 % interval of the lift; its lower end orders the items.")]


class AffinitiesNotCounted(SegmentsError):
    """The active model was trained before affinities were counted."""

    def __init__(self) -> None:
        super().__init__(
            "This model was trained before affinities were counted. Train again (POST /retrain) and activate the "
            "new model; until then `gift_affinities` of GET /personas/{persona_id} has the gift categories."
        )


class NoSuchAffinities(SegmentsError):
    """The model has no counts of this field, or of these two together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Affinity:
    """One value of a field, or with `by_value` of two fields, among the members of a persona."""

    value: str
    by_value: Annotated[str | None, Field(description="The value of the field `by`; null without it.")] = None
    n: Annotated[int, Field(description="Members with the value, or with both values.")]
    answered: Annotated[int, Field(description="Members who answered the field, or both.")]
    share: Share
    interval: ShareInterval
    everyone_share: EveryoneShare
    lift: Lift
    lift_interval: LiftInterval


@dataclass(frozen=True, slots=True, kw_only=True)
class BlendedAffinity:
    """One value for somebody who is of each persona with a probability."""

    value: str
    share: Share
    interval: ShareInterval
    everyone_share: EveryoneShare
    lift: Lift
    lift_interval: LiftInterval


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonaAffinities:
    """The affinities of a persona, the surest first."""

    persona_id: str
    field: Annotated[str | None, Field(description="The field; null for the gift categories of all gift fields.")]
    by: Annotated[str | None, Field(description="The field that it is crossed with.")]
    items: Annotated[
        tuple[Affinity, ...], Field(description="By the lower end of the lift's interval, descending.")
    ]
    minimum: Annotated[int, Field(description="Members that an item needs; those of fewer are withheld.")]
    withheld: Annotated[
        int, Field(description="Values, or pairs of values, that other personas have an item of and this has not.")
    ]
    model_version: str
    simulated: Annotated[bool, Field(description="Whether the model was made from simulated profiles.")]


def persona_affinities(
    loaded: LoadedArtifact, persona_id: str, field: str | None = None, by: str | None = None
) -> PersonaAffinities:
    """The affinities of a persona for the values of `field` (None: all gift fields together), crossed with `by`.

    Raises `PersonaNotFound`, `AffinitiesNotCounted` or `NoSuchAffinities`.
    """
    persona = get_persona(loaded, persona_id)
    counts, cluster = _counts(loaded), loaded.manifest.personas.index(persona)
    if by is None:
        items, values = _of_field(_field_counts(counts, field), cluster)
    else:
        items, values = _crossed(_pair_counts(counts, field, by), field, cluster)
    return PersonaAffinities(
        persona_id=persona_id,
        field=field,
        by=by,
        items=items,
        minimum=counts.minimum,
        withheld=values - len(items),
        model_version=loaded.manifest.version,
        simulated=loaded.manifest.origin.simulated,
    )


def affinities_of(loaded: LoadedArtifact, persona_id: str, limit: int = MOST_GIFTS) -> tuple[Affinity, ...]:
    """The surest gift categories of a persona, at most `limit`; to be asked once for a persona, not for a user.

    Raises `PersonaNotFound`, `AffinitiesNotCounted` or `NoSuchAffinities`.
    """
    return persona_affinities(loaded, persona_id).items[:limit]


def blended(
    loaded: LoadedArtifact, probabilities: Mapping[str, float], field: str | None = None
) -> tuple[BlendedAffinity, ...]:
    """The personas' affinities for `field` weighted by probabilities (persona id → weight), the surest first.

    Weights need not add up to 1. Of a persona with too few members with a value, two are assumed to have it (the
    middle of what is withheld); one that too few members answered in is taken to be like everyone.
    Raises `PersonaNotFound` for a persona that the model has not, or where no weight is above 0,
    `AffinitiesNotCounted` or `NoSuchAffinities`.
    """
    for persona_id in probabilities:
        get_persona(loaded, persona_id)
    weights = [probabilities.get(persona.id, 0.0) for persona in loaded.manifest.personas]
    total = sum(weights)
    if total <= 0:
        raise PersonaNotFound("Affinities are blended by the probabilities of personas; none is above 0.")
    counts = _field_counts(_counts(loaded), field)
    items = []
    for index, value in enumerate(counts.values):
        estimates = [_likely(counts, cluster, index) for cluster in range(len(weights))]
        one = blend((weight / total, of_persona) for weight, of_persona in zip(weights, estimates, strict=True))
        items.append(BlendedAffinity(value=value, **_rounded(one)))
    return tuple(sorted(items, key=lambda item: (-item.lift_interval.low, -item.share, item.value)))


# --- what is counted -------------------------------------------------------------------------------


def _counts(loaded: LoadedArtifact) -> AffinityCounts:
    if loaded.affinities is None:
        raise AffinitiesNotCounted
    return loaded.affinities


def _field_counts(counts: AffinityCounts, field: str | None) -> FieldCounts:
    if (of_field := counts.by_field.get(field)) is not None:
        return of_field
    names = sorted(name for name in counts.by_field if name is not None)
    if field is None:
        raise NoSuchAffinities(f"This model has no gift categories; choose a field: {_listed(names)}.")
    raise NoSuchAffinities(
        f"This model has no counts of that field, or no answer that enough members share. It has: "
        f"{_listed(names)}."
    )


def _pair_counts(counts: AffinityCounts, field: str | None, by: str) -> PairCounts:
    if (pair := counts.by_pair.get(frozenset((field, by)))) is not None and field != by:
        return pair
    partners = sorted(
        name for pair in counts.by_pair if field in pair for name in pair if name is not None and name != field
    )
    what = "Gift categories" if field is None else "This field"
    if not partners:
        raise NoSuchAffinities(f"{what} cannot be crossed with another: lists and numbers cannot, but gifts can.")
    raise NoSuchAffinities(f"{what} cannot be crossed with that one, but with: {_listed(partners)}.")


def _listed(names: list[str]) -> str:
    return ", ".join(names) or "none"


# --- estimates -------------------------------------------------------------------------------------


def _of_field(counts: FieldCounts, cluster: int) -> tuple[tuple[Affinity, ...], int]:
    """The items of a persona, and how many values there are."""
    answered, items = counts.answered[cluster], []
    for index, (value, n) in enumerate(zip(counts.values, counts.counts[cluster], strict=True)):
        if n is not None and answered is not None:
            one = estimate(n, answered, _everyone_share(counts, index), counts.prior)
            items.append(Affinity(value=value, n=n, answered=answered, **_rounded(one)))
    return tuple(sorted(items, key=_order)), len(counts.values)


def _crossed(pair: PairCounts, field: str | None, cluster: int) -> tuple[tuple[Affinity, ...], int]:
    """The items of a persona, with the values of `field` first, and how many pairs of values there are."""
    answered, items, is_swapped = pair.answered[cluster], [], pair.field != field
    for persona, first, second, n in zip(pair.persona, pair.value, pair.by_value, pair.count, strict=True):
        if persona == cluster and answered is not None:
            everyone_share = min(pair.everyone[first, second] / pair.everyone_answered, 1.0)
            one = estimate(n, answered, everyone_share, pair.prior)
            names = (pair.values[first], pair.by_values[second])
            value, by_value = reversed(names) if is_swapped else names
            items.append(Affinity(value=value, by_value=by_value, n=n, answered=answered, **_rounded(one)))
    return tuple(sorted(items, key=_order)), len(pair.pairs)


def _likely(counts: FieldCounts, cluster: int, index: int) -> Estimate:
    """The estimate for a value of a persona, withheld or not."""
    n, answered = counts.counts[cluster][index], counts.answered[cluster]
    everyone_share = _everyone_share(counts, index)
    if answered is None:
        return Estimate(
            share=everyone_share,
            interval=Interval(everyone_share, everyone_share),
            everyone_share=everyone_share,
            lift=1.0,
            lift_interval=Interval(1.0, 1.0),
        )
    return estimate(_WITHHELD if n is None else n, answered, everyone_share, counts.prior)


def _everyone_share(counts: FieldCounts, index: int) -> float:
    return min(counts.everyone[index] / counts.everyone_answered, 1.0)


def _rounded(one: Estimate) -> dict[str, Any]:
    """The figures of an estimate as they are shown."""
    return {
        "share": round(one.share, 6),
        "interval": Interval(round(one.interval.low, 6), round(one.interval.high, 6)),
        "everyone_share": round(one.everyone_share, 6),
        "lift": round(one.lift, 4),
        "lift_interval": Interval(round(one.lift_interval.low, 4), round(one.lift_interval.high, 4)),
    }


def _order(item: Affinity) -> tuple[float, int, str, str]:
    return (-item.lift_interval.low, -item.n, item.value, item.by_value or "")
