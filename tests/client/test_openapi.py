"""What the client sends and reads is what the service's OpenAPI document says."""

import dataclasses
import inspect
import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import pytest
from backpocket_segments import AsyncSegmentsClient, SegmentsClient, results
from backpocket_segments.calls import Call
from backpocket_segments.operations import (
    assignments,
    catalogue,
    jobs,
    recipient_profiles,
    rights,
    transfers,
    users,
)

from docs.generate.routes import openapi_document
from tests.client.support import first_call

OPERATIONS = {
    "segment": assignments.segment({}),
    "segment_many": assignments.segment_many([{}]),
    "personas": catalogue.personas(),
    "persona": catalogue.persona("p"),
    "vocabulary": catalogue.vocabulary(),
    "persona_affinities": catalogue.persona_affinities("p"),
    "members": catalogue.members("p"),
    "put_profile": users.put_profile("u", {}),
    "upsert_many": users.upsert_many({"u": {}}),
    "get_persona": users.get_persona("u"),
    "get_personas": users.get_personas(["u"]),
    "user_affinities": users.user_affinities("u"),
    "put_recipient": recipient_profiles.put_recipient("u", "r", {}),
    "get_recipient": recipient_profiles.get_recipient("u", "r"),
    "get_recipient_persona": recipient_profiles.get_recipient_persona("u", "r"),
    "delete_recipient": recipient_profiles.delete_recipient("u", "r"),
    "recipients": recipient_profiles.recipients("u"),
    "import_users": transfers.import_users([]),
    "get_import": jobs.get_import("i"),
    "refused_rows": transfers.refused_rows("i"),
    "export_users": transfers.export_users(),
    "latest_cursor": transfers.latest_cursor(),
    "changes": transfers.changes(),
    "retrain": jobs.retrain(),
    "get_retrain": jobs.get_retrain("j"),
    "export_user": rights.export_user("u"),
    "erase": rights.erase("u"),
    "remove_tombstone": rights.remove_tombstone("u"),
    "objection": rights.objection("u"),
    "audit": rights.audit(),
}
CALLS = {name: first_call(operation) for name, operation in OPERATIONS.items()}
# Of a longer response, for which the client has the same class as for the shorter one.
DETAILS = {"explanation", "next_question", "distances", "users"}
JSON = "application/json"


@cache
def document() -> dict[str, Any]:
    whole: dict[str, Any] = json.loads(json.dumps(openapi_document()))
    return whole


def anonymous(route: str) -> str:
    """A route without the names of its ids."""
    return re.sub(r"{\w+}", "{}", route)


def operation_of(call: Call[Any]) -> dict[str, Any]:
    """The operation of the document."""
    routes = {anonymous(path): methods for path, methods in document()["paths"].items()}
    operation: dict[str, Any] = routes[anonymous(call.route)][call.method.lower()]
    return operation


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in schema:
        return resolved(document()["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    return schema


def options(schema: dict[str, Any]) -> list[dict[str, Any]]:
    """The schemas that a value may have, null among them."""
    schema = resolved(schema)
    return [inner for option in schema["anyOf"] for inner in options(option)] if "anyOf" in schema else [schema]


def mismatches(kind: Any, schema: dict[str, Any], where: str) -> Iterator[str]:
    """What a value of the schema may be and the type cannot be."""
    origin = get_origin(kind)
    choices = list(get_args(kind)) if origin in (Union, UnionType) else [kind]
    for option in options(schema):
        attempts = [list(plain_mismatches(choice, option, where)) for choice in choices]
        yield from min(attempts, key=len)


def plain_mismatches(kind: Any, schema: dict[str, Any], where: str) -> Iterator[str]:
    origin, arguments = get_origin(kind), get_args(kind)
    if kind in (Any, object, dict):
        return
    if dataclasses.is_dataclass(kind):
        yield from class_mismatches(kind, schema, where)
    elif origin is tuple:
        yield from [] if schema.get("type") == "array" else [f"{where}: {schema} is no list"]
        yield from mismatches(arguments[0], schema.get("items", {}), f"{where}[]")
    elif origin is Mapping:
        yield from [] if schema.get("type") == "object" else [f"{where}: {schema} is no object"]
        members = schema.get("additionalProperties", True)
        yield from mismatches(arguments[1], members, f"{where}{{}}") if isinstance(members, dict) else []
    elif origin is Literal:
        values = set(schema.get("enum", [schema.get("const")]))
        yield from (f"{where}: {value} is not listed" for value in values - set(arguments))
    else:
        yield from [] if NAMES[kind] == type_of(schema) else [f"{where}: {schema} is no {kind.__name__}"]


NAMES = {str: "string", int: "integer", float: "number", bool: "boolean", datetime: "date-time", NoneType: "null"}


def type_of(schema: dict[str, Any]) -> Any:
    return schema["format"] if schema.get("format") == "date-time" else schema.get("type")


def class_mismatches(kind: Any, schema: dict[str, Any], where: str) -> Iterator[str]:
    """Every property has its field, and every field its property."""
    if schema.get("type") != "object":
        yield f"{where}: {schema} is no {kind.__name__}"
        return
    hints, properties = get_type_hints(kind), schema["properties"]
    yield from (f"{where}.{name} is no field of {kind.__name__}" for name in properties.keys() - hints.keys())
    for field in dataclasses.fields(kind):
        if field.name in properties:
            yield from mismatches(hints[field.name], properties[field.name], f"{where}.{field.name}")
        elif field.name not in DETAILS or field.default is dataclasses.MISSING:
            yield f"{where}.{field.name} of {kind.__name__} is no property"


def test_every_method_of_both_clients_is_compared() -> None:
    for client in (SegmentsClient, AsyncSegmentsClient):
        methods = {name for name, _ in inspect.getmembers(client, inspect.isfunction) if not name.startswith("_")}
        assert methods - {"close", "aclose", "perform", "iterate"} == OPERATIONS.keys()


@pytest.mark.parametrize("name", OPERATIONS)
def test_result_is_the_document_s_in_every_field_and_value(name: str) -> None:
    call = CALLS[name]
    successes = {
        status: response["content"]
        for status, response in operation_of(call)["responses"].items()
        if status.startswith("2") and "content" in response
    }
    if call.result is NoneType:
        return
    assert successes
    for status, content in successes.items():
        if JSON in content:
            assert list(mismatches(call.result, content[JSON]["schema"], status)) == []


@pytest.mark.parametrize(
    ("change", "mismatch"),
    [
        ({"new": {"type": "string"}}, "200.new is no field of AnswerWarning"),
        ({"count": {"type": "number"}}, "200.count: {'type': 'number'} is no int"),
        ({"count": {"type": "null"}}, "200.count: {'type': 'null'} is no int"),
        ({"code": {"enum": ["NO_MODEL", "NEW"]}}, "200.code: NEW is not listed"),
        ({"suggestions": {"type": "string"}}, "200.suggestions: {'type': 'string'} is no list"),
    ],
)
def test_difference_would_be_noticed(change: dict[str, Any], mismatch: str) -> None:
    schema = document()["components"]["schemas"]["AnswerWarning"]
    assert list(mismatches(results.AnswerWarning, schema, "200")) == []
    changed = schema | {"properties": schema["properties"] | change}
    assert next(mismatches(results.AnswerWarning, changed, "200")) == mismatch


@pytest.mark.parametrize("name", OPERATIONS)
def test_parameters_and_body_are_those_that_the_document_has(name: str) -> None:
    call = CALLS[name]
    operation = operation_of(call)
    declared = {(parameter["in"], parameter["name"]) for parameter in operation.get("parameters", ())}
    assert {("query", name) for name in call.query} <= declared
    assert {("header", name) for name in call.headers if name == "Idempotency-Key"} <= declared
    if isinstance(call.json, dict):
        [content] = operation["requestBody"]["content"].values()
        assert call.json.keys() <= resolved(content["schema"])["properties"].keys()


@pytest.mark.parametrize("method", ["blocking", "asyncio"])
@pytest.mark.parametrize("name", OPERATIONS)
def test_help_of_a_method_shows_its_parameters_and_its_result(name: str, method: str) -> None:
    client: type[Any] = SegmentsClient if method == "blocking" else AsyncSegmentsClient
    signature = inspect.signature(getattr(client, name))
    assert next(iter(signature.parameters)) == "self"
    assert "Generator" not in str(signature)
    assert inspect.getdoc(getattr(client, name))


def test_fields_of_the_profile_are_the_document_s() -> None:
    properties = document()["components"]["schemas"]["Profile"]["properties"]
    hints = get_type_hints(results.Profile)
    assert hints.keys() == properties.keys()
    for name, schema in properties.items():
        kinds = {option.get("type") for option in options(schema)}
        levels = [option["enum"] for option in options(schema) if "enum" in option]
        kind, nothing = get_args(hints[name])
        assert nothing is NoneType
        expected = {"array"} if get_origin(kind) is list else {"string"} if levels else {NAMES.get(kind, "string")}
        assert kinds == {*expected, "null"}
        assert not levels or list(get_args(kind)) == levels[0]
