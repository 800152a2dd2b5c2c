"""Persona: a segment as people see it. Its id never changes."""

from pydantic import BaseModel, ConfigDict, Field


class Trait(BaseModel):
    """A difference between a persona's members and everyone."""

    model_config = ConfigDict(frozen=True)

    field: str = Field(description="Profile field.")
    value: str | None = Field(
        default=None, description="Value of the field; null when the trait is a level of a number."
    )
    share: float | None = Field(
        default=None, description="Share of the members who answered the field and have this value, 0–1."
    )
    lift: float | None = Field(
        default=None,
        description="That share divided by everyone's, shrunk toward 1 where few members answered.",
    )
    mean: float | None = Field(default=None, description="Mean of a number among the members.")
    mean_everyone: float | None = Field(default=None, description="Mean of that number among everyone.")
    sentence: str = Field(description="The trait in words.")


class GiverTexts(BaseModel):
    """The generated texts of a persona, as they are said to a giver who has it; `traits` in their order."""

    model_config = ConfigDict(frozen=True)

    sentence: str
    traits: tuple[str, ...]


class GiftAffinity(BaseModel):
    """How common gifts of one category are in a persona."""

    model_config = ConfigDict(frozen=True)

    category: str
    share: float = Field(description="Share of the members who answered and have this category, 0–1.")
    lift: float = Field(
        description="That share divided by everyone's, shrunk toward 1 where few members answered."
    )


class Persona(BaseModel):
    """A segment as people see it. `id` is opaque, assigned once, and never reused."""

    model_config = ConfigDict(frozen=True)

    id: str
    name: str = Field(description="Unique within a model.")
    sentence: str = Field(description="One plain sentence: who they are.")
    size: int = Field(
        description="Profiles of the training data that the model gives this persona; stored users are others."
    )
    share: float = Field(description="Those as a share of the training data, 0–1.")
    traits: tuple[Trait, ...]
    gift_affinities: tuple[GiftAffinity, ...]
    note: str | None = Field(default=None, description="A note by a person.")
    edited: tuple[str, ...] = Field(
        default=(), description="Which of name, sentence and note a person wrote; overrides belong to the id."
    )
