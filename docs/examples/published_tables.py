"""Profile classes of four published tables, which are not part of this project (docs/real-files.md).

`BankClient` has no words on purpose: it shows what sentences and names say without them.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from models.profile.field_kinds import Categorical, Descriptor, MultiLabel, Numeric, Ordinal, Scale, Wording
from models.profile.profile import Labels

Text = Annotated[str | None, Field(max_length=50)]
Count = Annotated[int | None, Field(ge=0, le=1_000)]
Sum = Annotated[int | None, Field(ge=0, le=10_000_000)]
Share = Annotated[float | None, Field(ge=-100, le=100)]


class Volunteer(BaseModel):
    """A volunteer and their motives (R package flexclust, data set `volunteers`)."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    motives: Annotated[
        Labels, MultiLabel(Wording("be moved by {value}", noun="{value} volunteers", of="volunteers for {value}"))
    ] = None
    gender: Annotated[Text, Categorical(), Descriptor()] = None
    age_group: Annotated[Text, Categorical(), Descriptor()] = None


class GroceryCustomer(BaseModel):
    """A customer of a grocery, what they spent in two years, and the campaigns that they took up."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    age: Annotated[
        Annotated[int | None, Field(ge=13, le=130)],
        Numeric(Scale(low="younger", high="older", unit="years", phrase="be {value} years old")),
    ] = None
    income: Annotated[
        Sum, Numeric(Scale(low="low-income", high="well-off", phrase="earn {value} a year"), log=True)
    ] = None
    children: Annotated[Count, Numeric(Scale(phrase="have {value} small children"))] = None
    teenagers: Annotated[Count, Numeric()] = None
    education: Annotated[
        Literal["basic", "graduation", "master", "phd"] | None,
        Ordinal(Wording("have {value} as education"), Scale(low="little-schooled", high="learned")),
    ] = None
    wine: Annotated[Sum, Numeric(Scale(high="wine-buying", phrase="spend {value} on wine"), log=True)] = None
    fruit: Annotated[Sum, Numeric(Scale(high="fruit-buying", phrase="spend {value} on fruit"), log=True)] = None
    meat: Annotated[Sum, Numeric(Scale(high="meat-buying", phrase="spend {value} on meat"), log=True)] = None
    fish: Annotated[Sum, Numeric(Scale(high="fish-buying", phrase="spend {value} on fish"), log=True)] = None
    sweets: Annotated[Sum, Numeric(Scale(high="sweet-buying", phrase="spend {value} on sweets"), log=True)] = None
    gold: Annotated[Sum, Numeric(Scale(high="gold-buying", phrase="spend {value} on gold"), log=True)] = None
    deals: Annotated[Count, Numeric(Scale(high="bargain-hunting", phrase="take {value} deals"), log=True)] = None
    web_purchases: Annotated[Count, Numeric(log=True)] = None
    catalogue_purchases: Annotated[Count, Numeric(log=True)] = None
    store_purchases: Annotated[Count, Numeric(log=True)] = None
    web_visits: Annotated[Count, Numeric(log=True)] = None
    campaigns: Annotated[Labels, MultiLabel(Wording("take up the {value}"))] = None
    marital_status: Annotated[Text, Categorical(), Descriptor()] = None


class WholesaleCustomer(BaseModel):
    """A customer of a wholesaler in Portugal, and what they spent in a year."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    fresh: Annotated[Sum, Numeric(Scale(high="fresh-food", phrase="buy fresh food for {value}"), log=True)] = None
    milk: Annotated[Sum, Numeric(Scale(high="milk-buying", phrase="buy milk for {value}"), log=True)] = None
    grocery: Annotated[
        Sum, Numeric(Scale(high="grocery-buying", phrase="buy groceries for {value}"), log=True)
    ] = None
    frozen: Annotated[Sum, Numeric(Scale(high="frozen-food", phrase="buy frozen food for {value}"), log=True)] = (
        None
    )
    detergents_paper: Annotated[
        Sum, Numeric(Scale(high="detergent-buying", phrase="buy detergents and paper for {value}"), log=True)
    ] = None
    delicatessen: Annotated[
        Sum, Numeric(Scale(high="delicatessen-buying", phrase="buy delicatessen for {value}"), log=True)
    ] = None
    channel: Annotated[Text, Categorical(), Descriptor()] = None
    region: Annotated[Text, Categorical(), Descriptor()] = None


class BankClient(BaseModel):
    """A client of a bank in Portugal who was called in a campaign. `y`: whether they opened a deposit."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    age: Annotated[Annotated[int | None, Field(ge=17, le=120)], Numeric()] = None
    job: Annotated[Text, Categorical()] = None
    marital: Annotated[Text, Categorical()] = None
    education: Annotated[Text, Categorical()] = None
    default: Annotated[Text, Categorical()] = None
    housing: Annotated[Text, Categorical()] = None
    loan: Annotated[Text, Categorical()] = None
    contact: Annotated[Text, Categorical()] = None
    campaign: Annotated[Count, Numeric(log=True)] = None
    previous: Annotated[Count, Numeric(log=True)] = None
    euribor3m: Annotated[Share, Numeric()] = None
    y: Annotated[Text, Categorical(), Descriptor()] = None
