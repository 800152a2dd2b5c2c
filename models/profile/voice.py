"""The two voices of sentences about a giver and their recipient, from one declaration of the words.

To the *giver*: "You buy 20 days ahead", "Your mother is into gardening". To an *analyst*, about the giver: "They
buy 20 days ahead", "Their mother is into gardening". The recipient is called by the answer that says who they are
(`About(…, relationship=True)`), where that is one of the words below, and "the person you give to" otherwise.
"""

import re
from functools import cache
from typing import Final, Literal, NamedTuple

from pydantic import BaseModel

from models.profile.field_kinds import declared_fields
from models.profile.vocabulary import label, normalise

Voice = Literal["giver", "analyst"]
Subject = Literal["giver", "recipient"]

# What one person can be to the giver, normalised. Plurals and phrases are not among them: neither "your parents is
# into gardening" nor "your someone special" is English.
RELATIONSHIPS: Final = frozenset(
    {
        *("mother", "mum", "mom", "father", "dad", "parent", "stepmother", "stepfather", "step_parent"),
        *(
            "partner",
            "spouse",
            "husband",
            "wife",
            "boyfriend",
            "girlfriend",
            "fiancé",
            "fiancée",
            "fiance",
            "fiancee",
        ),
        *("child", "son", "daughter", "stepson", "stepdaughter", "godchild", "godson", "goddaughter"),
        *("sibling", "brother", "sister", "twin", "cousin", "relative", "guardian"),
        *("grandparent", "grandmother", "grandfather", "grandma", "grandpa", "granny", "grandad", "granddad"),
        *("grandchild", "grandson", "granddaughter", "great_grandchild", "great_grandparent"),
        *("aunt", "uncle", "aunt_or_uncle", "niece", "nephew", "niece_or_nephew", "godparent", "godmother"),
        *("godfather", "mother_in_law", "father_in_law", "son_in_law", "daughter_in_law", "sister_in_law"),
        *("brother_in_law", "in_law", "ex", "crush"),
        *("friend", "best_friend", "close_friend", "family_friend", "pen_friend", "schoolmate", "classmate"),
        *("colleague", "coworker", "co_worker", "boss", "manager", "employee", "assistant", "business_partner"),
        *("client", "customer", "teacher", "student", "pupil", "mentor", "coach", "doctor", "nanny", "babysitter"),
        *(
            "neighbour",
            "neighbor",
            "flatmate",
            "roommate",
            "housemate",
            "landlord",
            "host",
            "guest",
            "acquaintance",
        ),
    }
)
_HYPHENATED: Final = re.compile(r"(.*in_law|great_.*|co_worker|step_parent)")


class People(NamedTuple):
    """What one response calls the giver and the recipient, as subjects, and what is the giver's."""

    giver: str
    recipient: str
    giver_s: str


def people_of(profile: BaseModel, voice: Voice) -> People:
    """What sentences about a profile call its giver and its recipient."""
    field = _relationship_field(type(profile))
    noun = "" if field is None else relationship_noun(getattr(profile, field))
    if voice == "giver":
        return People("You", f"Your {noun}" if noun else "The person you give to", "your")
    return People("They", f"Their {noun}" if noun else "The person they give to", "their")


def relationship_noun(answer: object) -> str:
    """The word after "your" for who the recipient is: "mother", "in-law"; "" where there is none."""
    value = normalise(str(answer or "")).removeprefix("my_")
    if value not in RELATIONSHIPS:
        return ""
    return value.replace("_", "-") if _HYPHENATED.fullmatch(value) else label(value)


def in_voice(phrase: str, subject: Subject, voice: Voice) -> str:
    """A phrase as models hold it, for the giver's voice, in a voice: "buy for yourself" → "buy for themselves"."""
    is_of_others = voice == "analyst" and subject == "giver"
    return re.sub(r"\bfor yourself$", "for themselves", phrase) if is_of_others else phrase


@cache
def _relationship_field(profile_class: type[BaseModel]) -> str | None:
    return next((spec.name for spec in declared_fields(profile_class) if spec.relationship), None)


def singular_units(phrase: str, unit: str) -> str:
    """A phrase with one unit: "are {value} years old" → "are {value} year old", as in "1 year old"."""
    one = re.sub(r"ies$", "y", unit) if unit.endswith("ies") else unit.removesuffix("s")
    return phrase.replace(f"{{value}} {unit}", f"{{value}} {one}") if unit else phrase
