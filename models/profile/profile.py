"""The gifting profile: a giver's answers, about themselves, the recipient they want to give to, and the gift.

Each field is declared here and nowhere else; its annotation says its kind and whom it is about (see
`models.profile.field_kinds`).
Absent or null means *not answered*; an empty list means *answered: none*. Lists are sets: order and repeats do not
matter. A profile holds values of open vocabularies as they were sent; the code that uses them normalises them
(`models.profile.vocabulary`), so that a warning can quote an unknown value.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, FailFast, Field, StringConstraints

from models.profile.field_kinds import About, Categorical, MultiLabel, Numeric, Ordinal, Scale, Wording

MAX_LABELS = 200
MAX_LABEL_LENGTH = 200

Label = Annotated[str, StringConstraints(max_length=MAX_LABEL_LENGTH)]
# JSON has no tuples: strict would refuse its arrays once they are Python lists.
# Validation of a list stops at the first error: a million errors would cost seconds.
Labels = Annotated[tuple[Label, ...] | None, Field(strict=False, max_length=MAX_LABELS), FailFast()]


class Profile(BaseModel):
    """A giver's profile: answers about the giver, the recipient and the gift.

    Every field may be missing; the empty profile is valid.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    age: Annotated[
        int | None,
        Field(ge=13, le=120, description="Age of the giver, in years.", examples=[27]),
        Numeric(
            # Names do not say that somebody is old.
            Scale(
                low="younger",
                unit="years",
                phrase="be {value} years old",
                less="younger",
                more="older",
                group="{range} year olds",
            )
        ),
        About("giver"),
    ] = None
    relationship: Annotated[
        Label | None,
        Categorical(Wording("buy for {a_value}")),
        Field(description="Who the recipient is to the giver: friend, partner, parent …", examples=["friend"]),
        About("recipient", relationship=True),
    ] = None
    occupation: Annotated[
        Label | None,
        Categorical(Wording("be {a_value}", noun="{values}")),
        Field(description="What the giver does.", examples=["teacher"]),
        About("giver"),
    ] = None
    hobbies: Annotated[
        Labels,
        MultiLabel(
            Wording("be into {value}", adjective="{value}-loving", noun="{value} fans", of="fans of {value}")
        ),
        Field(description="What the recipient likes to do.", examples=[["gaming", "board games"]]),
        About("recipient"),
    ] = None
    favourite_items: Annotated[
        Labels,
        MultiLabel(Wording("like {value}", noun="{value} fans", of="fans of {value}")),
        Field(description="Things the recipient is fond of.", examples=[["headphones"]]),
        About("recipient"),
    ] = None
    favourite_movies: Annotated[
        Labels,
        MultiLabel(Wording("watch {value} films", noun="{value} film fans", of="fans of {value} films")),
        Field(description="Film genres the recipient likes.", examples=[["comedy"]]),
        About("recipient"),
    ] = None
    last_gift_category: Annotated[
        Label | None,
        Categorical(Wording("have last given {value}", noun="{value} givers"), gift=True),
        Field(description="Category of the giver's last gift.", examples=["electronics"]),
        About("giver"),
    ] = None
    gift_history: Annotated[
        Labels,
        MultiLabel(Wording("give {value}", noun="{value} givers"), gift=True),
        Field(description="Categories of gifts that the giver gave before.", examples=[["books", "electronics"]]),
        About("giver"),
    ] = None
    occasion: Annotated[
        Label | None,
        Categorical(
            Wording(
                "shop for {value}",
                noun="{value} shoppers",
                of="shoppers for {value}",
            )
        ),
        Field(description="What the next gift is for.", examples=["birthday"]),
        About("gift"),
    ] = None
    budget_range: Annotated[
        Literal["low", "medium", "high"] | None,
        Ordinal(
            Wording("have a {value} budget", adjective="{value}-budget"), Scale(low="thrifty", high="generous")
        ),
        Field(description="How much the giver may spend.", examples=["medium"]),
        About("giver"),
    ] = None
    store_preference: Annotated[
        Label | None,
        Categorical(
            Wording(
                "prefer {value}",
                adjective="{value}",
                noun="{value} shoppers",
                of="shoppers who prefer {value}",
            )
        ),
        Field(
            description="Where the giver likes to buy: online_only, boutique, branded …", examples=["online_only"]
        ),
        About("giver"),
    ] = None
    purchases_last_year: Annotated[
        int | None,
        Field(ge=0, le=10_000, description="Gifts the giver bought in the last twelve months.", examples=[4]),
        Numeric(
            Scale(
                low="occasional",
                high="frequent",
                unit="gifts",
                phrase="buy {value} gifts a year",
                less="fewer",
                more="more",
            ),
            log=True,
        ),
        About("giver"),
    ] = None
    lead_time_days: Annotated[
        int | None,
        Field(ge=0, le=3_650, description="How many days before the occasion the giver buys.", examples=[12]),
        Numeric(
            Scale(
                low="last-minute",
                high="early-planning",
                unit="days",
                phrase="buy {value} days ahead",
                less="later",
                more="earlier",
            ),
            log=True,
        ),
        About("giver"),
    ] = None
    recipient_age: Annotated[
        int | None,
        Field(ge=0, le=120, description="Age of the recipient, in years.", examples=[34]),
        # No words for names and groups: these speak of the giver.
        Numeric(Scale(unit="years", phrase="be {value} years old", less="younger", more="older")),
        About("recipient"),
    ] = None
