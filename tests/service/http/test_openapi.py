"""The OpenAPI document: whole, true, and the same as yesterday's unless somebody meant it.

Renew the snapshot with `UPDATE_SNAPSHOT=1 python -m pytest tests/service/http/test_openapi.py`.
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

SNAPSHOT = Path(__file__).with_name("openapi.json")
METHODS = {"get", "put", "post", "delete", "patch"}


@pytest.fixture
def document(app: FastAPI) -> dict[str, Any]:
    return json.loads(json.dumps(app.openapi()))  # type: ignore[no-any-return]


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method in METHODS & set(methods):
            yield f"{method} {path}", methods[method]


def media(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every body that is asked for or answered."""
    for name, operation in operations(document):
        bodies = {"request": operation.get("requestBody", {}), **operation["responses"]}
        for status, body in bodies.items():
            for kind, content in body.get("content", {}).items():
                yield f"{name} {status} {kind}", content


def examples(content: dict[str, Any]) -> list[Any]:
    named = [example["value"] for example in content.get("examples", {}).values()]
    return [
        *named,
        *([content["example"]] if "example" in content else []),
        *content.get("schema", {}).get("examples", []),
    ]


def test_the_document_is_openapi_3_1(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    validate(document)


def test_every_body_has_an_example(document: dict[str, Any]) -> None:
    without = [name for name, content in media(document) if not examples(content)]
    assert without == []


def test_every_example_fits_its_schema(document: dict[str, Any]) -> None:
    for name, content in media(document):
        schema = {**content.get("schema", {}), "components": document["components"]}
        for example in examples(content):
            errors = [error.message for error in Draft202012Validator(schema).iter_errors(example)]
            assert errors == [], name


def test_operations_have_plain_and_different_ids(document: dict[str, Any]) -> None:
    ids = [operation["operationId"] for _, operation in operations(document)]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-z_]+", operation_id) for operation_id in ids)


def test_every_error_is_a_problem(document: dict[str, Any]) -> None:
    for name, operation in operations(document):
        for status, answer in operation["responses"].items():
            if int(status) >= 400 and name != "get /readyz":
                assert list(answer["content"]) == ["application/problem+json"], (name, status)


def test_no_operation_keeps_its_refusals_to_itself(document: dict[str, Any]) -> None:
    for name, operation in operations(document):
        if "requestBody" in operation:
            assert {"400", "413", "415", "422"} <= set(operation["responses"]), name


def test_the_document_is_the_one_that_was_agreed_on(document: dict[str, Any]) -> None:
    text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    if os.environ.get("UPDATE_SNAPSHOT"):
        SNAPSHOT.write_text(text, encoding="utf-8")
    assert text == SNAPSHOT.read_text(encoding="utf-8"), "see the head of this file"
