"""The check of `tests.support.breaking_changes`: which change breaks clients, and which does not."""

from copy import deepcopy
from typing import Any

import pytest

from tests.support.breaking_changes import breaking_changes

GIFT = "POST /gifts"
SUMMARY: dict[str, Any] = {
    "operations": {
        "GET /gifts": {
            "id": "list_gifts",
            "scope": "gifts:read",
            "parameters": {"query limit?": "integer(1..1000) = 50"},
            "responses": {"200": "Page", "304": "no body"},
            "problems": "401 unauthenticated, 503 overloaded",
        },
        GIFT: {
            "id": "make_gift",
            "parameters": {"header Idempotency-Key?": "string(/^[!-~]{1,200}$/) | null"},
            "request": "NewGift",
            "responses": {"201": "Gift"},
        },
        "GET /metrics": {"id": "metrics", "responses": {"200": "text/plain"}},
    },
    "schemas": {
        "Page": {"items": "[Gift]", "next_cursor": "string | null"},
        "Gift": {
            "id": "string",
            "price": "number",
            "note?": "string | null",
            "state": "State",
            "tags": "[string]",
        },
        "State": "'OPEN' | 'SENT'",
        "NewGift": {
            "price": "number",
            "state?": "State",
            "name": "string(/^[(a|b)\\]\\/]$/, 1..200)",
            "tags?": "[string(..20)](..50)",
            "extra?": "{string: integer}",
        },
    },
}


def changed(**places: Any) -> dict[str, Any]:
    """The summary with other values at these paths, `__` between their parts; None removes."""
    summary = deepcopy(SUMMARY)
    for path, value in places.items():
        set_at(summary, path.split("__"), value)
    return summary


def set_at(summary: dict[str, Any], path: list[str], value: Any) -> None:
    *parents, name = path
    for parent in parents:
        summary = summary[parent]
    summary[name] = value
    if value is None:
        del summary[name]


def gift(name: str, value: str | None) -> dict[str, Any]:
    return changed(**{f"schemas__Gift__{name}": value})


def new_gift(name: str, value: str | None) -> dict[str, Any]:
    return changed(**{f"schemas__NewGift__{name}": value})


def operation(name: str, key: str, value: Any) -> dict[str, Any]:
    return changed(**{f"operations__{name}__{key}": value})


GIFT_ITEM = "GET /gifts, response 200 (Page): `items`, an item (Gift): "
REQUEST = "POST /gifts, request (NewGift): "
BREAKING: dict[str, tuple[dict[str, Any], str]] = {
    "operation removed": (changed(**{"operations__GET /gifts": None}), "GET /gifts is gone."),
    "operation id changed": (
        operation("GET /gifts", "id", "get_gifts"),
        "GET /gifts: generated clients call it `list_gifts`, and now `get_gifts`.",
    ),
    "scope changed": (operation("GET /gifts", "scope", "admin"), "GET /gifts now needs the scope 'admin'."),
    "public operation guarded": (
        operation("GET /metrics", "scope", "metrics:read"),
        "GET /metrics now needs the scope 'metrics:read'.",
    ),
    "parameter removed": (
        operation("GET /gifts", "parameters", {}),
        "GET /gifts, parameters: `query limit` is no longer accepted.",
    ),
    "parameter narrowed": (
        operation("GET /gifts", "parameters__query limit?", "integer(1..100) = 50"),
        "GET /gifts, parameters: `query limit` accepts integer(1..100), and no longer all of integer(1..1000).",
    ),
    "required parameter added": (
        operation("GET /gifts", "parameters__query giver", "string"),
        "GET /gifts, parameters: the new `query giver` is required.",
    ),
    "status removed": (
        operation("GET /gifts", "responses__304", None),
        "GET /gifts no longer responds with the status 304.",
    ),
    "problem removed": (
        operation("GET /gifts", "problems", "503 overloaded"),
        "GET /gifts no longer responds with the problem 401 unauthenticated.",
    ),
    "media type changed": (
        operation("GET /metrics", "responses__200", "application/xml"),
        "GET /metrics, response 200 may now be application/xml.",
    ),
    "body required": (operation("GET /gifts", "request", "NewGift"), "GET /gifts, request: a body is now needed."),
    "body removed": (operation(GIFT, "request", None), "POST /gifts, request: a body is no longer accepted."),
    "response field removed": (gift("price", None), GIFT_ITEM + "`price` is gone."),
    "response field may be null": (gift("price", "number | null"), GIFT_ITEM + "`price` may now be null."),
    "response field of another type": (gift("price", "string"), GIFT_ITEM + "`price` may now be string."),
    "list of another type": (gift("tags", "[integer]"), GIFT_ITEM + "`tags`, an item may now be integer."),
    "response value removed": (
        changed(schemas__State="'OPEN'"),
        GIFT_ITEM + "`state` no longer has the value 'SENT'.",
    ),
    "request field removed": (new_gift("extra?", None), REQUEST + "`extra` is no longer accepted."),
    "required request field added": (new_gift("giver", "string"), REQUEST + "the new `giver` is required."),
    "request type changed": (new_gift("price", "integer"), REQUEST + "`price` no longer accepts number."),
    "map narrowed": (
        new_gift("extra?", "{string: 'x'}"),
        REQUEST + "`extra`, a value no longer accepts integer.",
    ),
    "request value removed": (
        changed(**{"schemas__NewGift__state?": "'OPEN'"}),
        REQUEST + "`state` no longer accepts 'SENT'.",
    ),
    "list shortened": (
        new_gift("tags?", "[string(..20)](..10)"),
        REQUEST + "`tags` accepts [string(..20)](..10), and no longer all of [string(..20)](..50).",
    ),
    "items shortened": (
        new_gift("tags?", "[string(..10)](..50)"),
        REQUEST + "`tags`, an item accepts string(..10), and no longer all of string(..20).",
    ),
    "another pattern": (
        new_gift("name", "string(/^x$/, 1..200)"),
        REQUEST + "`name` accepts string(/^x$/, 1..200), and no longer all of string(/^[(a|b)\\]\\/]$/, 1..200).",
    ),
}


@pytest.mark.parametrize(("summary", "sentence"), BREAKING.values(), ids=BREAKING)
def test_breaking_change_is_named_in_a_sentence(summary: dict[str, Any], sentence: str) -> None:
    assert sentence in breaking_changes(SUMMARY, summary)


def renamed_field(schema: str, old: str, new: str) -> dict[str, Any]:
    fields = SUMMARY["schemas"][schema]
    return changed(**{f"schemas__{schema}": {new if name == old else name: kind for name, kind in fields.items()}})


def test_response_field_that_may_be_absent_breaks() -> None:
    assert breaking_changes(SUMMARY, renamed_field("Gift", "price", "price?")) == [
        GIFT_ITEM + "`price` may now be absent."
    ]


def test_request_field_that_becomes_required_breaks() -> None:
    assert breaking_changes(SUMMARY, renamed_field("NewGift", "tags?", "tags")) == [
        REQUEST + "`tags` is now required."
    ]


def test_renamed_response_field_breaks() -> None:
    assert breaking_changes(SUMMARY, renamed_field("Gift", "price", "cost")) == [GIFT_ITEM + "`price` is gone."]


ADDITIVE: dict[str, dict[str, Any]] = {
    "nothing changed": changed(),
    "operation added": changed(**{"operations__GET /givers": {"id": "list_givers", "responses": {"200": "Page"}}}),
    "optional parameter added": operation("GET /gifts", "parameters__query giver?", "string"),
    "parameter widened": operation("GET /gifts", "parameters__query limit?", "integer(0..5000) = 20"),
    "status added": operation(GIFT, "responses__200", "Gift"),
    "problem added": operation("GET /gifts", "problems", "401 unauthenticated, 429 rate-exceeded, 503 overloaded"),
    "scope dropped": operation("GET /gifts", "scope", None),
    "response field added": gift("giver", "string"),
    "response number becomes an integer": gift("price", "integer"),
    "response field is no longer null": gift("note?", "string"),
    "value added": changed(schemas__State="'OPEN' | 'SENT' | 'LOST'"),
    "request field added": new_gift("giver?", "string"),
    "request field made optional": renamed_field("NewGift", "price", "price?"),
    "request field may be null": new_gift("price", "number | null"),
    "list lengthened": new_gift("tags?", "[string(..40)](..100)"),
    "pattern dropped": new_gift("name", "string(..200)"),
    "enumeration opened": new_gift("state?", "string"),
    "schema renamed": changed(
        schemas__Present=SUMMARY["schemas"]["Gift"], schemas__Page__items="[Present]", schemas__Gift=None
    ),
}
ADDITIVE["schema renamed"]["operations"][GIFT]["responses"]["201"] = "Present"


@pytest.mark.parametrize("summary", ADDITIVE.values(), ids=ADDITIVE)
def test_addition_breaks_nothing(summary: dict[str, Any]) -> None:
    assert breaking_changes(SUMMARY, summary) == []
