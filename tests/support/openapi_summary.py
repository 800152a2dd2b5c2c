"""An OpenAPI document in a few hundred lines: operations, parameters, statuses, and the fields of schemas.

Types in short: `string(..200)` has at most 200 characters, `integer(13..120)` lies between these bounds,
`[Persona]` is a list, `{string: number}` a map, `A | B` one of the two, and `'x'` this text and no other. `name?`
may be left out; ` = 50` is its value then.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

METHODS = ("get", "put", "post", "patch", "delete")
_BOUNDS = (("minLength", "maxLength"), ("minimum", "maximum"), ("minItems", "maxItems"))
JSON, PROBLEM = "application/json", "application/problem+json"
MAX_LINE = 115
BACKSLASH = "\\"


def operations(document: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every operation, by its method and path."""
    for path, methods in document["paths"].items():
        for method in METHODS:
            if method in methods:
                yield f"{method.upper()} {path}", methods[method]


def summarise(document: Mapping[str, Any]) -> dict[str, Any]:
    """What clients rely on, as a value of JSON."""
    schemas = document["components"]["schemas"].items()
    return {
        "operations": {name: _operation(operation) for name, operation in operations(document)},
        "schemas": {name: _schema(schema) for name, schema in schemas},
    }


def as_text(value: Any, indent: str = "") -> str:
    """A summary, or a part of one, as JSON whose short objects stay on one line."""
    line = json.dumps(value, ensure_ascii=False)
    if not isinstance(value, dict) or len(indent) + len(line) <= MAX_LINE:
        return line
    deeper = indent + "  "
    entries = (f"{deeper}{json.dumps(name)}: {as_text(inner, deeper)}" for name, inner in value.items())
    return "{\n" + ",\n".join(entries) + f"\n{indent}}}"


def _operation(operation: Mapping[str, Any]) -> dict[str, Any]:
    responses = {status: response.get("content", {}) for status, response in operation["responses"].items()}
    summary = {
        "id": operation["operationId"],
        "scope": _scope(operation),
        "parameters": dict(
            _field(f"{parameter['in']} {parameter['name']}", parameter["schema"], parameter["required"])
            for parameter in operation.get("parameters", ())
        ),
        "request": _content(operation["requestBody"]["content"]) if "requestBody" in operation else "",
        "responses": {status: _content(body) for status, body in responses.items() if {*body} != {PROBLEM}},
        "problems": ", ".join(
            f"{status} {name}" for status, body in responses.items() for name in _problems(body)
        ),
    }
    return {name: value for name, value in summary.items() if value}


def _scope(operation: Mapping[str, Any]) -> str:
    """The scope that a key needs; "" for a public operation."""
    return next((str(scopes[0]) for entry in operation["security"] for scopes in entry.values()), "")


def _content(content: Mapping[str, Any]) -> str:
    kinds = (
        _type(body.get("schema", {})) if kind == JSON else kind
        for kind, body in content.items()
        if kind != PROBLEM
    )
    return ", ".join(kinds) or "no body"


def _problems(content: Mapping[str, Any]) -> list[str]:
    """The types of problem that a response may be."""
    return sorted(content[PROBLEM]["examples"]) if PROBLEM in content else []


def _schema(schema: Mapping[str, Any]) -> dict[str, str] | str:
    if "properties" not in schema:
        return _type(schema)
    required = schema.get("required", ())
    return dict(_field(name, field, name in required) for name, field in schema["properties"].items())


def _field(name: str, schema: Mapping[str, Any], required: bool) -> tuple[str, str]:
    default = schema.get("default")
    return f"{name}{'' if required else '?'}", _type(schema) + (
        "" if default is None else f" = {json.dumps(default)}"
    )


def _type(schema: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "anyOf" in schema:
        return " | ".join(_type(option) for option in schema["anyOf"])
    literals = schema.get("enum", [schema["const"]] if "const" in schema else [])
    return " | ".join(f"'{literal}'" for literal in literals) or _plain_type(schema) + _constraints(schema)


def _plain_type(schema: Mapping[str, Any]) -> str:
    match schema.get("type", "any"):
        case "array" if "prefixItems" in schema:
            return f"[{', '.join(_type(item) for item in schema['prefixItems'])}]"
        case "array":
            return f"[{_type(schema.get('items', {}))}]"
        case "object":
            values = schema.get("additionalProperties", {})
            return f"{{string: {_type(values) if isinstance(values, dict) else 'any'}}}"
        case name:
            return str(name)


def _constraints(schema: Mapping[str, Any]) -> str:
    constraints = [schema["format"]] if "format" in schema else []
    constraints += [f"/{schema['pattern'].replace('/', BACKSLASH + '/')}/"] if "pattern" in schema else []
    for low, high in _BOUNDS:
        if low in schema or high in schema:
            constraints.append(f"{_number(schema.get(low))}..{_number(schema.get(high))}")
    return f"({', '.join(constraints)})" if constraints else ""


def _number(bound: float | None) -> str:
    return "" if bound is None else f"{bound:g}" if bound < 10**6 else str(int(bound))
