"""Scorers and profiles as parsed JSON, for the tests of known answers alone and by column."""

import json
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict

from models.profile.profile import MAX_LABEL_LENGTH, Profile
from models.scoring.known_answers.single import LONGEST_LIST
from models.scoring.scorer import Scorer
from testkit.reordered import reordered
from testkit.small_scorer import KNOWN, small_scorer
from tests.support.profiles import profiles

SCORERS = {"three personas": small_scorer(), "one persona": reordered(small_scorer(), [0])}
TOO_LONG = "x" * (MAX_LABEL_LENGTH + 1)

ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-5, 130)
    | st.floats()
    | st.sampled_from([*KNOWN, "low"]),
    lambda inner: st.lists(inner, max_size=18) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=20,
)
VALID = profiles().map(lambda profile: json.loads(profile.model_dump_json(exclude_unset=True)))
UNUSUAL = st.dictionaries(st.sampled_from([*Profile.model_fields, "hobby", ""]), ANYTHING, max_size=8)

UNKNOWN_ANSWERS: dict[str, dict[str, Any]] = {
    "not normalised": {"occupation": "Value 1"},
    "not normalised in a list": {"hobbies": ["value_1", "VALUE-2"]},
    "an unknown value": {"occupation": "never seen"},
    "a blank": {"occupation": ""},
    "a boolean for a number": {"age": True},
    "a fraction": {"age": 30.5},
    "too young": {"age": 12},
    "too large for any float": {"purchases_last_year": 10**400},
    "a number as text": {"age": "30"},
    "no level": {"budget_range": "Medium"},
    "a number for a text": {"occupation": 1},
    "a list for a text": {"occupation": ["value_1"]},
    "a text for a list": {"hobbies": "value_1"},
    "an object for a list": {"hobbies": {"value_1": 1}},
    "a list in a list": {"hobbies": [["value_1"]]},
    "null in a list": {"hobbies": [None]},
    "longer than the lists that are looked up": {"hobbies": ["value_1"] * (LONGEST_LIST + 1)},
    "an undeclared field": {"hobby": "value_1"},
    "an undeclared field without an answer": {"hobby": None},
}


class Brief(BaseModel):
    """A profile with fewer fields than the model."""

    model_config = ConfigDict(extra="forbid", strict=True)

    age: int | None = None
    occupation: str | None = None


def scorer_that_knows(value: str) -> Scorer:
    """A scorer whose fields know this value in place of the first."""
    scorer = small_scorer()
    fields = tuple(
        replace(encoding, values=(value, *encoding.values[1:])) if encoding.values == KNOWN else encoding
        for encoding in scorer.encoder.fields
    )
    return replace(scorer, encoder=replace(scorer.encoder, fields=fields))
