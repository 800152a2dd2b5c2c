"""What is wrong with a value, in the words of its field: "hobbies is a list of texts, such as ["gaming"]."

pydantic's own messages speak of its types ("valid tuple", "dictionary or object to extract fields from"). The
types of errors here are all that the schemas of the API can raise; `tests/service/test_sentences.py` sends
every kind of JSON to every field. No sentence quotes a value of the request.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

MAX_NAME = 64

_LISTS = frozenset({"list_type", "tuple_type", "set_type", "frozen_set_type", "iterable_type"})
_OBJECTS = frozenset({"model_type", "model_attributes_type", "dict_type", "dataclass_type", "mapping_type"})
_WHOLE_NUMBERS = frozenset({"int_type", "int_parsing", "int_parsing_size", "int_from_float"})
_NUMBERS = frozenset({"float_type", "float_parsing", "finite_number"})
_TEXTS = frozenset({"string_type", "string_unicode", "string_sub_type"})
_BOOLEANS = frozenset({"bool_type", "bool_parsing"})
_CHOICES = frozenset({"literal_error", "enum"})
_LIMITS = {
    "greater_than_equal": ("is at least", "ge"),
    "greater_than": ("is more than", "gt"),
    "less_than_equal": ("is at most", "le"),
    "less_than": ("is less than", "lt"),
}
_LENGTHS = {
    "string_too_long": ("has at most", "max_length", "characters"),
    "string_too_short": ("has at least", "min_length", "characters"),
    "too_long": ("has at most", "max_length", "values"),
    "too_short": ("has at least", "min_length", "values"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What an error is about: its name, the class of the object that it is or lies in, and its declaration.

    `is_item`: it is a value in the list of that name.
    """

    name: str
    model: type[BaseModel] | None
    info: FieldInfo | None
    is_item: bool

    @property
    def words(self) -> str:
        """The subject of a sentence."""
        if not self.name:
            return f"A {self.model.__name__.lower()}" if self.model and self.is_item else "The body"
        return f"Each value of {self.name}" if self.is_item else self.name

    @property
    def known_fields(self) -> tuple[str, ...]:
        """The fields of the object in which the subject lies."""
        return tuple(self.model.model_fields) if self.model else ()

    def such_as(self) -> str:
        """An example of a value, as the end of a sentence; empty where the declaration has none."""
        examples = self.info.examples if self.info else None
        if not examples:
            return ""
        first = examples[0]
        shown = first[0] if self.is_item and isinstance(first, list) and first else first
        return f", such as {json.dumps(shown, ensure_ascii=False)}"


def subject_of(path: Sequence[int | str], model: type[BaseModel] | None, is_item: bool = False) -> Subject:
    """What lies at a path in an object of a class; `is_item`: the object is itself a value in a list."""
    name, info, within, innermost = "", None, model, model
    for step in path:
        if isinstance(step, int):
            is_item = True
            continue
        name, is_item, within = step, False, innermost
        info = within.model_fields.get(step) if within else None
        innermost = _object_class(info.annotation) if info else None
    return Subject(name=name[:MAX_NAME], model=within, info=info, is_item=is_item)


def sentence(error: Mapping[str, Any], subject: Subject) -> str:
    """The sentence for an error of pydantic, or for one of ours that has its own message."""
    kind, context = error["type"], error.get("ctx") or {}
    if kind == "extra_forbidden":
        return unknown_name("field", subject.name, subject.known_fields)
    if kind == "missing":
        return "Field required." if subject.name else "JSON body required."
    if kind in _LIMITS:
        verb, limit = _LIMITS[kind]
        return f"{subject.words} {verb} {context[limit]}."
    if kind in _LENGTHS and context:
        verb, limit, unit = _LENGTHS[kind]
        return f"{subject.words} {verb} {context[limit]} {unit if context[limit] != 1 else unit[:-1]}."
    if kind == "string_pattern_mismatch":
        description = subject.info.description if subject.info else None
        form = description.rstrip(".") if description else f"`{context['pattern']}`"
        return f"{subject.words} does not fit its description: {form}."
    wanted = _wanted(kind, context, subject)
    if wanted:
        return f"{subject.words} is {wanted}."
    message = str(error["msg"]).removeprefix("Value error, ")
    return message if message.endswith((".", "?")) else f"{message}."


def _wanted(kind: str, context: Mapping[str, Any], subject: Subject) -> str | None:
    """What the value has to be; None for an error that is not about the type of a value."""
    if kind in _OBJECTS:
        return f"a JSON object{_object_example(subject)}"
    if kind in _BOOLEANS:
        return "true or false"
    if kind in _CHOICES:
        return str(context["expected"])
    nouns = {
        "a whole number": _WHOLE_NUMBERS,
        "a number": _NUMBERS,
        "a text": _TEXTS,
        f"a list{' of texts' if _holds_texts(subject.info) else ''}": _LISTS,
    }
    return next((f"{noun}{subject.such_as()}" for noun, kinds in nouns.items() if kind in kinds), None)


def _object_example(subject: Subject) -> str:
    declared = _object_class(subject.info.annotation) if subject.info else subject.model
    for name, info in declared.model_fields.items() if declared else ():
        if info.examples:
            return f", such as {json.dumps({name: info.examples[0]}, ensure_ascii=False)}"
    return ""


def _object_class(annotation: Any) -> type[BaseModel] | None:
    """The class of an object, or of the objects in a list, that an annotation allows."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(filter(None, map(_object_class, get_args(annotation))), None)


def _holds_texts(info: FieldInfo | None) -> bool:
    def mentions(annotation: Any) -> bool:
        return annotation is str or any(mentions(inner) for inner in get_args(annotation))

    return info is not None and mentions(info.annotation)


def unknown_name(kind: str, name: str, known_names: Sequence[str]) -> str:
    """The sentence for an unknown field or parameter, with the known one nearest to it."""
    near = get_close_matches(name[:MAX_NAME].lower(), known_names, n=1, cutoff=0.5)
    if near:
        hint = f"Did you mean '{near[0]}'?"
    else:
        hint = f"Known {kind}s: {', '.join(known_names)}." if known_names else f"There are no {kind}s here."
    return f"Unknown {kind} '{name[:MAX_NAME]}'. {hint}"
