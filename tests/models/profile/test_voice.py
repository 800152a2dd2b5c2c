"""What sentences call the giver and the recipient, in two voices."""

from typing import Annotated

import pytest
from pydantic import BaseModel, ConfigDict

from models.profile.field_kinds import About, Categorical, Numeric
from models.profile.profile import Profile
from models.profile.vocabulary import normalise
from models.profile.voice import RELATIONSHIPS, in_voice, people_of, relationship_noun, singular_units
from training.simulation.population import CHOICES


class Own(BaseModel):
    """A profile class of one's own, with recipients."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    bond: Annotated[str | None, Categorical(), About("recipient", relationship=True)] = None


class Plain(BaseModel):
    """A profile class of one's own, without recipients."""

    visits: Annotated[int | None, Numeric()] = None


def test_relationships_are_normalised() -> None:
    assert {normalise(value) for value in RELATIONSHIPS} == RELATIONSHIPS


@pytest.mark.parametrize("value", [value for values in CHOICES["relationship"].values() for value in values])
def test_every_relationship_of_the_simulator_has_a_word(value: str) -> None:
    assert relationship_noun(value)


def test_own_class_names_the_recipient_by_its_own_field() -> None:
    assert people_of(Own(bond="Sister"), "giver").recipient == "Your sister"
    assert people_of(Own(bond="Sister"), "analyst").recipient == "Their sister"


def test_class_without_recipients_has_nobody_to_name() -> None:
    assert people_of(Plain(visits=1), "giver") == ("You", "The person you give to", "your")


def test_stranger_is_not_quoted() -> None:
    assert people_of(Profile(relationship="<script>"), "giver").recipient == "The person you give to"


def test_gift_for_oneself_follows_the_voice() -> None:
    assert in_voice("buy for yourself", "giver", "analyst") == "buy for themselves"
    assert in_voice("buy for yourself", "giver", "giver") == "buy for yourself"


@pytest.mark.parametrize(
    ("phrase", "unit", "said"),
    [
        ("is {value} years old", "years", "is {value} year old"),
        ("buy {value} gifts a year", "gifts", "buy {value} gift a year"),
        ("have {value} parties", "parties", "have {value} party"),
        ("have {value} for milk", "", "have {value} for milk"),
    ],
)
def test_one_has_a_singular_unit(phrase: str, unit: str, said: str) -> None:
    assert singular_units(phrase, unit) == said
