"""What the members of a persona answer: the most common answers and the most distinctive ones, apart."""

from pydantic import Field

from training.report.content.part import Part


class AnswerShare(Part):
    """One answer of a persona's members."""

    value: str
    members: int = Field(description="Members who give it, at least five.")
    share: float = Field(description="Of the members who answered the field, 0–1.")
    share_everyone: float = Field(description="Of all who answered the field, 0–1.")
    lift: float = Field(
        description="The first share divided by the second, shrunk toward 1 where few members answered."
    )


class NumberAnswer(Part):
    """A number among the members, rounded to an answer that some of them gave."""

    median: float
    low: float = Field(description="A quarter of the members are below.")
    high: float = Field(description="A quarter of the members are above.")


class FieldAnswers(Part):
    """The answers of a persona's members to one field, from aggregates: no single person's profile."""

    title: str
    answered: int = Field(
        description="Members who answered the field; where one answer is possible, with answers of fewer than "
        "five members in fives."
    )
    common: tuple[AnswerShare, ...] = Field(default=(), description="The most common first.")
    distinctive: tuple[AnswerShare, ...] = Field(
        default=(), description="More common than among everyone, beyond chance; the largest lift first."
    )
    number: NumberAnswer | None = None
