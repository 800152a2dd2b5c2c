"""The OpenAPI document: complete, true, and without an unintended change.

`openapi_summary.json` is what was agreed with clients. After an intended change write it again:

    UPDATE_SNAPSHOT=1 python -m pytest tests/service/http/test_openapi.py

That refuses a change that breaks clients; `UPDATE_SNAPSHOT=breaking` writes such a change, too.
"""

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from models.profile import Profile
from models.profile.vocabulary import normalise
from service.http.api_description import SHARED
from service.http.examples.segment import PROFILE
from tests.support.breaking_changes import breaking_changes
from tests.support.openapi_summary import as_text, operations, summarise
from training.simulation.population import CHOICES, LISTS

# No content, and not modified (RFC 9110, 15.3.5 and 15.4.5).
BODILESS = ("204", "304")
SUMMARY = Path(__file__).with_name("openapi_summary.json")


@pytest.fixture
def document(app: FastAPI) -> dict[str, Any]:
    return json.loads(json.dumps(app.openapi()))  # type: ignore[no-any-return]


def bodies(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The body of every request and every response, by operation, status and media type."""
    for name, operation in operations(document):
        messages = {"request": operation.get("requestBody", {}), **operation["responses"]}
        for status, message in messages.items():
            for kind, content in message.get("content", {}).items():
                yield f"{name} {status} {kind}", content


def examples(content: dict[str, Any]) -> list[Any]:
    named = [example["value"] for example in content.get("examples", {}).values()]
    return [
        *named,
        *([content["example"]] if "example" in content else []),
        *content.get("schema", {}).get("examples", []),
    ]


def test_document_is_valid_openapi_3_1(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    validate(document)


def test_every_body_has_an_example(document: dict[str, Any]) -> None:
    without = [name for name, content in bodies(document) if not examples(content)]
    assert without == []


def without_schema(document: dict[str, Any]) -> list[str]:
    """The requests and responses that a generated client would have no type for."""
    named = document["components"]["schemas"]
    untyped = [name for name, content in bodies(document) if not typed(content.get("schema", {}), named)]
    silent = [
        f"{name} {status}"
        for name, operation in operations(document)
        for status, response in operation["responses"].items()
        if bool(response.get("content")) is (status in BODILESS)
    ]
    return untyped + silent


def typed(schema: dict[str, Any], named: dict[str, Any]) -> bool:
    schema = named[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    return bool(schema.keys() & {"type", "anyOf", "oneOf", "allOf", "enum", "const"})


def test_every_response_has_a_schema_unless_it_has_no_body(document: dict[str, Any]) -> None:
    assert without_schema(document) == []


@pytest.mark.parametrize(
    ("path", "method", "status"),
    [("/users/{user_id}/profile", "put", "201"), ("/segment/batch", "post", "207"), ("/metrics", "get", "200")],
)
def test_response_without_a_schema_would_be_noticed(
    document: dict[str, Any], path: str, method: str, status: str
) -> None:
    response = document["paths"][path][method]["responses"][status]
    [content] = response["content"].values()
    content["schema"] = {}
    assert len(without_schema(document)) == 1
    del response["content"]
    assert without_schema(document) == [f"{method.upper()} {path} {status}"]


def test_every_example_is_valid_against_its_schema(document: dict[str, Any]) -> None:
    checked = 0
    for name, content in bodies(document):
        schema = {**content.get("schema", {}), "components": document["components"]}
        for example in examples(content):
            errors = [error.message for error in Draft202012Validator(schema).iter_errors(example)]
            assert errors == [], name
            checked += 1
    assert checked >= len(document["paths"])


def test_every_operation_says_what_it_is_for_in_words_of_its_own(document: dict[str, Any]) -> None:
    summaries = {name: operation["summary"] for name, operation in operations(document)}
    derived = {
        name: operation["operationId"].replace("_", " ").title() for name, operation in operations(document)
    }
    assert [name for name in summaries if summaries[name] == derived[name] or " " not in summaries[name]] == []
    assert len(set(summaries.values())) == len(summaries)
    assert summaries["POST /segment"] == "Segment a profile"


def test_every_group_of_operations_is_described(document: dict[str, Any]) -> None:
    used = {tag for _, operation in operations(document) for tag in operation["tags"]}
    assert {tag["name"] for tag in document["tags"] if len(tag["description"]) > 20} == used


def test_shared_problems_are_described_once_and_marked(document: dict[str, Any]) -> None:
    left = {
        name: {status for status, response in operation["responses"].items() if not response.get(SHARED)}
        for name, operation in operations(document)
    }
    assert left["POST /segment"] == {"200", "422", "503"}
    assert left["GET /personas/{persona_id}"] == {"200", "304", "404", "503"}
    assert left["GET /livez"] == {"200"}
    marked = {
        problem["value"]["type"]
        for _, operation in operations(document)
        for response in operation["responses"].values()
        if response.get(SHARED)
        for problem in response["content"]["application/problem+json"]["examples"].values()
    }
    assert [kind for kind in marked if f"`{kind}`" not in document["info"]["description"]] == []


def test_examples_have_values_that_the_starter_model_knows() -> None:
    values_of = {
        name: {value for shares in groups.values() for value in shares}
        for name, groups in (*LISTS.items(), *CHOICES.items())
    }
    fields = {name: info.examples for name, info in Profile.model_fields.items()}
    assert all(fields.values())
    profiles = [PROFILE, *({name: example} for name, examples in fields.items() for example in examples or ())]
    unknown = [
        (name, value)
        for profile in profiles
        for name, given in profile.items()
        for value in (given if isinstance(given, list) else [given])
        if isinstance(value, str) and normalise(value) not in values_of[name]
    ]
    assert unknown == []


def test_operation_ids_are_plain_and_unique(document: dict[str, Any]) -> None:
    ids = [operation["operationId"] for _, operation in operations(document)]
    assert len(set(ids)) == len(ids) > 0
    assert all(re.fullmatch(r"[a-z_]+", operation_id) for operation_id in ids)


def test_every_error_response_is_a_problem(document: dict[str, Any]) -> None:
    kinds = {
        (name, status): list(response["content"])
        for name, operation in operations(document)
        for status, response in operation["responses"].items()
        if int(status) >= 400 and name != "GET /readyz"
    }
    assert ("POST /segment", "422") in kinds
    assert {error: kind for error, kind in kinds.items() if kind != ["application/problem+json"]} == {}


def test_every_operation_with_a_body_documents_its_refusals(document: dict[str, Any]) -> None:
    with_body = {name: set(op["responses"]) for name, op in operations(document) if "requestBody" in op}
    assert "POST /segment" in with_body
    assert [name for name, statuses in with_body.items() if not {"400", "413", "415", "422"} <= statuses] == []


def test_api_is_the_one_that_was_agreed_with_clients(document: dict[str, Any]) -> None:
    current = summarise(document)
    agreed = json.loads(SUMMARY.read_text(encoding="utf-8"))
    breaks = breaking_changes(agreed, current)
    update = os.environ.get("UPDATE_SNAPSHOT")
    assert breaks == [] or update == "breaking"
    if update:
        SUMMARY.write_text(as_text(current), encoding="utf-8")
    else:
        assert as_text(current) == as_text(agreed), "see the head of this file"
