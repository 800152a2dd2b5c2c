"""What the OpenAPI document says of the API as a whole: how to begin, groups of routes, and shared problems."""

from typing import Any

from service.http.error_table import (
    BY_STATUS,
    INTERNAL,
    INVALID,
    MALFORMED,
    MALFORMED_REQUEST,
    TOO_SLOW,
    UNTRUSTED_HOST,
    ProblemType,
    problem_type,
)
from service.http.problems import MEDIA_TYPE
from service.limits import Overloaded, RateExceeded
from service.security.guard import Forbidden, Unauthenticated
from service.store.ports.errors import StoreUnavailable

SUMMARY = "Finds the natural segments in gifting profiles, and says of any profile which persona it is."
# On a response: `/docs` describes all of its problems once, at the top of the page.
SHARED = "x-shared-problems"

# Problems that routes have in common, in the order of their status.
_SHARED: tuple[ProblemType, ...] = (
    MALFORMED,
    MALFORMED_REQUEST,
    UNTRUSTED_HOST,
    problem_type(Unauthenticated),
    problem_type(Forbidden),
    BY_STATUS[408],
    BY_STATUS[413],
    BY_STATUS[415],
    INVALID,
    problem_type(RateExceeded),
    INTERNAL,
    problem_type(Overloaded),
    problem_type(StoreUnavailable),
    TOO_SLOW,
)

_DESCRIPTION = """\
`POST /segment` says of a profile which persona it is, and stores nothing. `PUT /users/{{user_id}}/profile` stores
the profile of a user, whose persona `GET /users/{{user_id}}/persona` then follows from model to model.
`GET /vocabulary` has the fields and values that the model knows: all that a form needs.

**Keys.** Send `Authorization: Bearer KEY` or `X-API-Key: KEY`; the padlock of a request keeps one for this page.
While no key exists, none is needed on this machine.

**Errors.** Every status of 400 and above has one body, `application/problem+json` (RFC 9457): `type` never
changes, so that programs can decide by it, `detail` says what to do next, and `errors` points at each wrong field.
These may come from every route; a route lists its own besides.

| Status | `type` | |
|---|---|---|
{rows}
"""

TAGS: tuple[dict[str, str], ...] = (
    {"name": "segment", "description": "Which persona a profile is, and why. Nothing is stored."},
    {
        "name": "personas",
        "description": "The personas of the active model, and the fields and values that it knows.",
    },
    {"name": "users", "description": "Stored profiles, and the persona of each user from model to model."},
    {"name": "rights", "description": "What is held of a user, erasure, objections, and who did what."},
    {
        "name": "models",
        "description": "Versions of the model: what each would change, which is active, and the way back.",
    },
    {
        "name": "retrain",
        "description": "Train a new model in the background while the active one goes on answering.",
    },
    {"name": "health", "description": "For operators: whether the service is alive and ready, and what it does."},
)


def description() -> str:
    """The description of the API, in Markdown."""
    rows = (f"| {kind.status} | `{kind.uri}` | {kind.title} |" for kind in _SHARED)
    return _DESCRIPTION.format(rows="\n".join(rows))


def mark_shared_problems(operation: dict[str, Any]) -> None:
    """Mark the responses of an operation that hold no other problems than `description` lists.

    What can be wrong with a body stands with the route: its example shows how `errors` points into the body.
    """
    shared = {kind.name for kind in _SHARED} - ({INVALID.name} if "requestBody" in operation else set())
    for response in operation["responses"].values():
        problems = response.get("content", {}).get(MEDIA_TYPE, {}).get("examples")
        if problems and set(problems) <= shared:
            response[SHARED] = True
