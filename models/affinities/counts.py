"""The counts of persona × value, and of persona × two values, as an artifact holds them (`affinities.json`).

No count of fewer than `MIN_GROUP` members is in here, and none can be computed from what is: a withheld cell is
null, and totals contain the withheld ones in fives (`training.personas.disclosure`).
"""

from functools import cached_property
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, model_validator

# Fewer people are too few to conclude from, and nothing may be published of what so few people wrote.
MIN_GROUP: Final = 5


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class FieldCounts(_Part):
    """One field; tuples by persona are in the order of the manifest's personas."""

    field: str | None = Field(description="None: the gift categories of all gift fields together.")
    values: tuple[str, ...]
    answered: tuple[int | None, ...] = Field(description="Members who answered; None where fewer than five did.")
    counts: tuple[tuple[int | None, ...], ...] = Field(description="By persona and value; None where withheld.")
    others: tuple[int, ...] = Field(description="For each value the members who are withheld, in fives.")
    prior: float | None = Field(
        description="Weight of the prior in expected members; None: no lift beyond chance."
    )

    @model_validator(mode="after")
    def _fits(self) -> "FieldCounts":
        if len(self.counts) != len(self.answered) or len(self.others) != len(self.values):
            raise ValueError("the counts do not fit the personas and values")
        if any(len(row) != len(self.values) for row in self.counts):
            raise ValueError("the counts do not fit the values")
        return self

    @cached_property
    def everyone(self) -> tuple[int, ...]:
        """The members of all personas who have each value."""
        columns = zip(*self.counts, strict=True)
        return tuple(
            sum(filter(None, column)) + others for column, others in zip(columns, self.others, strict=True)
        )

    @cached_property
    def everyone_answered(self) -> int:
        """The members of all personas who answered."""
        return sum(filter(None, self.answered))


class PairCounts(_Part):
    """Two fields, crossed. A cell is four numbers at one index of the last tuples: most cells are withheld.

    `persona`, `value` and `by_value` are indices. A value of both fields with no cell is not listed at all.
    """

    field: str | None
    by: str
    values: tuple[str, ...]
    by_values: tuple[str, ...]
    answered: tuple[int | None, ...] = Field(description="Members who answered both; None for fewer than five.")
    prior: float | None
    persona: tuple[int, ...]
    value: tuple[int, ...]
    by_value: tuple[int, ...]
    count: tuple[int, ...]
    others: tuple[int, ...] = Field(description="By pair of values, in the order of `pairs`: withheld, in fives.")

    @model_validator(mode="after")
    def _fits(self) -> "PairCounts":
        columns = (
            (self.persona, len(self.answered)),
            (self.value, len(self.values)),
            (self.by_value, len(self.by_values)),
        )
        if any(len(column) != len(self.count) for column, _ in columns) or len(self.others) != len(self.pairs):
            raise ValueError("the cells have not the same length")
        if any(
            not 0 <= min(column, default=0) <= max(column, default=0) < max(size, 1) for column, size in columns
        ):
            raise ValueError("a cell names a persona or value that there is not")
        return self

    @cached_property
    def pairs(self) -> tuple[tuple[int, int], ...]:
        """The pairs of values that some persona has a cell of, ascending."""
        return tuple(sorted(set(zip(self.value, self.by_value, strict=True))))

    @cached_property
    def everyone(self) -> dict[tuple[int, int], int]:
        """The members of all personas who have both values, by pair."""
        totals = dict(zip(self.pairs, self.others, strict=True))
        for value, by_value, count in zip(self.value, self.by_value, self.count, strict=True):
            totals[value, by_value] += count
        return totals

    @cached_property
    def everyone_answered(self) -> int:
        """The members of all personas who answered both fields."""
        return sum(filter(None, self.answered))


class AffinityCounts(_Part):
    """`affinities.json`: what the training members of each persona gave."""

    minimum: int = Field(default=MIN_GROUP, description="Members that a cell needs.")
    fields: tuple[FieldCounts, ...]
    pairs: tuple[PairCounts, ...]

    @cached_property
    def by_field(self) -> dict[str | None, FieldCounts]:
        """The counts by field."""
        return {counts.field: counts for counts in self.fields}

    @cached_property
    def by_pair(self) -> dict[frozenset[str | None], PairCounts]:
        """The crossed counts by their two fields, in either order."""
        return {frozenset((counts.field, counts.by)): counts for counts in self.pairs}

    def fits(self, personas: int) -> bool:
        """Whether every table has that many personas."""
        answered = [counts.answered for counts in self.fields] + [counts.answered for counts in self.pairs]
        return all(len(by_persona) == personas for by_persona in answered)
