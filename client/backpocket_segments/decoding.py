"""JSON to frozen dataclasses, by their annotations. What a class does not declare is ignored.

Responses only ever gain fields and values of enumerations, so neither is an error for an older client: a new value
of a `Literal` arrives as text.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import datetime
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from backpocket_segments.errors import UnexpectedResponse

T = TypeVar("T")
Decoder = Callable[[Any], Any]


def decode(kind: type[T], text: bytes) -> T:
    """JSON as a `kind`, and nothing as NoneType. Raises `UnexpectedResponse`, which quotes no value."""
    try:
        # A class is hashable; typeshed thinks otherwise of type[T].
        return cast(T, None if kind is NoneType else _decoder(kind)(json.loads(text)))  # type: ignore[arg-type]
    except ValueError:
        reason = "no JSON, or a time in another format"
    except (KeyError, TypeError) as error:
        reason = str(error.args[0])
    # Outside of `except`, as the cause may quote an answer.
    raise UnexpectedResponse(f"This is no {kind.__name__}: {reason}.")


@cache
def _decoder(kind: Any) -> Decoder:
    origin, arguments = get_origin(kind), get_args(kind)
    if is_dataclass(kind):
        return _of_dataclass(cast(type[Any], kind))
    if origin is tuple:
        item = _decoder(arguments[0])
        return lambda values: tuple(item(value) for value in _checked(list, values))
    if origin in (dict, Mapping):
        member = _decoder(arguments[1])
        return lambda values: {name: member(value) for name, value in _checked(dict, values).items()}
    if origin in (Union, UnionType):
        return _of_union(arguments)
    if origin is Literal:
        return lambda value: _checked(str, value)
    return _of_plain(kind)


def _of_plain(kind: Any) -> Decoder:
    if kind is datetime:
        return datetime.fromisoformat
    if kind is float:
        return lambda value: float(_checked((int, float), value))
    if kind in (Any, object):
        return lambda value: value
    return lambda value: _checked(kind, value)


def _of_union(options: tuple[Any, ...]) -> Decoder:
    others = [option for option in options if option is not NoneType]
    if len(others) == 1:
        decoder = _decoder(others[0])
        return lambda value: None if value is None else decoder(value)
    if all(is_dataclass(option) for option in others):
        return _of_classes(others)
    return lambda value: value


def _of_classes(classes: list[Any]) -> Decoder:
    """Decodes as the first class all of whose required fields are there."""
    choices = [(_required(option), _decoder(option)) for option in classes]

    def decode_first(value: dict[str, Any]) -> Any:
        for required, decoder in choices:
            if required <= value.keys():
                return decoder(value)
        raise KeyError(f"fields of none of {', '.join(option.__name__ for option in classes)}")

    return decode_first


def _of_dataclass(kind: type[Any]) -> Decoder:
    hints = get_type_hints(kind)
    decoders = [(field.name, _decoder(hints[field.name])) for field in fields(kind)]
    required = _required(kind)

    def decode_fields(value: Any) -> Any:
        members = _checked(dict, value)
        if missing := required - members.keys():
            raise KeyError(f"{kind.__name__} without {', '.join(sorted(missing))}")
        return kind(**{name: decoder(members[name]) for name, decoder in decoders if name in members})

    return decode_fields


def _required(kind: type[Any]) -> set[str]:
    return {field.name for field in fields(kind) if not _has_default(field)}


def _has_default(field: Field[Any]) -> bool:
    return field.default is not MISSING or field.default_factory is not MISSING


def _checked(kind: Any, value: Any) -> Any:
    if not isinstance(value, kind):
        # The value itself may be somebody's answer.
        raise TypeError(f"{type(value).__name__} where {kind} is expected")
    return value
