"""JSON Schema in words: the type and the allowed values of a field, as the reference pages say them."""

from collections.abc import Mapping
from typing import Any

from docs.generate.markdown import code, codes

Schema = Mapping[str, Any]

_LIMITS = {
    "minimum": "at least {}",
    "exclusiveMinimum": "more than {}",
    "maximum": "at most {}",
    "exclusiveMaximum": "less than {}",
    "maxLength": "at most {} characters",
    "maxItems": "at most {} values",
    "pattern": "pattern `{}`",
}
_NOT_EMPTY = ("minLength", "minItems")
_FORMATS = {"path": "path", "date-time": "time"}


def type_of(schema: Schema) -> str:
    """The type of a value: `integer`, `list of string`, or the name of a schema. Null is not mentioned."""
    options = [option for option in _options(schema) if option.get("type") != "null"]
    return " or ".join(dict.fromkeys(_type_of(option) for option in options))


def allowed(schema: Schema) -> str:
    """The limits on a value in words, or the values that are allowed."""
    limits = [limit for option in _options(schema) for limit in _limits(option)]
    return "; ".join(dict.fromkeys(limits))


def default_of(schema: Schema) -> str:
    """The default of a value as code; nothing for null or where there is none."""
    default = schema.get("default")
    return "" if default is None else code(str(default).lower() if isinstance(default, bool) else default)


def _options(schema: Schema) -> list[Schema]:
    options: list[Schema] = schema.get("anyOf") or schema.get("oneOf") or [schema]
    return options


def _type_of(schema: Schema) -> str:
    if "$ref" in schema:
        return code(schema["$ref"].rpartition("/")[2])
    if "const" in schema or "enum" in schema:
        return "string"
    if schema.get("type") == "array":
        return f"list of {type_of(schema['items'])}"
    return _FORMATS.get(schema.get("format", ""), str(schema.get("type", "any value")))


def _limits(schema: Schema) -> list[str]:
    if "const" in schema:
        return [code(schema["const"])]
    if "enum" in schema:
        return [codes(schema["enum"])]
    if schema.get("minLength") or schema.get("minItems"):
        return ["not empty", *_limits({key: value for key, value in schema.items() if key not in _NOT_EMPTY})]
    if "minimum" in schema and "maximum" in schema:
        return [f"{_number(schema['minimum'])} to {_number(schema['maximum'])}"]
    limits = [words.format(_number(schema[name])) for name, words in _LIMITS.items() if name in schema]
    items = [f"each value {limit}" for limit in _limits(schema["items"])] if "items" in schema else []
    return [*limits, *items]


def _number(limit: object) -> str:
    return f"{limit:,.12g}" if isinstance(limit, int | float) else str(limit)
