"""The kinds of profile fields, and how a class declares them.

A field is declared once, by an annotation on a pydantic class:

    hobbies: Annotated[Labels, MultiLabel(Wording("be into {value}"))] = None

Everything else (encoding, tables, vocabulary, traits, the form of the app) derives from
`declared_fields(cls)`. Any frozen pydantic class with such annotations can serve as a profile. Beside its kind an
annotation may say whom the field is about, `About("recipient")`, and that no model learns it, `Descriptor()`.

A kind also says how a value may be spelled: a whole number as 24.0, which is an integer in JSON Schema and what
some languages send; a level in any case and with hyphens or spaces. Limits of the field, `Field(ge=…)`, come
before the kind in the annotation, so that its JSON Schema shows them.
"""

import types
import typing
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.fields import FieldInfo
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from models.errors import ProfileShapeError
from models.profile.value_forms import level_of, whole_number

KindName = Literal["numeric", "ordinal", "categorical", "multi_label"]
Whom = Literal["giver", "recipient", "gift"]


@dataclass(frozen=True, slots=True)
class Wording:
    """The wording of a field's values.

    `phrase` completes "as likely as everyone to …"; it starts with an infinitive and holds `{value}`, or
    `{a_value}` for "a nurse". `adjective` and `noun` are the field's parts in a persona's name
    ("{value}-loving" → "Board-game-loving", "{value} givers" → "gadget givers", "{values}" → "nurses"); empty
    means that a name has no such part of this field. `of` is the noun with a value that cannot stand before it
    ("fans of {value}" → "fans of “Wandern”"); empty is the last word of `noun` with "who answered “{value}”".
    `training.personas.wording.lexicon` has better words for some values.
    """

    phrase: str = ""
    adjective: str = ""
    noun: str = ""
    of: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """The wording of a number and of its two ends.

    `low`, `high`: adjectives in a name ("last-minute", "early-planning"); empty means that names do not mention
    this end. `phrase`: an infinitive with `{value}` ("buy {value} days ahead"). `less`, `more`: after a difference
    ("12 days earlier than everyone"). `group`: the members within a range ("{range} year olds").
    """

    low: str = ""
    high: str = ""
    unit: str = ""
    phrase: str = ""
    less: str = "less"
    more: str = "more"
    group: str = ""


@dataclass(frozen=True, slots=True)
class Numeric:
    """A number. `log`: a count or a duration with a long tail, used as log(1 + x).

    A field with `log` needs a lower limit: `Field(ge=0)` or higher.
    """

    scale: Scale = field(default_factory=Scale)
    log: bool = False
    name: ClassVar[KindName] = "numeric"

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Have a field of whole numbers accept 24.0."""
        return _respelled(handler(source), lambda schema: whole_number if schema["type"] == "int" else None)


@dataclass(frozen=True, slots=True)
class Ordinal:
    """One of a closed, ordered list of levels: the field's own `Literal`, lowest first.

    `scale` words its lowest and its highest level.
    """

    wording: Wording = field(default_factory=Wording)
    scale: Scale = field(default_factory=Scale)
    name: ClassVar[KindName] = "ordinal"

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Have the field accept a level in any case, as files may."""
        return _respelled(handler(source), _level_speller)


@dataclass(frozen=True, slots=True)
class Categorical:
    """One value of an open vocabulary. `gift`: the values are gift categories."""

    wording: Wording = field(default_factory=Wording)
    gift: bool = False
    name: ClassVar[KindName] = "categorical"


@dataclass(frozen=True, slots=True)
class MultiLabel:
    """A set of values of an open vocabulary. `gift`: the values are gift categories."""

    wording: Wording = field(default_factory=Wording)
    gift: bool = False
    name: ClassVar[KindName] = "multi_label"


@dataclass(frozen=True, slots=True)
class Descriptor:
    """Beside a kind: no model learns the field. The report compares its answers between the personas."""


@dataclass(frozen=True, slots=True)
class About:
    """Beside a kind: whom or what the field is about; the giver, whose profile it is, where none is declared.

    `relationship`: the answer says who the recipient is to the giver, so that sentences can say "your mother".
    """

    whom: Whom
    relationship: bool = False

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Have the JSON Schema of the field say it, as `x-about`."""
        return {**handler(schema), "x-about": self.whom}


Kind = Numeric | Ordinal | Categorical | MultiLabel
_KINDS = (Numeric, Ordinal, Categorical, MultiLabel)


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """One declared field: its name, its kind, and the levels of an ordinal one (lowest first).

    `descriptor`: no model learns it. `about`, `relationship`: see `About`.
    """

    name: str
    kind: Kind
    levels: tuple[str, ...] = ()
    title: str = ""
    descriptor: bool = False
    about: Whom = "giver"
    relationship: bool = False

    @property
    def subject(self) -> Literal["giver", "recipient"]:
        """Whom sentences about an answer speak of: "you buy for a friend", and "your friend likes gardening"."""
        return "recipient" if self.about == "recipient" and not self.relationship else "giver"


def _respelled(schema: CoreSchema, speller_of: Callable[[CoreSchema], Callable[[Any], Any] | None]) -> CoreSchema:
    """The schema of a field, whose values are respelled before they are validated."""
    if schema["type"] == "nullable":
        # Within, so that limits that follow are applied to the value alone.
        return core_schema.nullable_schema(_respelled(schema["schema"], speller_of))
    speller = speller_of(schema)
    return core_schema.no_info_before_validator_function(speller, schema) if speller else schema


def _level_speller(schema: CoreSchema) -> Callable[[Any], Any] | None:
    levels = tuple(map(str, schema["expected"])) if schema["type"] == "literal" else ()
    return partial(level_of, levels) if levels else None


@cache
def declared_fields(profile_class: type[BaseModel]) -> tuple[FieldSpec, ...]:
    """The fields of a profile class in the order of their declaration.

    Raises `ProfileShapeError` where a field has no kind, or is required, or a descriptor is a list, or where
    `About` does not fit.
    """
    specs = tuple(_spec(name, info) for name, info in profile_class.model_fields.items())
    if not specs:
        raise ProfileShapeError(f"{profile_class.__name__} declares no field.")
    return specs


def _spec(name: str, info: FieldInfo) -> FieldSpec:
    kinds = [item for item in info.metadata if isinstance(item, _KINDS)]
    if len(kinds) != 1:
        raise ProfileShapeError(
            f"Field '{name}' needs exactly one kind in its annotation "
            "(Numeric, Ordinal, Categorical or MultiLabel)."
        )
    if info.is_required() or info.get_default() is not None:
        raise ProfileShapeError(f"Field '{name}' must default to None: every field may be missing.")
    if isinstance(kinds[0], Numeric) and kinds[0].log and not _is_count(info):
        raise ProfileShapeError(f"Field '{name}' is used as log(1 + x): it needs a bound, Field(ge=0).")
    levels = _levels(name, info) if isinstance(kinds[0], Ordinal) else ()
    descriptor = any(isinstance(item, Descriptor) for item in info.metadata)
    if descriptor and isinstance(kinds[0], MultiLabel):
        raise ProfileShapeError(f"Field '{name}' cannot be a descriptor: it holds more than one answer.")
    about = _about(name, info, kinds[0])
    return FieldSpec(
        name=name,
        kind=kinds[0],
        levels=levels,
        title=info.title or name.replace("_", " "),
        descriptor=descriptor,
        about=about.whom,
        relationship=about.relationship,
    )


def _about(name: str, info: FieldInfo, kind: Kind) -> About:
    declared = [item for item in info.metadata if isinstance(item, About)]
    if len(declared) > 1:
        raise ProfileShapeError(f"Field '{name}' says more than once whom it is about: leave one About.")
    about = declared[0] if declared else About("giver")
    if about.whom not in typing.get_args(Whom):
        raise ProfileShapeError(f"Field '{name}' is about '{about.whom}', but it is giver, recipient or gift.")
    if about.relationship and not (about.whom == "recipient" and isinstance(kind, Categorical)):
        raise ProfileShapeError(
            f"Field '{name}' cannot say who the recipient is: only a Categorical about the recipient can."
        )
    return about


def _is_count(info: FieldInfo) -> bool:
    lowest = [getattr(item, "ge", getattr(item, "gt", None)) for item in info.metadata]
    return any(isinstance(bound, int | float) and bound >= 0 for bound in lowest)


def _levels(name: str, info: FieldInfo) -> tuple[str, ...]:
    for alternative in _alternatives(info.annotation):
        if typing.get_origin(alternative) is Literal:
            return tuple(str(level) for level in typing.get_args(alternative))
    raise ProfileShapeError(f"Ordinal field '{name}' needs its levels as a Literal, lowest first.")


def _alternatives(annotation: object) -> tuple[object, ...]:
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        return typing.get_args(annotation)
    return (annotation,)
