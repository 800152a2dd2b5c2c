"""Requests that several tests of the fast path send."""

import json
from typing import Any, NamedTuple

from tests.support.both_paths import BothPaths

JSON = {"content-type": "application/json"}
FULL_PROFILE: dict[str, Any] = {
    "age": 34,
    "relationship": "value_0",
    "occupation": "value_1",
    "hobbies": ["value_0", "value_3"],
    "favourite_items": [],
    "favourite_movies": ["value_2"],
    "last_gift_category": "value_4",
    "gift_history": ["value_5"],
    "occasion": "value_1",
    "budget_range": "medium",
    "store_preference": "value_2",
    "purchases_last_year": 4,
    "lead_time_days": 12,
}
USER_ID = "ann@example"


def as_json(value: object) -> bytes:
    return json.dumps(value).encode()


FULL = as_json(FULL_PROFILE)
UNKNOWN_VALUE = as_json({"hobbies": ["never seen"]})
MISSING_WORDS = as_json({"hobbies": ["n/a"], "occupation": "Unknown", "gift_history": ["value_5", "None"]})
TOO_YOUNG = as_json({"age": 5})


class Sent(NamedTuple):
    """A request, and whether the fast path must answer it or decline it."""

    method: str
    target: str
    body: bytes
    is_fast: bool


REQUESTS = {
    "known answers": Sent("POST", "/segment", FULL, True),
    "no answers": Sent("POST", "/segment", b"{}", True),
    "an unknown value": Sent("POST", "/segment", UNKNOWN_VALUE, True),
    "words for a missing answer": Sent("POST", "/segment", MISSING_WORDS, True),
    "an invalid profile": Sent("POST", "/segment", TOO_YOUNG, False),
    "a body that is no object": Sent("POST", "/segment", b"[]", False),
    "a body that is no JSON": Sent("POST", "/segment", b"{", False),
    "no body": Sent("POST", "/segment", b"", False),
    "a user": Sent("GET", f"/users/{USER_ID}/persona", b"", True),
    "an unknown user": Sent("GET", "/users/nobody/persona", b"", False),
}


def store_user(both: BothPaths, user_id: str = USER_ID) -> None:
    both.client.put(f"/users/{user_id}/profile", json=FULL_PROFILE).raise_for_status()
