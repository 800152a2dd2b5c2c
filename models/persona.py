"""Persona: the named face of a segment. What people see; its id never changes."""

from pydantic import BaseModel, ConfigDict, Field


class Trait(BaseModel):
    """Something that sets a persona's members apart from everyone."""

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
        description="That share divided by everyone's, drawn toward 1 where few members answered.",
    )
    mean: float | None = Field(default=None, description="Mean of a number among the members.")
    mean_everyone: float | None = Field(default=None, description="Mean of that number among everyone.")
    sentence: str = Field(description="The trait in words.")


class GiftAffinity(BaseModel):
    """How much a persona is given gifts of one category."""

    model_config = ConfigDict(frozen=True)

    category: str
    share: float = Field(description="Share of the members who answered and have this category, 0–1.")
    lift: float = Field(description="That share divided by everyone's, drawn toward 1 where few members answered.")


class Persona(BaseModel):
    """A segment as people see it. `id` is opaque, minted once, and never reused."""

    model_config = ConfigDict(frozen=True)

    id: str
    name: str = Field(description="Unique within a model.")
    sentence: str = Field(description="One plain sentence: who they are.")
    size: int = Field(description="Members in the training data.")
    share: float = Field(description="Members as a share of the training data, 0–1.")
    traits: tuple[Trait, ...]
    gift_affinities: tuple[GiftAffinity, ...]
    note: str | None = Field(default=None, description="What a person noted of it.")
    edited: tuple[str, ...] = Field(
        default=(), description="Which of name, sentence and note a person wrote; they follow the id."
    )
