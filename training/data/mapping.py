"""Mappings: how the columns of a file become profile fields.

A mapping is a TOML file with one table for each field it fills, named after the field. `from` names the column
(or columns) of the file; one more key says what is done with it:

    [age]                           # rename: the column as it is
    from = "Age"

    [gift_history]                  # split: text into a list
    from = "Gifts so far"
    split = ","

    [hobbies]                       # ratings: the columns rated 4 or more, as a list
    from = ["History", "Countryside, outdoors"]
    at_least = 4
    names = { "Countryside, outdoors" = "outdoors" }        # optional; else the column's own name

    [occupation]                    # recode: old value → new value
    from = "Job"
    recode = { "sw eng" = "engineer", "n/a" = "" }          # "" is no answer
    others = "refuse"               # the row (default); "drop": the answer; "keep": as it is

    [budget_range]                  # bins: below 20 low, from 20 to below 60 medium, from 60 high
    from = "Euros"
    edges = [20, 60]
    labels = ["low", "medium", "high"]                      # one more than edges; "" is no answer

One more table names columns that no model learns, and that the report compares between the personas afterwards:

    [descriptors]
    categories = ["Gender", "Region"]
    numbers = ["Income"]

Such a column fills no field, even where it has the name of one.

A row with all rated columns empty is not answered; a row without a rating high enough has an empty list. Columns
that are profile fields already, and that no table fills, are unchanged. There are no constants: an answer that all
profiles share distinguishes none. All errors are `UnusableInput`.
"""

import tomllib
from collections import Counter
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Self

import pandas as pd
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator
from pydantic_core import ErrorDetails

from models.profile.field_kinds import FieldSpec, Kind, Numeric, declared_fields
from models.profile.vocabulary import normalise
from training.data.descriptors import CATEGORY, NUMBER, with_descriptors
from training.data.headers import nearest, quoted
from training.data.mapping_rules import AsText, ColumnName, FieldRule, Rename, Rule
from training.errors import UnusableInput


class DescriptorColumns(BaseModel):
    """The columns of a file that are descriptors, by what they hold."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    categories: tuple[ColumnName, ...] = ()
    numbers: tuple[ColumnName, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """All of them."""
        return (*self.categories, *self.numbers)


class FieldMapping(BaseModel):
    """The rules of a mapping, by the field that each fills, and the columns that are descriptors."""

    model_config = ConfigDict(frozen=True)
    rules: dict[str, Rule] = {}
    descriptors: DescriptorColumns = DescriptorColumns()

    @model_validator(mode="after")
    def _fitting(self) -> Self:
        names = self.descriptors.names
        twice = [name for name, count in Counter(names).items() if count > 1]
        if twice:
            raise ValueError(f"the descriptors name {quoted(twice)} more than once")
        both = [name for name in names if name in self.sources]
        if both:
            raise ValueError(f"{quoted(both)} cannot fill a field and be a descriptor")
        return self

    @property
    def sources(self) -> frozenset[str]:
        """All columns that the rules read."""
        return frozenset(name for rule in self.rules.values() for name in rule.sources)

    def described(self, profile_class: type[BaseModel]) -> tuple[type[BaseModel], "FieldMapping"]:
        """The profile class with the descriptors as fields, and the mapping with a rule for each of them."""
        kinds: dict[str, Kind] = dict.fromkeys(self.descriptors.categories, CATEGORY)
        kinds |= dict.fromkeys(self.descriptors.numbers, NUMBER)
        if not kinds:
            return profile_class, self
        fields = {f"descriptor_{number}": column for number, column in enumerate(kinds, start=1)}
        rules = {field: _descriptor_rule(column, kinds[column]) for field, column in fields.items()}
        described = with_descriptors(
            profile_class, {field: (column, kinds[column]) for field, column in fields.items()}
        )
        return described, self.model_copy(update={"rules": {**self.rules, **rules}})


def _descriptor_rule(column: str, kind: Kind) -> Rename:
    return (Rename if isinstance(kind, Numeric) else AsText).model_validate({"from": column})


def load_mapping(path: Path) -> FieldMapping:
    """The mapping in a TOML file."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise UnusableInput(f"Mapping {path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise UnusableInput(f"Mapping {path} is not UTF-8 text.") from error
    return parse_mapping(text, str(path))


def parse_mapping(text: str, name: str = "mapping") -> FieldMapping:
    """The mapping in TOML text; `name` is what errors call it."""
    try:
        rules = tomllib.loads(text)
        if not rules:
            raise UnusableInput(f"{name} fills no field: it has no table, such as [age].")
        descriptors = rules.pop("descriptors", {})
        return FieldMapping.model_validate({"rules": rules, "descriptors": descriptors})
    except tomllib.TOMLDecodeError as error:
        hint = " A field can have one table only." if "twice" in str(error) else ""
        raise UnusableInput(f"{name} is not a mapping in TOML: {error}.{hint}") from error
    except RecursionError as error:
        raise UnusableInput(f"{name} is nested too deeply to be a mapping.") from error
    except ValidationError as error:
        raise UnusableInput(f"{name}: {_in_words(error)}") from error


def check(mapping: FieldMapping, names: Sequence[str], profile_class: type[BaseModel]) -> None:
    """Raise `UnusableInput` if the mapping does not fit the profile class or a file with these columns."""
    specs = {spec.name: spec for spec in declared_fields(profile_class)}
    for field, rule in mapping.rules.items():
        if field not in specs:
            raise UnusableInput(
                f"The mapping fills '{field}', which is not a profile field{nearest(field, specs)}."
            )
        _check_target(specs[field], rule)
        reader = "The list of descriptors" if specs[field].descriptor else f"The mapping of '{field}'"
        for source in rule.sources:
            if source not in names:
                raise UnusableInput(f"{reader} reads column '{source}', which {_not_among(source, names)}.")


def apply(mapping: FieldMapping, frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with the mapped fields as columns, beside its other columns.

    Raises `UnusableInput` when a column of numbers holds something else.
    """
    fields = {field: rule.column(frame) for field, rule in mapping.rules.items()}
    other = {*fields, *mapping.descriptors.names}
    rest = [name for name in frame.columns if name not in other]
    return pd.DataFrame({**frame[rest], **fields}, frame.index)


def _check_target(spec: FieldSpec, rule: FieldRule) -> None:
    if spec.kind.name not in rule.targets:
        what = type(rule).__name__.lower()
        raise UnusableInput(f"The mapping of '{spec.name}' cannot use {what}: the field is {spec.kind.name}.")
    levels = {"", *map(normalise, spec.levels)}
    unknown = [word for word in rule.words if normalise(word) not in levels]
    if spec.levels and unknown:
        raise UnusableInput(
            f"The mapping of '{spec.name}' gives {quoted(unknown)}; its levels are {quoted(spec.levels)}."
        )


def _not_among(source: str, names: Iterable[str]) -> str:
    close = get_close_matches(source, names, n=3, cutoff=0.4)
    return f"the file does not have (nearest: {quoted(close)})" if close else "the file does not have"


def _in_words(error: ValidationError) -> str:
    tags = {"rules", "rename", "split", "ratings", "recode", "bins"}
    messages = [
        (".".join(str(step) for step in problem["loc"] if step not in tags), _message(problem))
        for problem in error.errors(include_url=False, include_input=False, include_context=False)
    ]
    return "; ".join(f"[{where}] {message}" if where else message for where, message in messages[:5])


def _message(problem: ErrorDetails) -> str:
    return "Should be a table, with a line from = ..." if problem["type"] == "model_type" else problem["msg"]
